"""`make up` after a change: it reaches what runs, in place, and a bad one leaves all as it was."""

from __future__ import annotations

import pytest

from local.ports import free
from tests.local.harness import Platform

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("platform")]


def queue(platform: Platform) -> dict[str, object]:
    (found,) = platform.client("batch").describe_job_queues(jobQueues=["hydra-ml-queue"])["jobQueues"]
    return dict(found)


def test_changed_parameters_reach_what_they_are_for_and_are_kept(platform: Platform) -> None:
    before, rows = platform.database("batch"), platform.rows("SELECT * FROM hydra.schema_info")
    port = free("another")
    with platform.changed(BatchAllocatedStorage="31", BatchDbPort=str(port)):
        after = platform.database("batch")
        assert after["AllocatedStorage"] == 31
        assert after["Endpoint"]["Port"] == port
        assert after["DbiResourceId"] == before["DbiResourceId"]
        assert platform.rows("SELECT * FROM hydra.schema_info") == rows
        assert "unchanged" in platform.up()
        assert platform.parameters()["BatchAllocatedStorage"] == "31"
    assert platform.database("batch")["AllocatedStorage"] == before["AllocatedStorage"]
    assert platform.database("batch")["Endpoint"] == before["Endpoint"]


def test_a_changed_setting_reaches_the_queue(platform: Platform) -> None:
    arn, priority = queue(platform)["jobQueueArn"], queue(platform)["priority"]
    with platform.edited("hydra.toml", lambda text: text.replace("priority = 1", "priority = 7")):
        platform.up()
        assert queue(platform)["priority"] == 7
        assert queue(platform)["jobQueueArn"] == arn
    assert queue(platform)["priority"] == priority


def test_a_broken_script_is_taken_back_with_the_old_data_there(platform: Platform) -> None:
    tables = platform.rows("SHOW TABLES FROM hydra")
    columns = platform.rows("SELECT * FROM information_schema.columns WHERE table_schema = 'hydra'")
    with platform.edited("functions/db_init/schema/0001_jobs.sql", lambda text: text + "\nSELEC 1;\n"):
        done = platform.make("up")
        assert done.returncode != 0
        (said,) = (line for line in done.stdout.splitlines() if "First cause" in line)
        assert "First cause: Batch/LambdaInvocation/DbInit (" in said
        assert "SELEC 1" in said or "syntax" in said
        first, state, way = platform.command("events").stdout.splitlines()
        assert first == said.partition("First cause: ")[2]
        assert (state, way) == (
            "hydra is in UPDATE_ROLLBACK_COMPLETE",
            "The way on: all is as it was before that: mend the cause, and deploy again",
        )
        assert platform.stack()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert platform.rows("SHOW TABLES FROM hydra") == tables
        assert platform.rows("SELECT * FROM information_schema.columns WHERE table_schema = 'hydra'") == columns
    assert "unchanged" in platform.up()


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("TaskMemory", "PARAMETERS: 'TaskMemory': expected NAME=value"),
        ("MinTask=1", "PARAMETERS: MinTask: unknown parameter, did you mean MinTasks?"),
        ("BatchAllocatedStorage=1", "hydra was not deployed: Error: "),
    ],
)
def test_a_wrong_parameter_is_one_line_and_changes_nothing(platform: Platform, parameters: str, said: str) -> None:
    before = platform.parameters()
    done = platform.make("up", PARAMETERS=parameters)
    try:
        assert done.returncode != 0
        (line,) = (line for line in done.stdout.splitlines() if said in line)
        assert parameters.split("=")[0] in line
        assert "Traceback" not in done.stdout
        assert platform.parameters() == before
    finally:
        platform.up()
