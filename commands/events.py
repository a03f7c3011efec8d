"""Why a stack failed: the first cause, which is in the events of a nested stack as a rule (P42)."""

from __future__ import annotations

from typing import Any

from commands.stack import Stack

NESTED = "AWS::CloudFormation::Stack"
# What CloudFormation says of a resource that failed because another one had.
CONSEQUENCES = ("Resource creation cancelled", "Resource update cancelled", "The following resource(s) failed")

Event = dict[str, Any]


def first_cause(stack: Stack) -> str:
    """Return what failed first in the stack's last operation, and why, in one line; empty where nothing did."""
    client: Any = stack.session.client("cloudformation")
    causes = list(_causes(client, stack.name, ""))
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


def _causes(client: Any, name: str, path: str) -> list[tuple[str, Event]]:
    """Return what failed by itself in a stack's last operation and below: path of logical IDs, event."""
    found: list[tuple[str, Event]] = []
    for event in _last_operation(client, name):
        here = f"{path}{event['LogicalResourceId']}"
        is_itself = event["PhysicalResourceId"] == event["StackId"]
        if not event["ResourceStatus"].endswith("FAILED") or is_itself:
            continue
        if event["ResourceType"] == NESTED and event["PhysicalResourceId"]:
            below = _causes(client, event["PhysicalResourceId"], f"{here}/")
            if below:
                found += below
                continue
        if not event.get("ResourceStatusReason", "").startswith(CONSEQUENCES):
            found.append((here, event))
    return found


def _last_operation(client: Any, name: str) -> list[Event]:
    """Return a stack's events since it was last made or changed; its rollback and its deletion belong to that."""
    events: list[Event] = []
    for page in client.get_paginator("describe_stack_events").paginate(StackName=name):
        for event in page["StackEvents"]:  # the newest first
            events.append(event)
            is_itself = event["PhysicalResourceId"] == event["StackId"]
            if is_itself and event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"):
                return events
    return events
