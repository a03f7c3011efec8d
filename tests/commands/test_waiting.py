"""What a person sees while a stack is in progress."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from commands import progress
from commands.progress import Progress
from commands.waiting import watch

NESTED, DB = "AWS::CloudFormation::Stack", "AWS::RDS::DBInstance"
Rows = dict[str, tuple[str, str]]


class Making:
    """A stack that is further at each look."""

    name = "hydra"

    def __init__(self, *looks: Rows) -> None:
        self._looks = iter(looks)
        self._left = len(looks) - 1

    @property
    def status(self) -> str:
        self._left -= 1
        return "CREATE_IN_PROGRESS" if self._left else "CREATE_COMPLETE"

    def everything(self) -> Iterator[tuple[str, Any]]:
        for path, (kind, status) in next(self._looks).items():
            yield path, {"ResourceType": kind, "ResourceStatus": status}


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[Progress]:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    monkeypatch.setattr(progress, "SILENCE", 0.0)
    before = signal.getsignal(signal.SIGINT)
    yield Progress()
    signal.signal(signal.SIGINT, before)


def test_what_is_slow_is_said_once_and_what_is_being_waited_for_in_between(
    patient: Progress, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = {
        "Batch": (NESTED, "CREATE_IN_PROGRESS"),
        "Batch/Database": (NESTED, "CREATE_IN_PROGRESS"),
        "Batch/Database/Instance": (DB, "CREATE_IN_PROGRESS"),
        "Batch/Role": ("AWS::IAM::Role", "CREATE_IN_PROGRESS"),
    }
    further = {**begun, "Batch/Role": ("AWS::IAM::Role", "CREATE_COMPLETE")}
    done = {path: (kind, "CREATE_COMPLETE") for path, (kind, _) in begun.items()}
    looks: list[str] = []
    stack: Any = Making({}, begun, further, done)
    watch(stack, patient, lambda: looks.append("look"))
    assert [line.partition("  ")[2].strip()[6:] for line in capsys.readouterr().out.splitlines()] == [
        "Batch/Database/Instance: CREATE_IN_PROGRESS, usually 5 to 20 minutes",
        "In progress: Batch/Database/Instance, Batch/Role",
        "In progress: Batch/Database/Instance",
        "Batch: CREATE_COMPLETE",
        "Batch/Database: CREATE_COMPLETE",
    ]
    assert looks == ["look"] * 3
