"""Nested stacks, deployed as stacks of their own through the emulator's front door.

What it mends: ministack deploys a nested stack by a shorter way, which leaves out SAM's transform, dynamic references
and rules, rolls nothing back, heeds no deletion policy when one is deleted, and holds up every other request meanwhile.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from hashlib import sha256
from typing import Any

from botocore.exceptions import ClientError

from local.aws.api import client

DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
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
    _RESOURCE_HANDLERS["AWS::CloudFormation::Stack"] = {"create": _create, "update": _update, "delete": _delete}


def _create(logical_id: str, properties: dict[str, Any], parent: str) -> tuple[str, Attributes]:
    from ministack.services.cloudformation import _stacks

    # A parent that is made anew has another ID, and so children, and resources of theirs, by other names.
    drawn = sha256(f"{_stacks[parent]['StackId']} {logical_id}".encode()).hexdigest()[:12].upper()
    name = f"{parent}-{logical_id}"[:115] + f"-{drawn}"
    if name in _stacks and "DELETE" not in _stacks[name]["StackStatus"]:
        return _update(name, {}, properties, parent)  # made, then the emulator was killed before the parent heard
    asked = client("cloudformation")
    asked.create_stack(StackName=name, OnFailure="DELETE", **_arguments(properties))
    _stacks[name].update(_parent(parent))
    return _outcome(asked, _stacks[name]["StackId"])


def _update(physical_id: str, _old: dict[str, Any], new: dict[str, Any], _parent: str) -> tuple[str, Attributes]:
    asked = client("cloudformation")
    if CONTINUED.get() and _awaited(asked, physical_id)["StackStatus"] == "UPDATE_ROLLBACK_FAILED":
        asked.continue_update_rollback(StackName=physical_id)
        _awaited(asked, physical_id)
    try:
        asked.update_stack(StackName=physical_id, **_arguments(new))
    except ClientError as error:
        if UNCHANGED not in str(error):
            raise
        (stack,) = asked.describe_stacks(StackName=physical_id)["Stacks"]
        return stack["StackId"], _outputs(stack)
    return _outcome(asked, physical_id)


def _delete(physical_id: str, _properties: dict[str, Any]) -> None:
    asked = client("cloudformation")
    try:
        asked.delete_stack(StackName=physical_id)
        stack = _awaited(asked, physical_id)
    except ClientError as error:
        if "does not exist" in str(error):
            return
        raise
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


def _awaited(asked: Any, stack_id: str) -> Any:
    while True:
        (stack,) = asked.describe_stacks(StackName=stack_id)["Stacks"]
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            return stack
        time.sleep(POLLED)


def _outcome(asked: Any, stack_id: str) -> tuple[str, Attributes]:
    stack = _awaited(asked, stack_id)
    if stack["StackStatus"] in DONE:
        return stack["StackId"], _outputs(stack)
    events = asked.describe_stack_events(StackName=stack_id)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    cause = failed[-1].get("ResourceStatusReason", "") if failed else stack["StackStatus"]
    raise ValueError(f"Embedded stack {stack_id} was not successfully deployed: {cause}")


def _outputs(stack: Any) -> Attributes:
    return {f"Outputs.{output['OutputKey']}": output["OutputValue"] for output in stack.get("Outputs", [])}
