"""What is killed, interrupted or stopped comes back by `make up`, with all data there."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from tests.local.checkout import until
from tests.local.harness import Platform

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]


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


def test_a_first_deployment_that_is_killed_is_completed_by_the_next(prepared: None) -> None:
    platform = Platform()
    try:
        started = platform.start("up")
        wait_for_line(started, "Batch/Database create complete")
        kill(platform)
        said, _ = started.communicate()
        assert started.returncode != 0
        assert "Traceback" not in said
        platform.up()
        assert platform.rows("SELECT COUNT(*) FROM hydra.schema_info") == [["1"]]
        assert platform.outputs()["LambdaInvocationResponse"].startswith("schema 1: ")
        assert len([line for line in platform.processes() if "mysqld" in line or "mariadbd" in line]) == 2
    finally:
        platform.end()


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


@pytest.mark.parametrize("moment", ["Emulator", "Batch/Database update complete"])
def test_ctrl_c_leaves_nothing_running_and_nothing_broken(own_platform: Platform, moment: str) -> None:
    storage = own_platform.database("batch")["AllocatedStorage"] + 1
    own_platform.make("down")
    started = own_platform.start("up", PARAMETERS=f"BatchAllocatedStorage={storage}")
    wait_for_line(started, moment)
    os.killpg(started.pid, signal.SIGINT)
    said, _ = started.communicate()
    assert "Stopping everything" in said
    assert "Traceback" not in said
    assert own_platform.processes() == []
    own_platform.up(BatchAllocatedStorage=str(storage))
    assert own_platform.database("batch")["AllocatedStorage"] == storage
