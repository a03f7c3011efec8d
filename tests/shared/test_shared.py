"""What both systems nest: the database, its subnet group, its secrets; and buckets."""

from __future__ import annotations

from pathlib import Path

import pytest

from templates_py.emission import emit
from templates_py.synthesis import stacks
from tests.emitted import DEFAULT, Body, emitted, keyless, only, resources

GOLDEN = Path(__file__).with_name("networking-snapshot.json")
BUCKETS = ["batch/storage", "mlflow/storage", "artifacts/template"]


@pytest.fixture(scope="module")
def default() -> dict[str, Body]:
    return emitted()


def test_the_instance_is_private_encrypted_and_protected(default: dict[str, Body]) -> None:
    made = only(default["shared/database-snapshot"], "AWS::RDS::DBInstance")
    assert made["StorageEncrypted"] is True and made["CopyTagsToSnapshot"] is True
    assert made["PubliclyAccessible"] == {"Ref": "PubliclyAccessible"}
    assert made["DeletionProtection"] == {"Ref": "DeletionProtection"}
    assert made["DeleteAutomatedBackups"] is False
    rows = default["template"]["Parameters"]
    assert (
        rows["BatchPubliclyAccessible"]["Default"] == "false" and rows["MlflowDeletionProtection"]["Default"] == "true"
    )


def test_mysql_speaks_tls_alone_and_takes_triggers(default: dict[str, Body]) -> None:
    group = only(default["shared/database-snapshot"], "AWS::RDS::DBParameterGroup")
    assert group["Parameters"] == {"require_secure_transport": "1", "log_bin_trust_function_creators": "1"}


def test_storage_grows_unless_it_was_said_not_to(default: dict[str, Body]) -> None:
    made = only(default["shared/database-snapshot"], "AWS::RDS::DBInstance")
    assert made["MaxAllocatedStorage"] == {
        "Fn::If": ["FixedStorage", {"Ref": "AWS::NoValue"}, {"Ref": "MaxAllocatedStorage"}]
    }


@pytest.mark.parametrize(
    ("key", "parameter"),
    [
        ("AllocatedStorage", "AllocatedStorage"),
        ("StorageType", "StorageType"),
        ("EngineVersion", "DbEngineVersion"),
        ("DBInstanceClass", "DbInstanceClass"),
        ("Port", "DbPort"),
        ("MultiAZ", "MultiAz"),
        ("BackupRetentionPeriod", "BackupRetentionPeriod"),
        ("PreferredBackupWindow", "PreferredBackupWindow"),
        ("PreferredMaintenanceWindow", "PreferredMaintenanceWindow"),
        ("DBSubnetGroupName", "DbSubnetGroupName"),
        ("AllowMajorVersionUpgrade", "AllowMajorVersionUpgrade"),
    ],
)
def test_a_row_is_the_property_of_its_name(default: dict[str, Body], key: str, parameter: str) -> None:
    assert only(default["shared/database-snapshot"], "AWS::RDS::DBInstance")[key] == {"Ref": parameter}


def test_the_subnet_group(default: dict[str, Body]) -> None:
    assert only(default["shared/networking-snapshot"], "AWS::RDS::DBSubnetGroup")["SubnetIds"] == {"Ref": "RdsSubnets"}


def test_an_existing_secret_takes_the_place_of_a_new_one(default: dict[str, Body]) -> None:
    body = default["shared/secrets-snapshot"]
    conditions = {title: made["Condition"] for title, made in body["Resources"].items()}
    assert conditions == {"UsernameSecret": "NewUsername", "PasswordSecret": "NewPassword"}
    assert body["Outputs"]["PasswordArn"]["Value"]["Fn::If"][1:] == [
        {"Ref": "ExistingPasswordSecret"},
        {"Ref": "PasswordSecret"},
    ]


@pytest.mark.parametrize("path", BUCKETS)
def test_a_bucket_is_versioned_encrypted_closed_and_tls_only(default: dict[str, Body], path: str) -> None:
    title, bucket = next(iter(resources(default[path], "AWS::S3::Bucket").items()))  # of access logs: tests/mlflow
    made = keyless(bucket["Properties"])
    assert made["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(made["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = made["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (deny,) = default[path]["Resources"][f"{title}Policy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Action"], deny["Principal"]) == ("Deny", ["s3:*"], "*")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(deny["Resource"]) == 2


def test_the_lock_table_is_terraforms(default: dict[str, Body]) -> None:
    (table,) = resources(default["artifacts/template"], "AWS::DynamoDB::Table").values()
    assert table["Properties"]["KeySchema"] == [{"AttributeName": "LockID", "KeyType": "HASH"}]
    assert table["Properties"]["ProvisionedThroughput"] == {
        "ReadCapacityUnits": {"Ref": "RemoteLocksReadCapacity"},
        "WriteCapacityUnits": {"Ref": "RemoteLocksWriteCapacity"},
    }
    assert table["DeletionPolicy"] == "RetainExceptOnCreate"


@pytest.mark.parametrize("path", ["template", "batch/template", "mlflow/template"])
def test_subnets_must_lie_in_the_vpc(default: dict[str, Body], path: str) -> None:
    (assertion,) = default[path]["Rules"]["SubnetsInVpc"]["Assertions"]
    subnets, vpcs = assertion["Assert"]["Fn::EachMemberIn"]
    assert subnets == {"Fn::ValueOfAll": ["AWS::EC2::Subnet::Id", "VpcId"]}
    assert vpcs == {"Fn::RefAll": "AWS::EC2::VPC::Id"}


def test_the_smallest_template_to_the_letter() -> None:
    """The one that README tells to begin with; the others are looked at property by property."""
    assert emit(stacks(DEFAULT), {})["shared/networking-snapshot.json"] == GOLDEN.read_bytes()


def test_the_password_is_read_where_it_is_used(default: dict[str, Body]) -> None:
    made = only(default["shared/database-snapshot"], "AWS::RDS::DBInstance")
    resolved = ["{{resolve:secretsmanager:", {"Ref": "DbPassword"}, ":SecretString}}"]
    assert made["MasterUserPassword"] == {"Fn::Join": ["", resolved]}


def test_a_user_name_of_one_letter_can_be_generated(default: dict[str, Body]) -> None:
    """Of two types of letters no single one could be of each."""
    secret = default["shared/secrets-snapshot"]["Resources"]["UsernameSecret"]["Properties"]["GenerateSecretString"]
    assert secret["Fn::If"][2]["RequireEachIncludedType"] is False
