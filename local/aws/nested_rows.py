"""What a stack says of those that it nests: there while they are made, and by their IDs where they fail.

What it mends: ministack lists a nested stack when all of it is done, and the event of one that fails does not say which
it is. Whoever waits for an output of it, or asks for the cause, has to look below.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

KIND = "AWS::CloudFormation::Stack"


def install() -> None:
    from ministack.services.cloudformation import _stacks, stacks

    add = stacks._add_event

    def added(
        of: str,
        parent: str,
        logical_id: str,
        kind: str,
        status: str,
        reason: str = "",
        physical_id: str = "",
        *more: str,
    ) -> None:
        if kind == KIND and status.endswith("_FAILED") and not physical_id:
            physical_id = _stacks.get(name(parent, logical_id), {}).get("StackId", "")
        add(of, parent, logical_id, kind, status, reason, physical_id, *more)

    stacks._add_event = added


def resume() -> None:
    """Forget nested stacks that were being made, had failed and were gone when the emulator was killed."""
    from ministack.services.cloudformation import _stacks

    stacks = _stacks._data.values()
    there = {stack["StackId"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"}
    for stack in stacks:
        rows = stack.get("_resources", {})
        for logical_id in [key for key, row in rows.items() if row["ResourceType"] == KIND]:
            if rows[logical_id]["PhysicalResourceId"] not in there:
                del rows[logical_id]


def name(parent: str, logical_id: str) -> str:
    """Return the name of a nested stack: a parent that is made anew has another ID, and so children by other names."""
    from ministack.services.cloudformation import _stacks

    drawn = sha256(f"{_stacks[parent]['StackId']} {logical_id}".encode()).hexdigest()[:12].upper()
    return f"{parent}-{logical_id}"[:115] + f"-{drawn}"


@contextmanager
def listed(stack: dict[str, Any], parent: str, logical_id: str) -> Iterator[None]:
    """List a nested stack in its parent while it is made; not any more when that fails."""
    from ministack.services.cloudformation import _stacks

    row = {"PhysicalResourceId": stack["StackId"], "ResourceType": KIND, "ResourceStatus": "CREATE_IN_PROGRESS"}
    rows = _stacks[parent]["_resources"]
    # No properties: cut off here, it differs from what is wanted, and the next deployment goes on with it.
    rows[logical_id] = {**row, "Timestamp": stack["CreationTime"], "Properties": {}}
    try:
        yield
    except ValueError:
        del rows[logical_id]
        raise
