"""RDS instances of the emulator: real servers, by the properties that CloudFormation gives them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.places import PROJECT
from local.ports import free
from local.programs import mysql
from tests.local.checkout import Checkout, until
from tests.local.harness import marked, query

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("rds")]

NAMES = (f"test{number}" for number in count())
LETTERS = {"PasswordLength": 12, "ExcludeNumbers": True, "ExcludePunctuation": True, "RequireEachIncludedType": False}


class Instance:
    """A stack with an instance, its secrets and its parameter group, as the templates have them."""

    def __init__(self, emulator: Checkout) -> None:
        self.emulator, self.name, self.rds = emulator, next(NAMES), emulator.client("rds")
        self.properties: dict[str, Any] = {
            "Engine": "mysql",
            "EngineVersion": "8.4.11",
            "DBInstanceClass": "db.t4g.small",
            "AllocatedStorage": "20",
            "DBName": "hydra",
            "Port": str(free(self.name)),
            "DBParameterGroupName": {"Ref": "Group"},
            "MasterUsername": self._secret("User"),
            "MasterUserPassword": self._secret("Password"),
        }
        self.settings = {
            "require_secure_transport": "1",
            "log_bin_trust_function_creators": "1",
            "slow_query_log": "1",
            "log_output": "FILE",
        }
        self.policies = {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}
        self.of_companions: dict[str, str] = {}

    def deploy(self, **properties: Any) -> dict[str, Any]:
        """Create or update the stack; a property that is None goes."""
        self.properties.update(properties)
        given = {name: value for name, value in self.properties.items() if value is not None}
        return self.emulator.stack(
            self.name,
            {
                "User": {**_generated(LETTERS), **self.of_companions},
                "Password": {**_generated({"PasswordLength": 32, "ExcludePunctuation": True}), **self.of_companions},
                "Group": {
                    "Type": "AWS::RDS::DBParameterGroup",
                    "Properties": {"Family": "mysql8.4", "Description": "test", "Parameters": self.settings},
                    **self.of_companions,
                },
                "Instance": {"Type": "AWS::RDS::DBInstance", "Properties": given, **self.policies},
            },
        )

    def delete(self) -> str:
        """Delete the stack, and return what became of it."""
        stack = self.emulator.settled(self.name)
        self.emulator.client("cloudformation").delete_stack(StackName=self.name)
        return str(self.emulator.settled(stack["id"])["status"])

    @property
    def record(self) -> dict[str, Any]:
        identifier = self.emulator.settled(self.name)["Instance"]
        return dict(self.rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"][0])

    def credentials(self) -> tuple[str, str]:
        stack, secrets = self.emulator.settled(self.name), self.emulator.client("secretsmanager")
        user, password = (
            secrets.get_secret_value(SecretId=stack[name])["SecretString"] for name in ("User", "Password")
        )
        return user, password

    def sql(self, script: str, *options: str, credentials: tuple[str, str] | None = None) -> list[list[str]]:
        ca = self.emulator.state / "ca.pem"
        done = query(mysql(), ca, self.record, credentials or self.credentials(), script, *options)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def snapshots(self) -> list[str]:
        found = self.rds.describe_db_snapshots()["DBSnapshots"]
        return [one["DBSnapshotIdentifier"] for one in found if one["DBInstanceIdentifier"].startswith(self.name)]

    def _secret(self, name: str) -> dict[str, Any]:
        return {"Fn::Sub": f"{{{{resolve:secretsmanager:${{{name}}}:SecretString}}}}"}


def _generated(how: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": how}}


@pytest.fixture(scope="module")
def emulator(prepared: None) -> Iterator[Checkout]:
    checkout = Checkout()
    (checkout.folder / ".local").mkdir()
    for path in (PROJECT / ".local").iterdir():
        if path.name in ("mysql", "emulator") or path.name.startswith("data-"):
            (checkout.folder / ".local" / path.name).symlink_to(path)
    with checkout:
        yield checkout


@pytest.fixture
def instance(emulator: Checkout) -> Iterator[Instance]:
    made = Instance(emulator)
    yield made
    stacks = emulator.client("cloudformation").describe_stacks()["Stacks"]
    if status := [stack["StackStatus"] for stack in stacks if stack["StackName"] == made.name]:
        if status == ["DELETE_FAILED"]:  # a stack of which no update is possible
            identifier = made.record["DBInstanceIdentifier"]
            made.rds.modify_db_instance(DBInstanceIdentifier=identifier, DeletionProtection=False)
        assert made.delete() == "DELETE_COMPLETE"


@pytest.fixture
def filled(instance: Instance) -> Instance:
    assert instance.deploy()["status"] == "CREATE_COMPLETE"
    instance.sql(
        "CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9)) ENGINE=InnoDB; INSERT INTO t VALUES (1, 'é'), (2, NULL);"
        "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.b = 'r';",
        "hydra",
    )
    return instance


def test_an_instance_is_a_server_with_its_user_its_database_and_its_parameters(filled: Instance) -> None:
    user, _ = filled.credentials()
    assert filled.sql("SELECT current_user()") == [[f"{user}@%"]]
    assert filled.sql("SELECT a, b FROM hydra.t") == [["1", "é"], ["2", "NULL"]]
    port = filled.properties["Port"]
    asked = "SELECT @@port, @@require_secure_transport, @@slow_query_log, @@log_output"
    assert filled.sql(asked) == [[port, "1", "1", "FILE"]]


def test_a_changed_password_and_a_changed_parameter_reach_the_server(filled: Instance) -> None:
    user, old = filled.credentials()
    filled.settings["max_connections"] = "77"
    assert filled.deploy(MasterUserPassword="another-one")["status"] == "UPDATE_COMPLETE"
    until(lambda: filled.sql("SELECT @@max_connections", credentials=(user, "another-one")) == [["77"]])
    with pytest.raises(AssertionError, match="Access denied"):
        filled.sql("SELECT 1", credentials=(user, old))
    assert filled.sql("SELECT COUNT(*) FROM hydra.t", credentials=(user, "another-one")) == [["2"]]


def test_a_snapshot_is_a_dump_that_another_instance_is_made_of(filled: Instance) -> None:
    filled.rds.create_db_snapshot(
        DBSnapshotIdentifier="kept", DBInstanceIdentifier=filled.record["DBInstanceIdentifier"]
    )
    filled.sql("DROP TABLE t", "hydra")
    other = Instance(filled.emulator)
    assert other.deploy(DBSnapshotIdentifier="kept", DBName=None, MasterUsername=None)["status"] == "CREATE_COMPLETE"
    user, _ = filled.credentials()
    credentials = user, other.credentials()[1]
    assert other.sql("SELECT a, b FROM hydra.t", credentials=credentials) == [["1", "é"], ["2", "NULL"]]
    other.sql("INSERT INTO t VALUES (3, 'x')", "hydra", credentials=credentials)
    assert other.sql("SELECT b FROM hydra.t WHERE a = 3", credentials=credentials) == [["r"]]
    other.policies.clear()
    assert other.delete() == "DELETE_COMPLETE"
    filled.rds.delete_db_snapshot(DBSnapshotIdentifier="kept")
    until(lambda: not (filled.emulator.state / "snapshots/kept.sql").exists(), "the end of the dump")
    other = Instance(filled.emulator)
    assert "DBSnapshot kept not found" in other.deploy(DBSnapshotIdentifier="kept")["reasons"]
    other.delete()


def test_deletion_protection_refuses(filled: Instance) -> None:
    filled.deploy(DeletionProtection=True)
    with pytest.raises(ClientError, match="DeletionProtection"):
        filled.rds.delete_db_instance(
            DBInstanceIdentifier=filled.record["DBInstanceIdentifier"], SkipFinalSnapshot=True
        )
    assert filled.delete() == "DELETE_FAILED"  # and the secrets, on which it depends, are there
    assert filled.sql("SELECT COUNT(*) FROM hydra.t") == [["2"]]


def test_a_deleted_instance_leaves_a_snapshot_and_nothing_else(filled: Instance) -> None:
    identifier = filled.record["DBInstanceIdentifier"]
    assert filled.delete() == "DELETE_COMPLETE"
    assert filled.snapshots() == [f"{identifier}-final-snapshot"]
    assert "INSERT INTO `t`" in (filled.emulator.state / f"snapshots/{identifier}-final-snapshot.sql").read_text()
    assert not (filled.emulator.state / "databases" / identifier).exists()
    assert not [line for line in marked(filled.emulator.state).values() if identifier in line]


def test_one_whose_policy_is_delete_leaves_nothing(instance: Instance) -> None:
    instance.policies = {"DeletionPolicy": "Delete"}
    instance.deploy()
    assert instance.delete() == "DELETE_COMPLETE"
    assert instance.snapshots() == []


def test_one_whose_policy_is_retain_goes_on(filled: Instance) -> None:
    filled.policies = filled.of_companions = {"DeletionPolicy": "Retain"}
    filled.deploy(AllocatedStorage="21")
    record, credentials = filled.record, filled.credentials()
    assert filled.delete() == "DELETE_COMPLETE"
    done = query(mysql(), filled.emulator.state / "ca.pem", record, credentials, "SELECT COUNT(*) FROM hydra.t")
    assert done.stdout.strip() == "2"
    filled.rds.delete_db_instance(DBInstanceIdentifier=record["DBInstanceIdentifier"], SkipFinalSnapshot=True)


def test_a_replaced_instance_leaves_a_snapshot(filled: Instance) -> None:
    before = filled.record["DBInstanceIdentifier"]
    done = filled.deploy(DBName="other", Port=str(free("other")))
    assert done["status"] == "UPDATE_COMPLETE"
    assert done["Instance"] != before
    assert filled.snapshots() == [f"{before}-final-snapshot"]
    assert filled.sql("SHOW TABLES FROM other") == []


def test_one_that_cannot_start_fails_the_stack_and_goes(instance: Instance) -> None:
    instance.settings["no_such_parameter"] = "1"
    done = instance.deploy()
    assert done["status"] == "ROLLBACK_COMPLETE"
    assert "no-such-parameter" in done["reasons"]
    assert not list((instance.emulator.state / "databases").glob(f"{instance.name}-*"))


def test_a_server_that_dies_comes_back_with_its_data(filled: Instance) -> None:
    identifier = filled.record["DBInstanceIdentifier"]
    pid = int((filled.emulator.state / "databases" / identifier / "data/pid").read_text())
    os.kill(pid, signal.SIGKILL)

    def again() -> bool:
        file = filled.emulator.state / "databases" / identifier / "data/pid"
        return file.exists() and int(file.read_text() or pid) != pid

    until(again, "another server")
    assert until(lambda: filled.sql("SELECT COUNT(*) FROM hydra.t")) == [["2"]]
