"""Why a stack failed: the first cause, which is in the events of a nested stack as a rule (P42)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from commands import CommandError
from commands.causes import advice
from commands.stack import NESTED, Stack
from commands.way_on import way_on

if TYPE_CHECKING:
    from commands.configuration import Configuration

BEGUN = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS")  # a rollback belongs to what it takes back
EVER = datetime.min.replace(tzinfo=UTC)
# What CloudFormation says of a resource that failed because another one had.
CONSEQUENCES = ("Resource creation cancelled", "Resource update cancelled", "The following resource(s) failed")

Event = dict[str, Any]


def events(configuration: Configuration) -> None:
    """Say what failed first in the last operation, what to do about it, and how to go on from there."""
    stack = Stack(configuration.session(), configuration.stack_name)
    found = stack if stack.description else stack.deleted
    if not found:
        raise CommandError(f"There is no stack {stack.name}, and none was deleted in the last 90 days")
    status = found.status or "DELETE_COMPLETE"
    if said := first_cause(found):
        print(f"{said}\n{stack.name} is in {status}")
        if remedy := advice(said):
            print(f"What to do: {remedy}")
    else:
        print(f"{stack.name} is in {status}: nothing failed in its last operation")
    if way := way_on(found, status):
        print(f"The way on: {way}")


def first_cause(stack: Stack) -> str:
    """Return what failed first in the stack's last operation, and why, in one line; empty where nothing did."""
    return cause(stack.session.client("cloudformation"), stack.name)


def cause(client: Any, name: str, since: datetime = EVER) -> str:
    """Return the same by a client, of what has begun since a time."""
    until = None
    for began, is_deletion in _operations(client, name):
        causes = [] if began < since else _causes(client, name, began, "")
        causes = [found for found in causes if not until or found[1]["Timestamp"] < until]
        if causes:
            path, event = min(causes, key=lambda found: found[1]["Timestamp"])
            reason = " ".join(str(event.get("ResourceStatusReason", event["ResourceStatus"])).split())
            return f"{path} ({event['ResourceType']}): {reason}"
        if not is_deletion:  # a deletion that went well has followed a failure, as a rule
            break
        until = began
    return ""


def latest(stack: Stack) -> str:
    """Return the ID of the stack's newest event; empty where there is no stack."""
    client: Any = stack.session.client("cloudformation")
    if not stack.description:
        return ""
    return str(client.describe_stack_events(StackName=stack.name)["StackEvents"][0]["EventId"])


def _operations(client: Any, name: str) -> Iterator[tuple[datetime, bool]]:
    """Yield when the stack was begun to be made, changed or deleted, the last time first, and whether to be deleted."""
    for event in _newest_first(client, name):
        if _is_itself(event) and event["ResourceStatus"] in BEGUN:
            yield event["Timestamp"], event["ResourceStatus"] == "DELETE_IN_PROGRESS"


def _causes(client: Any, name: str, since: datetime, path: str) -> list[tuple[str, Event]]:
    """Return what has failed by itself in a stack and below since a time: path of logical IDs, event."""
    found: list[tuple[str, Event]] = []
    for event in _newest_first(client, name):
        if event["Timestamp"] < since:
            break
        if not event["ResourceStatus"].endswith("FAILED") or _is_itself(event):
            continue
        here = f"{path}{event['LogicalResourceId']}"
        is_nested = event["ResourceType"] == NESTED and event["PhysicalResourceId"]
        if is_nested and (below := _causes(client, event["PhysicalResourceId"], since, f"{here}/")):
            found += below
        elif not event.get("ResourceStatusReason", "").startswith(CONSEQUENCES):
            found.append((here, event))
    return found


def _newest_first(client: Any, name: str) -> list[Event]:
    pages = client.get_paginator("describe_stack_events").paginate(StackName=name)
    try:
        return [event for page in pages for event in page["StackEvents"]]
    except ClientError as error:
        if "does not exist" in str(error):
            return []
        raise


def _is_itself(event: Event) -> bool:
    return bool(event["PhysicalResourceId"] == event["StackId"])
