"""Log events in files, one for each stream.

What it mends: ministack keeps each event twice in memory and for ever, and copies all of them whenever its state is
written down, which takes seconds once a program has said some 10,000 lines, and holds up every request meanwhile.
"""

from __future__ import annotations

import json
from collections import deque
from contextlib import suppress
from copy import deepcopy
from typing import Any
from uuid import uuid4

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import cloudwatch_logs

from local.places import PLATFORM

FOLDER = PLATFORM / "logs"
KEPT = 10_000  # events of a stream: those before them go
OTHERS = (
    "destinations",
    "resource_policies",
    "log_group_policies",
    "metric_filters",
    "queries",
    "delivery_sources",
    "delivery_destinations",
    "deliveries",
)

_append = cloudwatch_logs._append_log_events


class _Nothing(AccountRegionScopedDict):  # type: ignore[misc]
    """What ministack keeps of each event besides, for queries of its Insights."""

    def __setitem__(self, key: Any, value: Any) -> None:
        pass


def append(stream: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """Add events to a stream and to its file."""
    _append(stream, events)
    with cloudwatch_logs._log_events_lock:
        if len(stream["events"]) > KEPT * 1.1:
            del stream["events"][:-KEPT]
    name = stream.setdefault("file", f"{uuid4().hex}.jsonl")
    with (FOLDER / name).open("a") as file:
        file.writelines(json.dumps(event) + "\n" for event in events)


def get_state() -> dict[str, Any]:
    """Return all that is to be written down: the streams without their events."""
    groups = AccountRegionScopedDict()
    for key, group in cloudwatch_logs._log_groups.all_items():
        streams = {name: {**stream, "events": []} for name, stream in list(group["streams"].items())}
        groups._data[key] = {**deepcopy({**group, "streams": {}}), "streams": streams}
    return {"log_groups": groups, **{name: deepcopy(getattr(cloudwatch_logs, f"_{name}")) for name in OTHERS}}


def resume() -> None:
    """Read the events again, and take away the files of streams that are no more."""
    left = {path.name: path for path in FOLDER.iterdir()}
    for group in cloudwatch_logs._log_groups.all_values():
        for stream in group["streams"].values():
            if path := left.pop(stream.get("file", ""), None):
                lines = deque(path.open(), KEPT)
                with suppress(ValueError):  # of the last one, which a kill has cut off
                    stream["events"].extend(map(json.loads, lines))
                path.write_text("".join(json.dumps(event) + "\n" for event in stream["events"]))
    for path in left.values():
        path.unlink()


def install() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True, mode=0o700)
    cloudwatch_logs._append_log_events = append
    cloudwatch_logs._log_records = _Nothing()
    cloudwatch_logs.get_state = get_state
