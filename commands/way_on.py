"""How to go on from the state that a stack is in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from commands.stack import NESTED

if TYPE_CHECKING:
    from commands.stack import Stack

# What cannot be updated, and the way out.
DEAD_ENDS = {
    "CREATE_FAILED": "delete it (make destroy)",
    "ROLLBACK_COMPLETE": "delete it (make destroy)",
    "ROLLBACK_FAILED": "empty or unprotect what it could not delete, and delete it (make destroy)",
    "DELETE_FAILED": "mend the cause, and delete it again (make destroy)",
    "UPDATE_ROLLBACK_FAILED": "finish its rollback (aws cloudformation continue-update-rollback --stack-name {name})",
    "DELETE_IN_PROGRESS": "wait for its end",
}
OTHERS = {
    "UPDATE_ROLLBACK_COMPLETE": "all is as it was before that: mend the cause, and deploy again",
    "UPDATE_FAILED": "mend the cause, and deploy again; or take it back (aws cloudformation rollback-stack "
    "--stack-name {name})",
    "DELETE_COMPLETE": "deploy again: it is made anew",
}


def way_on(stack: Stack, status: str) -> str:
    """Return how to go on; empty where there is nothing to do."""
    if status.endswith("_IN_PROGRESS"):
        return "wait for its end"
    way = {**DEAD_ENDS, **OTHERS}.get(status, "").format(name=stack.name)
    if status == "UPDATE_ROLLBACK_FAILED":
        skipped = " ".join(_unrestored(stack))
        return f"mend the cause, and {way}; or leave as it is what cannot be mended: --resources-to-skip {skipped}"
    return f"{way}, then deploy again" if status in DEAD_ENDS else way


def _unrestored(stack: Stack) -> Iterator[str]:
    """Yield what the rollback failed at, as CloudFormation wants it named: NESTEDSTACK.LOGICALID."""
    for above, inner, resources in stack.stacks():
        for title, row in resources.items():
            if row["ResourceStatus"] == "UPDATE_FAILED" and row["ResourceType"] != NESTED:
                yield f"{inner.name.split('/')[1]}.{title}" if above else title
