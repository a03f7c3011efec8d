"""Taking the platform away: what stays, and what does not."""

from __future__ import annotations

import pytest

from tests.local.checkout import until
from tests.local.harness import Platform

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]


@pytest.mark.parametrize("answer", ["", "\n", "n\n"])
def test_purge_asks_first(own_platform: Platform, answer: str) -> None:
    done = own_platform.make("down", answer=answer, PURGE="1")
    assert done.returncode != 0
    assert "Nothing was deleted, and nothing stopped" in done.stdout
    assert own_platform.rows("SELECT 1") == [["1"]]


def test_a_deleted_stack_leaves_final_snapshots_and_buckets_and_no_process(own_platform: Platform) -> None:
    databases = [own_platform.database(system)["DBInstanceIdentifier"] for system in ("batch", "mlflow")]
    buckets = {own_platform.outputs()[name] for name in ("S3Bucket", "TableSetupScriptBucketName")}
    stack = own_platform.stack()["StackId"]
    own_platform.rows(
        "CREATE TABLE IF NOT EXISTS hydra.kept (a INT PRIMARY KEY); REPLACE INTO hydra.kept VALUES (4711)"
    )
    own_platform.client("cloudformation").delete_stack(StackName="hydra")

    def deleted() -> bool:
        status = str(own_platform.stack(stack)["StackStatus"])
        assert status != "DELETE_FAILED", own_platform.log()
        return status == "DELETE_COMPLETE"

    until(deleted, "the stack's end")
    found = own_platform.client("rds").describe_db_snapshots()["DBSnapshots"]
    snapshots = {snapshot["DBSnapshotIdentifier"] for snapshot in found}
    assert {f"{database}-final-snapshot" for database in databases} <= snapshots
    assert "4711" in (own_platform.state / f"snapshots/{databases[0]}-final-snapshot.sql").read_text()
    assert own_platform.client("rds").describe_db_instances()["DBInstances"] == []
    assert buckets <= {bucket["Name"] for bucket in own_platform.client("s3").list_buckets()["Buckets"]}
    left = [line for line in own_platform.processes() if "local.aws" not in line]
    assert left == []


def test_a_purge_takes_everything(own_platform: Platform) -> None:
    done = own_platform.make("down", answer="y\n", PURGE="1")
    assert done.returncode == 0, done.stdout
    assert not own_platform.state.exists()
    assert own_platform.processes() == []
