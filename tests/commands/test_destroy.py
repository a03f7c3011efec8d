"""What becomes of what a stack holds, who may say so, and the way back."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from commands import CommandError, progress
from commands.__main__ import main
from commands.causes import advice
from commands.configuration import Configuration
from commands.destroy import _finish
from commands.holding import LOAD_BALANCER, Holding
from commands.holdings import holdings
from commands.progress import Progress
from commands.stack import Stack
from commands.way_back import way_back
from commands.way_on import way_on
from tests.commands.conftest import BUCKET, NAMES, nested
from tests.commands.test_stack import Events

pytestmark = pytest.mark.slow

STRING = {"Type": "String", "Default": ""}
OF_DATABASE = ("DbSnapshotIdentifier", "AllocatedStorage", "DbEngineVersion")
Body = dict[str, Any]


def resource(kind: str, policy: str = "", **properties: Any) -> Body:
    return {"Type": kind, "Properties": properties, **({"DeletionPolicy": policy} if policy else {})}


class Account:
    """A stack of the shape of ours, with one system, in an account of its own."""

    def __init__(self, session: boto3.Session, folder: Path) -> None:
        self.session, self.folder, self.name = session, folder, next(NAMES)
        self.cloudformation, self.rds = session.client("cloudformation"), session.client("rds")
        settings = f'version = 0.1\n[default.deploy.parameters]\nstack_name = "{self.name}"\n'
        (folder / "samconfig.toml").write_text(settings)

    def deploy(
        self,
        policy: str = "Snapshot",
        empties: str = "false",
        terminable: bool = True,
        asked: tuple[str, str] = ("31", "8.4.12"),
    ) -> None:
        """Make it: a database of 31 GiB and MySQL 8.4.12, whatever was asked for; a bucket, a repository."""
        credentials = {"MasterUsername": "hydra", "MasterUserPassword": "not-a-secret"}
        instance = resource(
            "AWS::RDS::DBInstance",
            policy,
            DBInstanceIdentifier=f"{self.name}-db",
            DBInstanceClass="db.t4g.small",
            Engine="mysql",
            AllocatedStorage="31",
            EngineVersion="8.4.12",
            **credentials,
        )
        bucket = resource("AWS::S3::Bucket", "RetainExceptOnCreate", BucketName=f"{self.name}-bucket")
        emptied = {"Ref": "EmptyOnDelete"}
        repository = resource("AWS::ECR::Repository", RepositoryName=f"{self.name}/mlflow", EmptyOnDelete=emptied)
        system = {
            "Database": self._nested({"Instance": instance}, {name: name for name in OF_DATABASE}),
            "Storage": self._nested({"ArtifactStore": bucket}, {"ExistingArtifactStore": "ExistingArtifactStore"}),
            "ContainerRepository": self._nested({"Repository": repository}, {"EmptyOnDelete": "EmptyOnDelete"}),
        }
        names = (*OF_DATABASE, "ExistingArtifactStore", "EmptyOnDelete")
        above = {name: f"Mlflow{name}" if name in OF_DATABASE else name for name in names}
        given = {"EmptyOnDelete": empties, "MlflowAllocatedStorage": asked[0], "MlflowDbEngineVersion": asked[1]}
        root = {"Mlflow": self._nested(system, above)}
        self.cloudformation.create_stack(
            StackName=self.name,
            TemplateBody=json.dumps({"Resources": root, "Parameters": dict.fromkeys(above.values(), STRING)}),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
            EnableTerminationProtection=not terminable,
        )

    def push(self) -> None:
        layer = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": f"sha256:{64 * '0'}", "size": 1}
        manifest = {"schemaVersion": 2, "mediaType": layer["mediaType"], "config": layer, "layers": []}
        ecr = self.session.client("ecr")
        ecr.put_image(repositoryName=f"{self.name}/mlflow", imageManifest=json.dumps(manifest), imageTag="one")

    @property
    def stack(self) -> Stack:
        return Stack(self.session, self.name)

    @property
    def status(self) -> str:
        return self.stack.status

    def _nested(self, resources: Body, parameters: dict[str, str]) -> Body:
        body = {"Resources": resources, "Parameters": dict.fromkeys(parameters, STRING)}
        key = f"{next(NAMES)}.json"
        self.session.client("s3").put_object(Bucket=BUCKET, Key=key, Body=json.dumps(body).encode())
        made = nested(f"https://s3.amazonaws.com/{BUCKET}/{key}")
        made["Properties"]["Parameters"] = {name: {"Ref": above} for name, above in parameters.items()}
        return made


@pytest.fixture
def account(session: boto3.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    session.client("s3").create_bucket(Bucket=BUCKET)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(progress, "EVERY", 0.0)
    return Account(session, tmp_path)


@pytest.fixture
def refused(account: Account, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """The one line that is said on being refused; the stack is as it was."""

    def run(*line: str) -> str:
        before = account.status
        capsys.readouterr()
        assert main(["destroy", *line]) == 1
        (said,) = capsys.readouterr().err.splitlines()
        assert account.status == before
        return said

    return run


@pytest.fixture
def destroyed(account: Account, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    """What is said of a stack that goes."""

    def run(*line: str) -> list[str]:
        capsys.readouterr()
        assert main(["destroy", *line]) == 0, capsys.readouterr().err
        assert account.status == ""
        return capsys.readouterr().out.splitlines()

    return run


PATHS = ("Mlflow/Database/Instance", "Mlflow/Storage/ArtifactStore", "Mlflow/ContainerRepository/Repository")


def test_each_thing_that_holds_data_is_shown_with_what_becomes_of_it(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    account.deploy(empties="true")
    account.push()
    account.session.client("s3").put_object(Bucket=f"{account.name}-bucket", Key="kept", Body=b"it")
    assert main(["destroy"]) == 1
    said, error = capsys.readouterr()
    assert error.startswith("Nobody is there to type")  # the images are nothing against it
    first, *shown, everything = said.splitlines()
    assert first.startswith(f"{account.name} in account 123456789012, http://127.0.0.1:")
    assert [" ".join(line.split()) for line in shown] == [
        f"{PATHS[0]} {account.name}-db: deleted, after a final snapshot",
        f"{PATHS[1]} {account.name}-bucket: stays, with the objects in it",
        f"{PATHS[2]} {account.name}/mlflow: DELETED, with the images in it",
    ]
    assert everything == "Everything else in it is DELETED, its logs too."


@pytest.mark.parametrize(
    ("policy", "fate"),
    [("Delete", "DELETED without a snapshot"), ("", "deleted, after a final snapshot"), ("Retain", "stays")],
)
def test_a_database_goes_as_its_policy_says_or_with_a_snapshot(
    account: Account, capsys: pytest.CaptureFixture[str], policy: str, fate: str
) -> None:
    account.deploy(policy)
    assert main(["destroy"]) == 1
    assert capsys.readouterr().out.splitlines()[1].endswith(f"{account.name}-db: {fate}")


def test_the_way_back_names_snapshot_and_bucket_again_and_again(
    account: Account, destroyed: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    account.deploy()
    for name in ("older", "final"):  # the emulator makes none by itself
        account.rds.create_db_snapshot(
            DBInstanceIdentifier=f"{account.name}-db", DBSnapshotIdentifier=f"{account.name}-{name}"
        )
    said = destroyed("--confirm", account.name)
    back = said[said.index(f"{account.name} is deleted") :]
    assert "[default.deploy.parameters] parameter_overrides; they stay there for good:" in back[1]
    assert [line.strip() for line in back[2:4]] == [
        f"MlflowDbSnapshotIdentifier={account.name}-final",
        f"ExistingArtifactStore={account.name}-bucket",
    ]
    assert back[-2].endswith(f"aws rds delete-db-snapshot --db-snapshot-identifier {account.name}-final")
    assert back[-1].endswith(f"aws s3 rb s3://{account.name}-bucket")
    assert destroyed() == back
    account.session.client("s3").delete_bucket(Bucket=f"{account.name}-bucket")
    assert not [line for line in destroyed() if f"{account.name}-bucket" in line]


def test_a_database_that_grew_comes_back_as_large_and_as_new(
    account: Account, destroyed: Callable[..., list[str]]
) -> None:
    """RDS takes no smaller storage and no older version for what is restored; both change by themselves."""
    account.deploy(asked=("20", "8.4.11"))
    account.rds.create_db_snapshot(
        DBInstanceIdentifier=f"{account.name}-db", DBSnapshotIdentifier=f"{account.name}-final"
    )
    said = destroyed("--confirm", account.name)
    assert {"  MlflowAllocatedStorage=31", "  MlflowDbEngineVersion=8.4.12"} <= set(said)


def test_a_retained_database_is_taken_up_by_a_snapshot_of_it_protected_or_not(
    account: Account, refused: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    account.deploy("Retain")
    account.rds.modify_db_instance(DBInstanceIdentifier=f"{account.name}-db", DeletionProtection=True)
    assert refused().startswith("Nobody is there")
    way_back(Configuration(Path("samconfig.toml"), "default"), account.session, holdings(account.stack))
    said = capsys.readouterr().out
    assert "  MlflowDbSnapshotIdentifier=NAME, which you make first: aws rds create-db-snapshot " in said
    assert f"aws rds delete-db-instance --db-instance-identifier {account.name}-db" in said


def test_a_protected_database_wants_to_be_named(
    account: Account, refused: Callable[..., str], destroyed: Callable[..., list[str]]
) -> None:
    account.deploy()
    account.rds.modify_db_instance(DBInstanceIdentifier=f"{account.name}-db", DeletionProtection=True)
    said = refused("--confirm", account.name)
    assert said == f"{PATHS[0]}: protected from deletion: ALLOW='{PATHS[0]}' turns that off"
    assert refused("--confirm", account.name, "--allow", "ArtifactStore") == said
    said = refused("--confirm", account.name, "--allow", "Nothing")
    assert said == f"ALLOW = 'Nothing': expected one of {', '.join(PATHS)}"
    (found,) = account.rds.describe_db_instances(DBInstanceIdentifier=f"{account.name}-db")["DBInstances"]
    assert found["DeletionProtection"]
    said = "\n".join(destroyed("--confirm", account.name, "--allow", "Instance"))
    assert f"Turning off the protection of {PATHS[0]}" in said


def test_what_was_not_deleted_is_protected_again(
    account: Account, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    account.deploy()
    account.rds.modify_db_instance(DBInstanceIdentifier=f"{account.name}-db", DeletionProtection=True)

    def denied(_: Stack) -> str:
        (found,) = account.rds.describe_db_instances(DBInstanceIdentifier=f"{account.name}-db")["DBInstances"]
        raise CommandError(f"DeletionProtection is {found['DeletionProtection']}, and deleting is not allowed")

    monkeypatch.setattr("commands.destroy.latest", denied)
    said = refused("--confirm", account.name, "--allow", "Instance")
    assert said == "DeletionProtection is False, and deleting is not allowed"
    (found,) = account.rds.describe_db_instances(DBInstanceIdentifier=f"{account.name}-db")["DBInstances"]
    assert found["DeletionProtection"]


def test_a_protected_load_balancer_wants_to_be_named_too(account: Account) -> None:
    subnets = account.session.client("ec2").describe_subnets()["Subnets"]
    elb = account.session.client("elbv2")
    made = elb.create_load_balancer(Name=account.name, Subnets=[subnet["SubnetId"] for subnet in subnets[:2]])
    (arn,) = (found["LoadBalancerArn"] for found in made["LoadBalancers"])
    on = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=on)
    row = {"ResourceType": LOAD_BALANCER, "ResourceStatus": "CREATE_COMPLETE", "PhysicalResourceId": arn}
    holding = Holding("LoadBalancing/LoadBalancer", row, {}, account.stack, {}, {})
    assert holding.fate == "DELETED; protected"
    holding.protect(False)
    assert Holding(holding.path, row, {}, account.stack, {}, {}).fate == "DELETED"
    elb.delete_load_balancer(LoadBalancerArn=arn)
    assert not Holding(holding.path, row, {}, account.stack, {}, {}).is_protected


def test_images_keep_a_repository_and_are_nobodys_to_delete(account: Account, refused: Callable[..., str]) -> None:
    """P36."""
    account.deploy()
    account.push()
    assert refused("--confirm", account.name) == (
        f"{PATHS[2]} ({account.name}/mlflow) cannot go with images in it: delete them, or deploy with "
        "EmptyOnDelete=true, which lets them go with it"
    )


def test_the_name_is_typed_or_given_in_full(
    account: Account,
    refused: Callable[..., str],
    destroyed: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert refused() == f"There is no stack {account.name}: nothing to delete"
    account.deploy()
    assert refused() == f"Nobody is there to type the stack's name: CONFIRM={account.name} says it"
    assert refused("--confirm", "hydra") == f"'hydra': expected {account.name}: nothing was deleted"
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    for answer in ("", account.name.upper()):
        monkeypatch.setattr("builtins.input", lambda _, answer=answer: answer)
        assert refused() == f"{answer!r}: expected {account.name}: nothing was deleted"
    monkeypatch.setattr("builtins.input", lambda _: f"{account.name} ")
    assert destroyed()


def test_a_stack_that_is_protected_as_a_whole_is_left_alone(account: Account, refused: Callable[..., str]) -> None:
    account.deploy(terminable=False)
    assert "--no-enable-termination-protection" in refused("--confirm", account.name)


def test_one_that_fails_ends_with_the_first_cause_and_the_way_on() -> None:
    events = Events()
    events.add("root", "root", "DELETE_IN_PROGRESS", "User Initiated")
    cause = "resource sg-0b8b2fcf05a0509b6 has a dependent object"
    events.add("root", "Group", "DELETE_FAILED", cause, "AWS::EC2::SecurityGroup")
    stack = events.stack
    stack.status, stack.tree = "DELETE_FAILED", lambda: [("Mlflow", {"ResourceStatus": "DELETE_COMPLETE"})]
    with pytest.raises(CommandError) as raised:
        _finish(stack, "hydra", Progress(), {})
    assert str(raised.value) == (
        f"hydra was not deleted: Group (AWS::EC2::SecurityGroup): {cause}. {advice(cause)}. "
        f"The stack is in DELETE_FAILED: {way_on(stack, 'DELETE_FAILED')}"
    )


def test_the_local_environment_is_nothing_in_an_account_of_aws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its stack has the name of the default one."""
    (tmp_path / "samconfig.toml").write_text('version = 0.1\n[local.deploy.parameters]\nstack_name = "hydra"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert main(["destroy", "--config-env", "local", "--confirm", "hydra"]) == 1
    assert capsys.readouterr().err.startswith("SYSTEM=local: expected AWS_ENDPOINT_URL ")
