"""`make status`, `make logs`, `make open`: looking at what runs."""

from __future__ import annotations

import sys
import time
import webbrowser
from collections.abc import Iterator
from datetime import UTC, datetime

from rich.console import Console
from rich.live import Live
from rich.table import Table

from local import emulator, stacks
from local.emulator import LocalError, client

EACH = 1.0  # seconds between two looks
LINES = 200  # that `make logs` begins with
Row = tuple[str, str, str, str]


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
    address, seen = running(), set[str]()
    while True:
        said = [event for event in _said(address) if event[0] not in seen]
        for identity, moment, where, line in said[-LINES:]:
            seen.add(identity)
            print(f"{moment:%H:%M:%S} {where:<28.28} {line}", flush=True)
        seen.update(identity for identity, *_ in said)
        if not follow:
            return
        time.sleep(EACH)


def _said(address: str) -> list[tuple[str, datetime, str, str]]:
    found, cloudwatch = [], client("logs", address)
    for page in cloudwatch.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            events = cloudwatch.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
            for event in (event for answer in events for event in answer["events"]):
                moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                where = stacks.short(group["logGroupName"]) + "/" + event["logStreamName"].split("/")[0]
                found.append((event["eventId"], moment, where, event["message"].rstrip()))
    return sorted(found, key=lambda event: event[1])
