"""What is killed, interrupted or stopped comes back by `make up`, with all data there."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest
import requests

from tests.local.checkout import until
from tests.local.harness import Platform, marked

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]


EXPERIMENT = "api/2.0/mlflow/experiments/get?experiment_id=0"


def kill(platform: Platform) -> None:
    """Kill the emulator where it stands."""
    pid = int(platform.record["pid"])
    os.kill(pid, signal.SIGKILL)
    until(lambda: not any("local.aws" in line for line in platform.processes()), "the emulator's end")


def wait_for_line(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        if text in line:
            return
    raise AssertionError("".join(said))


def add_row(platform: Platform, number: int) -> None:
    platform.rows(
        f"CREATE TABLE IF NOT EXISTS hydra.kept (a INT PRIMARY KEY); INSERT INTO hydra.kept VALUES ({number})"
    )


def migration(platform: Platform) -> int | None:
    """Return the process that migrates MLflow's database, once it has begun."""
    return next((pid for pid, line in marked(platform.state).items() if "entrypoint migrate" in line), None)


def lasting(platform: Platform) -> set[int]:
    """Return the processes that live as long as nothing ends them: the emulator and the databases."""
    names = "local.aws", "mysqld", "mariadbd"
    return {pid for pid, line in marked(platform.state).items() if any(name in line for name in names)}


@pytest.fixture(scope="module")
def second_platform(prepared: None) -> Iterator[Platform]:
    """Another checkout's, of which the emulator is killed in its first deployment and in its first migration."""
    platform = Platform()
    try:
        for moment in ("deployment", "migration"):
            started = platform.start("up")
            if moment == "deployment":
                wait_for_line(started, "Batch/Database create complete")
            else:
                os.kill(until(lambda: migration(platform), "the migration"), signal.SIGKILL)
            kill(platform)
            said, _ = started.communicate()
            assert started.returncode != 0
            assert "Traceback" not in said
        platform.up()
        yield platform
    finally:
        platform.end()


def test_a_first_deployment_that_is_killed_is_completed_by_the_next(second_platform: Platform) -> None:
    assert second_platform.rows("SELECT COUNT(*) FROM hydra.schema_info") == [["1"]]
    assert second_platform.outputs()["LambdaInvocationResponse"].startswith("schema 1: ")
    assert requests.get(f"{second_platform.outputs()['TrackingUri']}/{EXPERIMENT}", timeout=60).ok
    assert len([line for line in second_platform.processes() if "mysqld" in line or "mariadbd" in line]) == 2


def test_two_checkouts_run_side_by_side(own_platform: Platform, second_platform: Platform) -> None:
    second_platform.up()
    add_row(own_platform, 4)
    assert second_platform.rows("SELECT * FROM information_schema.tables WHERE table_name = 'kept'") == []
    before = lasting(own_platform)
    assert second_platform.make("down").returncode == 0
    assert len(before) == 3
    assert lasting(own_platform) == before
    assert ["4"] in own_platform.rows("SELECT a FROM hydra.kept")


def test_an_update_that_is_killed_is_completed_by_the_next(own_platform: Platform) -> None:
    add_row(own_platform, 1)
    started = own_platform.start("up", PARAMETERS="BatchAllocatedStorage=31 MlflowAllocatedStorage=32")
    wait_for_line(started, "Batch/Database update complete")
    kill(own_platform)
    started.communicate()
    own_platform.up(BatchAllocatedStorage="31", MlflowAllocatedStorage="32")
    assert own_platform.database("batch")["AllocatedStorage"] == 31
    assert own_platform.database("mlflow")["AllocatedStorage"] == 32
    assert ["1"] in own_platform.rows("SELECT a FROM hydra.kept")
    assert own_platform.stack()["StackStatus"] == "UPDATE_COMPLETE"


def test_what_is_killed_while_nothing_happens_is_there_again(own_platform: Platform) -> None:
    add_row(own_platform, 2)
    own_platform.client("s3").put_object(Bucket=own_platform.outputs()["S3Bucket"], Key="kept", Body=b"it")
    kill(own_platform)  # its servers go on
    assert "unchanged" in own_platform.up()
    kill(own_platform)
    for database in (own_platform.state / "databases").glob("*/data/pid"):
        os.kill(int(database.read_text()), signal.SIGKILL)
    assert "unchanged" in own_platform.up()
    assert ["2"] in own_platform.rows("SELECT a FROM hydra.kept")
    kept = own_platform.client("s3").get_object(Bucket=own_platform.outputs()["S3Bucket"], Key="kept")
    assert kept["Body"].read() == b"it"


def test_down_keeps_the_data_and_leaves_no_process(own_platform: Platform) -> None:
    add_row(own_platform, 3)
    outputs = own_platform.outputs()
    assert own_platform.make("down").returncode == 0
    assert own_platform.processes() == []
    assert "unchanged" in own_platform.up()
    assert own_platform.outputs() == outputs
    assert ["3"] in own_platform.rows("SELECT a FROM hydra.kept")


def test_ctrl_c_leaves_nothing_running_and_nothing_broken(own_platform: Platform) -> None:
    storage = own_platform.database("batch")["AllocatedStorage"] + 1
    own_platform.make("down")
    for moment in ("Emulator", "Batch/Database update complete"):
        started = own_platform.start("up", PARAMETERS=f"BatchAllocatedStorage={storage}")
        wait_for_line(started, moment)
        os.killpg(started.pid, signal.SIGINT)
        said, _ = started.communicate()
        assert "Stopping everything" in said
        assert "Traceback" not in said
        assert own_platform.processes() == []
    own_platform.up(BatchAllocatedStorage=str(storage))
    assert own_platform.database("batch")["AllocatedStorage"] == storage
