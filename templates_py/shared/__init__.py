"""Nested stacks that both systems use: one template each, nested twice with different values.

They differ by deletion policy alone, which CloudFormation takes no parameter for: where the two systems have different
ones there are two templates. With Retain, all that a retained database needs is retained with it (P63).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Delete, Equals, Join, Not, Or, Retain, RetainExceptOnCreate, Snapshot
from troposphere.logs import LogGroup

from templates_py.inputs import NUMBER, Input, Like, Value, asked
from templates_py.stack import Rules, Stack, rule

if TYPE_CHECKING:
    from templates_py.settings import DeletionPolicy

GONE: dict[str, Any] = {"DeletionPolicy": Delete, "UpdateReplacePolicy": Delete}  # as by default, said outright
RETAINED: dict[str, Any] = {"DeletionPolicy": RetainExceptOnCreate, "UpdateReplacePolicy": Retain}  # P62, P25
SUBNETS_IN_VPC = rule(
    {"Fn::EachMemberIn": [{"Fn::ValueOfAll": ["AWS::EC2::Subnet::Id", "VpcId"]}, {"Fn::RefAll": "AWS::EC2::VPC::Id"}]},
    "All subnets must lie in the VPC that VpcId names",
)
SECRET_ARN = Like("arn:[^:]+:secretsmanager:.+", "the ARN of a plain-string secret")
LOG_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]


def of_database(policy: DeletionPolicy) -> dict[str, Any]:
    """What becomes of the database: a replaced one leaves a snapshot, whatever was said of a deleted one (P25)."""
    return RETAINED if policy == "Retain" else {"DeletionPolicy": policy, "UpdateReplacePolicy": Snapshot}


def of_companion(policy: DeletionPolicy) -> dict[str, Any]:
    """What becomes of that without which a retained database cannot be reached or run (P63)."""
    return RETAINED if policy == "Retain" else GONE


def secret_string(arn: Any) -> Join:
    """A dynamic reference, resolved on the resource itself, never as a parameter (P67)."""
    return Join("", ["{{resolve:secretsmanager:", arn, ":SecretString}}"])


def of_system(stack: Stack) -> Rules:
    """The rules of every system: the subnets lie in the VPC, a snapshot comes with its master user."""
    return {"SubnetsInVpc": SUBNETS_IN_VPC, "SnapshotHasUser": _snapshot_has_user(stack)}


def _snapshot_has_user(stack: Stack) -> dict[str, Any]:
    """RDS keeps the master user of the snapshot, so the secret must have that (P77)."""
    snapshot, user, secret = (
        stack.answer(name) for name in ("db_snapshot_identifier", "db_snapshot_username", "existing_username_secret")
    )
    named = Or(Equals(snapshot, ""), Not(Equals(user, "")), Not(Equals(secret, "")))
    said = "DbSnapshotIdentifier needs DbSnapshotUsername, or ExistingUsernameSecret: the snapshot's master user"
    return rule(named, said)


def db_port() -> Input:
    """The row of the port that a database listens on, and that its clients and security groups name."""
    return asked(NUMBER, 3306, "Port of the database", least=1150, most=65535)


def log_retention() -> Input:
    """The row of how long logs are kept."""
    return asked(NUMBER, 90, "How long logs are kept", unit="days", allowed=LOG_DAYS)


def log_group(title: str, retention: Any, key: Value, **more: Any) -> LogGroup:
    """A log group, gone with its stack: what must last is in the databases."""
    return LogGroup(title, RetentionInDays=retention, KmsKeyId=key.or_none, **GONE, **more)
