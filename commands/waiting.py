"""What a stack in progress is at, and how long that usually takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from commands.stack import NESTED

if TYPE_CHECKING:
    from commands.progress import Progress
    from commands.stack import Row, Stack

# What takes minutes as a rule, and how many: by experience, no promise of AWS's.
USUAL = {
    "AWS::RDS::DBInstance": "5 to 20",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "2 to 4",
    "AWS::ECS::Service": "2 to 10: until its tasks are healthy",
    "AWS::Batch::ComputeEnvironment": "1 to 3",
    "Custom::DbInit": "1 to 3",
}
State = tuple[str, object]


def watch(stack: Stack, progress: Progress, alongside: Callable[[], None]) -> None:
    """Say what changes until the stack is at rest; `alongside` is called at each look."""
    seen, ended, told = _states(dict(stack.everything())), False, set[str]()
    while not ended:
        ended = not stack.status.endswith("_IN_PROGRESS")
        rows = dict(stack.everything())
        now, busy = _states(rows), _busy(rows)
        for path, state in now.items():
            if seen.get(path) != state and not state[0].endswith("_IN_PROGRESS"):
                progress.say(f"{path}: {state[0]}")
        for path, usual in busy.items():
            if usual and path not in told:
                progress.say(f"{path}: {rows[path]['ResourceStatus']}, usually {usual} minutes")
        seen, told = now, told | busy.keys()
        alongside()
        if not ended:
            progress.still(f"In progress: {', '.join(busy) or stack.status}")
            progress.pause()


def _states(rows: dict[str, Row]) -> dict[str, State]:
    """Nested stacks by path: status, and when it last changed."""
    nested = {path: row for path, row in rows.items() if row["ResourceType"] == NESTED}
    return {path: (row["ResourceStatus"], row.get("LastUpdatedTimestamp")) for path, row in nested.items()}


def _busy(rows: dict[str, Row]) -> dict[str, str]:
    """What is in progress, the nested stacks left out that have something of that in them: path, how long usually."""
    busy = [path for path, row in rows.items() if row["ResourceStatus"].endswith("_IN_PROGRESS")]
    lowest = [path for path in busy if not any(other.startswith(f"{path}/") for other in busy)]
    return {path: USUAL.get(rows[path]["ResourceType"], "") for path in lowest}
