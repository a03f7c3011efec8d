"""What CloudFormation says of the platform's stacks: their states, their outputs, and what happens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

ROOT = "hydra"
UNCHANGED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")  # is as its last good deployment


def status(cloudformation: Any, name: str = ROOT) -> str:
    """Return a stack's state; an empty one where there is no such stack."""
    try:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    except ClientError as error:
        if "does not exist" in str(error):
            return ""
        raise


def outputs(cloudformation: Any, name: str = ROOT) -> dict[str, str]:
    """Return a stack's outputs by their names."""
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def settle(cloudformation: Any) -> None:
    """Bring the root to a state from which it can be deployed, as one would on AWS by hand.

    What failed at its first creation holds nothing, and is deleted.
    """
    found = status(cloudformation)
    if found == "UPDATE_ROLLBACK_FAILED":
        cloudformation.continue_update_rollback(StackName=ROOT)
    elif found in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
        cloudformation.delete_stack(StackName=ROOT)
    while status(cloudformation).endswith("IN_PROGRESS"):
        time.sleep(0.2)


def tree(cloudformation: Any) -> Iterator[dict[str, Any]]:
    """Yield the root and all that it nests, deleted ones too."""
    for page in cloudformation.get_paginator("list_stacks").paginate():
        for stack in page["StackSummaries"]:
            if stack["StackName"] == ROOT or stack["StackName"].startswith(f"{ROOT}-"):
                yield stack


Moment = tuple[str, str, datetime]


def moments(cloudformation: Any) -> set[Moment]:
    """Return where each stack of the tree stands that is at rest, and since which operation."""
    return {
        (short(stack["StackName"]), stack["StackStatus"], stack.get("LastUpdatedTime") or stack["CreationTime"])
        for stack in tree(cloudformation)
        if not stack["StackStatus"].endswith("IN_PROGRESS")
    }


def nested_first(moment: Moment) -> tuple[int, bool, datetime]:
    """Order what came to rest within one look as it must have: what is nested before what nests it."""
    name, _, since = moment
    return -name.count("/"), name == ROOT, since


def short(name: str) -> str:
    """Return a nested stack's name as one thinks of it: hydra-Batch-F116EF-Database-CC3776 is Batch/Database."""
    steps = name.split("-")[1::2]
    return "/".join(steps) or name
