"""Why a stack failed: the first cause, which is in the events of a nested stack as a rule (P42)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from commands.stack import Stack

NESTED = "AWS::CloudFormation::Stack"
# What CloudFormation says of a resource that failed because another one had.
CONSEQUENCES = ("Resource creation cancelled", "Resource update cancelled", "The following resource(s) failed")

Event = dict[str, Any]


def first_cause(stack: Stack) -> str:
    """Return what failed first in the stack's last operation, and why, in one line; empty where nothing did."""
    client: Any = stack.session.client("cloudformation")
    causes = _causes(client, stack.name, _beginning(client, stack.name), "")
    if not causes:
        return ""
    path, event = min(causes, key=lambda cause: cause[1]["Timestamp"])
    reason = " ".join(str(event.get("ResourceStatusReason", event["ResourceStatus"])).split())
    return f"{path} ({event['ResourceType']}): {reason}"


def latest(stack: Stack) -> str:
    """Return the ID of the stack's newest event; empty where there is no stack."""
    client: Any = stack.session.client("cloudformation")
    if not stack.description:
        return ""
    return str(client.describe_stack_events(StackName=stack.name)["StackEvents"][0]["EventId"])


def _beginning(client: Any, name: str) -> datetime:
    """Return when the stack was last begun to be made or changed; its rollback belongs to that."""
    for event in _newest_first(client, name):
        if _is_itself(event) and event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"):
            return event["Timestamp"]  # type: ignore[no-any-return]
    return datetime.min.replace(tzinfo=UTC)


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
    return [event for page in pages for event in page["StackEvents"]]


def _is_itself(event: Event) -> bool:
    return bool(event["PhysicalResourceId"] == event["StackId"])
