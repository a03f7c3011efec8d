"""Nested stacks, deployed as stacks of their own through the emulator's front door.

What it mends: ministack deploys a nested stack by a shorter way, which leaves out SAM's transform, dynamic references
and rules, rolls nothing back, heeds no deletion policy when one is deleted, and holds up every other request meanwhile.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Any

from botocore.exceptions import ClientError

from local.aws.api import client
from local.aws.nested_rows import KIND, listed, name

DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
BEGUN = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}
POLLED = 0.05  # seconds
UNCHANGED = "No updates are to be performed"
Attributes = dict[str, str]
# Whether the parent goes on with a rollback that had failed: its children then do too.
CONTINUED: ContextVar[bool] = ContextVar("continued", default=False)


def install() -> None:
    from ministack.services.cloudformation import handlers
    from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

    continue_rollback = handlers._continue_update_rollback_async

    async def continued(*arguments: Any) -> None:
        CONTINUED.set(True)
        await continue_rollback(*arguments)

    handlers._continue_update_rollback_async = continued
    _RESOURCE_HANDLERS[KIND] = {"create": _create, "update": _update, "delete": _delete}


def _create(logical_id: str, properties: dict[str, Any], parent: str) -> tuple[str, Attributes]:
    from ministack.services.cloudformation import _stacks

    called = name(parent, logical_id)
    if called in _stacks and "DELETE" not in _stacks[called]["StackStatus"]:
        return _update(called, {}, properties, parent)  # made, then the emulator was killed before the parent heard
    stack = _asked("create_stack", called, OnFailure="DELETE", **_arguments(properties))
    stack.update(_parent(parent))
    with listed(stack, parent, logical_id):
        return _outcome(stack)


def _update(physical_id: str, _old: dict[str, Any], new: dict[str, Any], _parent: str) -> tuple[str, Attributes]:
    if CONTINUED.get() and _stack(physical_id)["StackStatus"] == "UPDATE_ROLLBACK_FAILED":
        _awaited(_asked("continue_update_rollback", physical_id))
    try:
        return _outcome(_asked("update_stack", physical_id, **_arguments(new)))
    except ClientError as error:
        if UNCHANGED not in str(error):
            raise
        return _attributes(_stack(physical_id))


def _delete(physical_id: str, _properties: dict[str, Any]) -> None:
    if _stack(physical_id).get("StackStatus", "DELETE_COMPLETE") == "DELETE_COMPLETE":
        return
    stack = _awaited(_asked("delete_stack", physical_id))
    if stack["StackStatus"] != "DELETE_COMPLETE":
        raise ValueError(f"{physical_id}: {stack.get('StackStatusReason') or stack['StackStatus']}")


def _arguments(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "TemplateURL": properties["TemplateURL"],
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": _text(value)}
            for key, value in (properties.get("Parameters") or {}).items()
        ],
        "Tags": [tag for tag in properties.get("Tags") or [] if not tag["Key"].startswith("aws:")],
        "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    }


def _text(value: Any) -> str:
    if isinstance(value, list):
        raise ValueError("Value of property Parameters must be an object with String (or simple type) properties")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parent(name: str) -> dict[str, str]:
    from ministack.services.cloudformation import _stacks

    parent = _stacks[name]
    return {"ParentId": parent["StackId"], "RootId": parent.get("RootId", parent["StackId"])}


def _stack(name_or_id: str) -> dict[str, Any]:
    from ministack.services.cloudformation.handlers import _resolve_stack

    return _resolve_stack(name_or_id) or {}


def _asked(operation: str, name_or_id: str, **arguments: Any) -> dict[str, Any]:
    """Ask for an operation on a stack, and return the stack once that has begun."""
    before = _events(_stack(name_or_id))
    getattr(client("cloudformation"), operation)(StackName=name_or_id, **arguments)
    while _events(_stack(name_or_id)) == before:
        time.sleep(POLLED)
    return _stack(name_or_id)


def _awaited(stack: dict[str, Any]) -> dict[str, Any]:
    """Wait until a stack is at rest, and return it."""
    while stack["StackStatus"].endswith("IN_PROGRESS"):
        time.sleep(POLLED)
        stack = _stack(stack["StackId"])
    return stack


def _outcome(stack: dict[str, Any]) -> tuple[str, Attributes]:
    stack = _awaited(stack)
    if stack["StackStatus"] in DONE:
        return _attributes(stack)
    cause = stack["StackStatus"]
    for event in _events(stack):
        if event["LogicalResourceId"] == stack["StackName"] and event["ResourceStatus"] in BEGUN:
            cause = stack["StackStatus"]
        elif event["ResourceStatus"].endswith("_FAILED") and cause == stack["StackStatus"]:
            cause = event["ResourceStatusReason"]
    raise ValueError(f"Embedded stack {stack['StackId']} was not successfully deployed: {cause}")


def _events(stack: dict[str, Any]) -> list[dict[str, str]]:
    from ministack.services.cloudformation import _stack_events

    return list(_stack_events.get(stack.get("StackId"), []))


def _attributes(stack: dict[str, Any]) -> tuple[str, Attributes]:
    outputs = {f"Outputs.{output['OutputKey']}": output["OutputValue"] for output in stack["Outputs"]}
    return stack["StackId"], outputs
