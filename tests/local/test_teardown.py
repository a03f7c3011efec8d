"""Taking the platform away: what stays, and what does not."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.local.harness import PATIENCE, Platform

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]


@pytest.mark.parametrize("answer", ["", "\n", "n\n"])
def test_purge_asks_first(own_platform: Platform, answer: str) -> None:
    done = own_platform.make("down", answer=answer, PURGE="1")
    assert done.returncode != 0
    assert "Nothing was deleted, and nothing stopped" in done.stdout
    assert own_platform.rows("SELECT 1") == [["1"]]


def refused(platform: Platform, **variables: str) -> str:
    done = platform.command("destroy", **variables)
    assert done.returncode == 2, done.stdout
    *_, said, _ = done.stdout.splitlines()  # make's own line comes last
    assert platform.stack()["StackStatus"].endswith("_COMPLETE")
    return said


def mlflow(platform: Platform, path: str, **body: Any) -> dict[str, Any]:
    answer = requests.post(f"{platform.outputs()['TrackingUri']}/api/2.0/mlflow/{path}", json=body, timeout=PATIENCE)
    assert answer.ok, answer.text
    return dict(answer.json())


def test_a_destroyed_stack_leaves_what_it_says_and_no_process_and_all_data_come_back(own_platform: Platform) -> None:
    """P77."""
    databases = {system: own_platform.database(system)["DBInstanceIdentifier"] for system in ("batch", "mlflow")}
    buckets = {own_platform.outputs()[name] for name in ("S3Bucket", "TableSetupScriptBucketName")}
    own_platform.rows(
        "CREATE TABLE IF NOT EXISTS hydra.kept (a INT PRIMARY KEY); REPLACE INTO hydra.kept VALUES (4711)"
    )
    rows, (user, password) = own_platform.rows("SELECT * FROM hydra.kept"), own_platform.credentials()
    experiment = mlflow(own_platform, "experiments/create", name="kept")["experiment_id"]
    run = mlflow(own_platform, "runs/create", experiment_id=experiment, run_name="the one")["run"]["info"]["run_id"]
    mlflow(own_platform, "runs/log-parameter", run_id=run, key="depth", value="7")
    runs = mlflow(own_platform, "runs/search", experiment_ids=[experiment])

    rds = own_platform.client("rds")
    rds.modify_db_instance(DBInstanceIdentifier=databases["batch"], DeletionProtection=True)
    assert refused(own_platform, ALLOW="Mlflow/Database/Instance") == (
        "Batch/Database/Instance: protected from deletion: ALLOW='Batch/Database/Instance' turns that off"
    )
    assert refused(own_platform, ALLOW="Instance").startswith("ALLOW = 'Instance': expected one of Batch/Database")
    assert refused(own_platform, ALLOW="Batch/Database/Instance").startswith("Nobody is there to type")
    done = own_platform.command("destroy", ALLOW="Batch/Database/Instance", CONFIRM="hydra")
    assert done.returncode == 0, f"{done.stdout}\n{own_platform.log()}"
    assert "Mlflow/Database: DELETE_COMPLETE" in done.stdout

    snapshots = {snapshot["DBSnapshotIdentifier"] for snapshot in rds.describe_db_snapshots()["DBSnapshots"]}
    assert {f"{database}-final-snapshot" for database in databases.values()} <= snapshots
    assert rds.describe_db_instances()["DBInstances"] == []
    assert buckets <= {bucket["Name"] for bucket in own_platform.client("s3").list_buckets()["Buckets"]}
    assert [line for line in own_platform.processes() if "local.aws" not in line] == []
    assert "hydra is in DELETE_COMPLETE: nothing failed" in own_platform.command("events").stdout

    back = done.stdout.partition("To get it back")[2].partition("What stays")[0].splitlines()[1:]
    given = dict(line.strip().split("=") for line in back)
    assert given["BatchDbSnapshotIdentifier"] == f"{databases['batch']}-final-snapshot"
    assert {given["ExistingArtifactStore"], given["ExistingTableSetupScriptBucket"]} == buckets
    own_platform.up(**given)
    assert own_platform.rows("SELECT * FROM hydra.kept") == rows
    assert own_platform.credentials()[0] == user
    assert own_platform.credentials()[1] != password
    assert own_platform.outputs()["LambdaInvocationResponse"].startswith("schema 1: ")
    assert mlflow(own_platform, "runs/search", experiment_ids=[experiment]) == runs
    assert own_platform.outputs()["S3Bucket"] in buckets
    assert "unchanged" in own_platform.up()  # and so they stay


def test_a_purge_takes_everything(own_platform: Platform) -> None:
    done = own_platform.make("down", answer="y\n", PURGE="1")
    assert done.returncode == 0, done.stdout
    assert not own_platform.state.exists()
    assert own_platform.processes() == []
