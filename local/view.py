"""`make status`, `make logs`, `make open`: looking at what runs."""

from __future__ import annotations

import sys
import time
import webbrowser
from collections.abc import Iterator
from datetime import datetime

from rich.console import Console
from rich.live import Live
from rich.table import Table

from local import emulator, stacks
from local.emulator import LocalError, client

EACH = 1.0  # seconds between two looks
LINES = 200  # that `make logs` begins with
Row = tuple[str, str, str, str]
Line = tuple[int, str, str]  # milliseconds since 1970, which stack, what was said


def running() -> str:
    """Return where the emulator answers. Raises LocalError where it does not run."""
    if not (address := emulator.url()):
        raise LocalError("The platform is not up: `make up`")
    return address


def open_page() -> None:
    address = stacks.outputs(client("cloudformation", running()))["TrackingUri"]
    print(address)
    webbrowser.open(address)


def status() -> None:
    """Show what there is; on a terminal, again and again until Ctrl-C."""
    address = running()
    if not sys.stdout.isatty():
        Console(width=160).print(_table(address))
        return
    with Live(_table(address), refresh_per_second=4) as live:
        while emulator.url():
            time.sleep(EACH)
            live.update(_table(address))


def _table(address: str) -> Table:
    table = Table(title=f"{stacks.ROOT} at {address}", title_justify="left")
    for heading in ("what", "name", "state", "more"):
        table.add_column(heading, overflow="fold")
    for rows in (_stacks(address), _databases(address), _tasks(address), _jobs(address)):
        for row in rows:
            table.add_row(*row)
        table.add_section()
    return table


def _stacks(address: str) -> Iterator[Row]:
    for stack in stacks.tree(client("cloudformation", address)):
        if stack["StackStatus"] != "DELETE_COMPLETE":
            changed = stack.get("LastUpdatedTime") or stack["CreationTime"]
            yield "stack", stacks.short(stack["StackName"]), stack["StackStatus"], f"{changed:%Y-%m-%d %H:%M:%S}"


def _databases(address: str) -> Iterator[Row]:
    rds = client("rds", address)
    for instance in rds.describe_db_instances()["DBInstances"]:
        where = f"{instance['Endpoint']['Address']}:{instance['Endpoint']['Port']}"
        yield "database", instance["DBInstanceIdentifier"], instance["DBInstanceStatus"], where
    for snapshot in rds.describe_db_snapshots()["DBSnapshots"]:
        yield "snapshot", snapshot["DBSnapshotIdentifier"], snapshot["Status"], f"{snapshot['SnapshotCreateTime']}"


def _tasks(address: str) -> Iterator[Row]:
    ecs = client("ecs", address)
    for cluster in ecs.list_clusters()["clusterArns"]:
        for desired in ("RUNNING", "STOPPED"):
            if tasks := ecs.list_tasks(cluster=cluster, desiredStatus=desired)["taskArns"]:
                for task in ecs.describe_tasks(cluster=cluster, tasks=tasks[:100])["tasks"]:
                    more = task.get("stoppedReason") or task.get("healthStatus", "")
                    yield "task", task["taskArn"].rsplit("/", 1)[-1], task["lastStatus"], more


def _jobs(address: str) -> Iterator[Row]:
    batch = client("batch", address)
    for queue in batch.describe_job_queues()["jobQueues"]:
        for state in ("RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"):
            for job in batch.list_jobs(jobQueue=queue["jobQueueName"], jobStatus=state)["jobSummaryList"]:
                yield "job", f"{job['jobName']} ({queue['jobQueueName']})", state, job.get("statusReason", "")


def logs(follow: bool) -> None:
    """Print what functions, tasks and jobs said last, the newest at the end; with `follow`, what they go on to say."""
    address, seen = running(), set[Line]()
    while True:
        said = [line for line in _said(address) if line not in seen]
        for moment, where, text in said[-LINES:]:
            print(f"{datetime.fromtimestamp(moment / 1000):%H:%M:%S} {where:<32} {text}", flush=True)
        seen.update(said)
        if not follow:
            return
        time.sleep(EACH)


def _said(address: str) -> list[Line]:
    cloudwatch = client("logs", address)
    found: list[Line] = []
    for page in cloudwatch.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            where = stacks.short(group["logGroupName"].split("/")[-2])
            for answer in cloudwatch.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
                found += [(event["timestamp"], where, event["message"].rstrip()) for event in answer["events"]]
    return sorted(found, key=lambda line: line[0])
