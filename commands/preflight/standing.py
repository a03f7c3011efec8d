"""The stack as it is: whether it can be changed at all."""

from __future__ import annotations

from collections.abc import Iterator

from commands.preflight.ground import Ground
from commands.preflight.outcome import Outcome, fault, ok, warning
from commands.way_on import DEAD_ENDS


def stack(ground: Ground) -> Iterator[Outcome]:
    """A stack in a dead end takes no deploy; one in progress takes it later."""
    name, status = ground.stack.name, ground.description.get("StackStatus", "")
    if ground.unseen:
        yield warning(f"{name}: {ground.unseen}")
    elif status in DEAD_ENDS:
        yield fault(f"{name} is in {status}", DEAD_ENDS[status].format(name=name))
    elif status.endswith("_IN_PROGRESS") and not status.endswith("CLEANUP_IN_PROGRESS"):
        yield warning(f"{name} is in {status}: a deploy waits for its end")
    else:
        yield ok(f"{name} is in {status}" if status else f"there is no {name} yet")
