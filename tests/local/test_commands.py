"""`make start`, `make update_container`, `make rollback_container`, whole: with AWS and ECR's registry on this machine.

The images are real: podman builds them, and they are pushed. Their tasks are processes of the copy's entrypoint; the
image's own tests run what is in it. What fails has a script for an entrypoint.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from local.debian import UnavailableError, locked
from local.ports import free
from local.registry import Registry
from mlflow_container.image import Image
from tests.local.harness import Platform
from tests.local.stage import PATIENCE, Stage
from tests.servers import memory_folder

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("platform")]


@pytest.fixture(scope="module")
def stage(prepared: None, built_image: Image) -> Iterator[Stage]:
    folder, platform = memory_folder(), Platform()
    try:
        with Registry(folder) as registry:
            yield Stage(platform, registry)
    except UnavailableError as error:
        pytest.skip(str(error))
    finally:
        platform.end()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def refusal(stage: Stage) -> str:
    """What the first `make start` says, of a samconfig.toml as it comes."""
    made = stage.make("start")
    assert made.returncode == 2, made.stdout
    assert [found["StackName"] for found in stage.platform.client("cloudformation").describe_stacks()["Stacks"]] == []
    return made.stderr


@pytest.fixture(scope="module")
def failure(stage: Stage, refusal: str) -> str:
    """What a `make deploy` says that makes nothing: the snapshot that the database is to be made of is not there."""
    ports = {name: str(free(name)) for name in ("BatchDbPort", "MlflowDbPort")}
    stage.configure(**ports, MlflowDeletionProtection="true")
    with stage.written(BatchDbSnapshotIdentifier="nowhere", BatchDbSnapshotUsername="hydra"):
        return stage.refused("deploy")


@pytest.fixture(scope="module")
def said(stage: Stage, failure: str) -> list[str]:
    """What the `make start` says that makes it all, after a creation that failed."""
    assert stage.platform.stack()["StackStatus"] == "ROLLBACK_COMPLETE"
    return stage.done("start")


@pytest.fixture
def started(stage: Stage, said: list[str]) -> Stage:
    return stage


def test_start_names_what_is_missing_and_makes_nothing(refusal: str) -> None:
    assert "samconfig.toml: [default.deploy.parameters] parameter_overrides: expected values for VpcId, " in refusal


def test_start_makes_it_all_with_the_image_before_the_service(
    started: Stage, said: list[str], built_image: Image
) -> None:
    steps = [line.split()[1] for line in said if line.split()[1] in ("Deploying", "Building", "Pushed")]
    assert steps == ["Deploying", "Building", "Pushed", "Deploying"]
    address = started.platform.outputs()["TrackingUri"]
    assert said[-1].endswith(f"  MLflow {built_image.tag} is at {address}")
    assert started.serving == started.kept == built_image.tag
    assert started.pushed >= {built_image.tag}
    with urlopen(f"{address}/version", timeout=PATIENCE) as answer:
        assert answer.status == 200


def test_a_creation_that_fails_says_why_and_the_next_one_begins_anew(failure: str, said: list[str]) -> None:
    assert failure.startswith("hydra: Batch/Database/Instance (AWS::RDS::DBInstance): DBSnapshot nowhere not found")
    assert [
        line
        for line in said
        if line.endswith("hydra was not made the last time, and nothing in it holds data: deleting it")
    ]


def test_a_database_is_protected_once_it_stands_and_not_before(started: Stage, said: list[str]) -> None:
    """P62."""
    assert [line for line in said if line.endswith("It stands: turning deletion protection on")]
    assert started.platform.database("mlflow")["DeletionProtection"]
    assert not started.platform.database("batch")["DeletionProtection"]
    events = [status for title, status in started.events("Mlflow", "Database") if title == "Instance"]
    assert events == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]


RISKS = {"BatchDbDefaultName": "another", "BatchPasswordLength": "30", "ImageTag": ""}


def test_what_would_take_data_is_shown_and_refused_and_nothing_is_changed(started: Stage) -> None:
    before = (
        started.events(),
        started.platform.client("cloudformation").list_change_sets(StackName="hydra")["Summaries"],
    )
    with started.written(**RISKS, BatchBackupRetentionPeriod="9", TaskMemory="3072"):
        said = started.done("diff")
        lines = started.lines("deploy")
    instance, secret = "Batch/Database/Instance", "Batch/Secrets/PasswordSecret"
    shown = said[said.index("Data") :]
    assert shown[1:3] == [
        f"  REPLACED        {instance} (AWS::RDS::DBInstance): DBName (BatchDbDefaultName)",
        f"  NEW VALUE       {secret} (AWS::SecretsManager::Secret): GenerateSecretString (BatchPasswordLength)",
    ]
    assert "  deleted         Service (AWS::ECS::Service)" in shown
    replaced, regenerated, dropped = lines
    assert replaced.startswith(f"{instance} (AWS::RDS::DBInstance) would be replaced, the old one leaving a snapshot: ")
    assert replaced.endswith(f"To have that: ALLOW={instance}")
    assert regenerated.startswith(f"{secret} (AWS::SecretsManager::Secret) would get a new value, ")
    assert dropped.startswith(f"ImageTag is empty, and the service that runs image {started.serving} would be removed")
    assert [line.removeprefix("`make deploy` refuses: ") for line in shown if "refuses" in line] == lines
    after = started.events(), started.platform.client("cloudformation").list_change_sets(StackName="hydra")["Summaries"]
    assert after == before


def test_what_is_named_is_replaced_and_leaves_a_snapshot(started: Stage) -> None:
    old, client = started.platform.database("batch"), started.platform.client("rds")
    # Another port too: here the old server still has its own when the new one begins.
    started.write(BatchDbDefaultName="other", BatchDbPort=str(free("replaced")))
    started.done("deploy", "ALLOW=Batch/Database/Instance")
    assert started.platform.database("batch")["DBName"] == "other"
    assert started.platform.database("batch")["DbiResourceId"] != old["DbiResourceId"]
    snapshots = client.describe_db_snapshots(DBInstanceIdentifier=old["DBInstanceIdentifier"])["DBSnapshots"]
    assert [found["Status"] for found in snapshots] == ["available"]
    assert started.done("diff")[-1] == "Nothing changes"


def test_a_second_start_builds_and_pushes_nothing(started: Stage) -> None:
    before = started.samconfig.read_text(), started.serving, started.pushed
    assert not [line for line in started.done("start") if "Building" in line]
    assert (started.samconfig.read_text(), started.serving, started.pushed) == before


def test_an_update_and_a_rollback_lose_no_request(started: Stage) -> None:
    old, there = started.serving, started.pushed
    started.edit("another image")
    with locked("image"), started.asked_all_the_time():
        started.done("update_container")
        (new,) = started.pushed - there
        assert started.kept == started.serving == new
        started.done("rollback_container")
        assert started.kept == started.serving == old


@pytest.mark.parametrize(
    ("tag", "script", "cause"),
    [
        ("broken", "echo ImportError: no module named flask; exit 1", "does not start, {}: ImportError: no module"),
        (
            "crashing",
            '[ "$1" = migrate ] || { echo no port for me; exit 7; }',
            "was not rolled out, {}: Essential container in task exited - mlflow ended with 7: no port for me "
            "(hydra: Mlflow/TaskDeployment/Service (AWS::ECS::Service): ",
        ),
    ],
    ids=["broken", "crashing"],
)
def test_an_image_that_fails_leaves_all_as_it_was_and_says_why(
    started: Stage, tag: str, script: str, cause: str
) -> None:
    started.push_stand_in(tag, script)
    before, old = started.samconfig.read_text(), started.serving
    with started.asked_all_the_time():
        line = started.refused("update_container", f"TAG={tag}")
    assert line.startswith(f"{tag} {cause.format(f'{old} serves as before')}")
    assert started.samconfig.read_text() == before
    assert started.serving == started.kept == old


def test_an_upgrade_takes_a_snapshot_first_and_later_trouble_names_it(started: Stage) -> None:
    old, done = started.serving, started.platform.state / "upgraded"
    upgrade = f'[ "$2" = --snapshot ] && touch {done}; [ -e {done} ] || {{ echo an upgrade is needed; exit 3; }}'
    started.push_stand_in("newer", f'[ "$1" = migrate ] || exit 7; {upgrade}')
    line = started.refused("update_container", "TAG=newer")
    name = started.platform.database("mlflow")["DBInstanceIdentifier"]
    (taken,) = started.platform.client("rds").describe_db_snapshots(DBInstanceIdentifier=name)["DBSnapshots"]
    assert {"Key": "hydra:image-tag", "Value": old} in taken["TagList"]
    snapshot = taken["DBSnapshotIdentifier"]
    assert f"The schema is newer's now: tasks of {old} go on, but none starts anew. " in line
    assert f"restore snapshot {snapshot} " in line
    started.push_stand_in("older", "echo The schema is newer than this image; exit 4")
    line = started.refused("rollback_container", "TAG=older")
    assert line.startswith(f"older cannot serve the schema of {old}: ")
    assert f"from snapshot {snapshot} " in line
    assert started.serving == started.kept == old
