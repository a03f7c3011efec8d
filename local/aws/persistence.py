"""State that outlives a killed emulator, and stacks that can be deployed again after that.

What it mends: ministack writes its state when it is stopped in good order, never otherwise; and a stack whose operation
was cut off stays IN_PROGRESS for ever.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

LOGGER = logging.getLogger(__name__)
EACH = 0.5  # seconds between two looks at whether there is anything new to write
CUT_OFF = "The emulator was stopped in the middle of this; the next deployment goes on from here"

_written: dict[str, Any] = {}


def install() -> None:
    from ministack.core import persistence

    save = persistence.save_state

    def save_changed(service: str, state: Any) -> None:
        plain = _plain(state)
        if _written.get(service) != plain:
            save(service, state)
            _written[service] = plain

    persistence.save_state = save_changed


def resume() -> None:
    """Settle the stacks whose operation was cut off.

    What is there of them stays, and the next deployment is an update of it, as after a rollback; a deletion can be
    asked for again.
    """
    from ministack.services.cloudformation import _stacks
    from ministack.services.cloudformation.stacks import _add_event

    for stack in _stacks._data.values():
        if stack["StackStatus"].endswith("_IN_PROGRESS"):
            deleting = stack["StackStatus"] == "DELETE_IN_PROGRESS"
            stack["StackStatus"] = "DELETE_FAILED" if deleting else "UPDATE_ROLLBACK_COMPLETE"
            stack["StackStatusReason"] = CUT_OFF
            stack["_template"] = {**stack["_template"], "Metadata": {"CutOff": True}}  # the same one is an update then
            name, kind = stack["StackName"], "AWS::CloudFormation::Stack"
            _add_event(stack["StackId"], name, name, kind, stack["StackStatus"], CUT_OFF, stack["StackId"])


async def keep() -> None:
    """Write what has changed, time and again; where there is much to look through, less often."""
    pause = EACH
    while True:
        await asyncio.sleep(pause)
        began = time.monotonic()
        checkpoint()
        pause = max(EACH, 10 * (time.monotonic() - began))


def checkpoint() -> None:
    """Write what has changed since the last time; CloudFormation's last, so that what it knows of is there."""
    from ministack import app
    from ministack.core.persistence import save_all

    services = app._build_persistence_save_dict()
    try:
        save_all({name: services[name] for name in sorted(services, key="cloudformation".__eq__)})
    except RuntimeError as error:  # a thread changed something meanwhile: the next time will do
        LOGGER.debug("%s", error)


def _plain(state: Any) -> Any:
    """Return a state in a form that compares by value."""
    if hasattr(state, "_data"):
        return dict(state._data)
    return {key: _plain(value) for key, value in state.items()} if isinstance(state, dict) else state
