"""A stack at rest: waited for, good or not, and out of the way where it was never made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from commands import CommandError
from commands.events import first_cause
from commands.waiting import watch
from commands.way_on import DEAD_ENDS
from templates_py.review.data import HOLDS_DATA

if TYPE_CHECKING:
    from commands.progress import Progress
    from commands.stack import Stack

GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_COMPLETE")


class DeploymentError(CommandError):
    """The stack could not be made or changed."""


def settle(stack: Stack, progress: Progress, alongside: Callable[[], None] = lambda: None) -> None:
    """Wait for what somebody else, or an interrupted command, has begun; no change can be made before its end.

    A stack that was never made is deleted, if nothing in it holds data: only then can it be made anew. Raises
    DeploymentError where what was begun fails, or where the stack is one that cannot be changed.
    """
    began = stack.status
    if began == "ROLLBACK_COMPLETE" and not _holds_data(stack):
        progress.say(f"{stack.name} was not made the last time, and nothing in it holds data: deleting it")
        client: Any = stack.session.client("cloudformation")
        client.delete_stack(StackName=stack.name)
        progress.until(lambda: not stack.status or None, f"Deleting {stack.name}")
        return
    if began.endswith("_IN_PROGRESS") and began not in DEAD_ENDS:
        progress.say(f"{stack.name} is in progress already ({began}): waiting for its end")
        watch(stack, progress, alongside)
    status = stack.status
    if status in DEAD_ENDS or status != began:
        check_end(stack)


def check_end(stack: Stack) -> None:
    """Raise DeploymentError that says the first cause and the way out, where the stack did not end well."""
    status = stack.status
    if status not in GOOD:
        way = DEAD_ENDS.get(status, "").format(name=stack.name)
        way = f". The stack is in {status}: {way}, then run this again" if way else ""
        raise DeploymentError(f"{stack.name}: {first_cause(stack) or status}{way}")


def _holds_data(stack: Stack) -> bool:
    """Whether something that holds data is still there; what could not be looked at is."""
    rows = [row for _, row in stack.everything() if row["ResourceType"] in HOLDS_DATA]
    return any(row["ResourceStatus"] != "DELETE_COMPLETE" for row in rows)
