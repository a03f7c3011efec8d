"""What a check says: one line, and how to mend what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OK, WARNING, FAULT = "ok", "warning", "fault"


class NotCheckedError(Exception):
    """A look that could not be taken; the message is one line that says why, and which permission it takes."""

    def __init__(self, why: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"not checked: {' '.join(why.split())}")
        self.headers = headers or {}  # of the answer


@dataclass(frozen=True)
class Outcome:
    """What was found, and the fix: a command or a setting. `check` is the name of the check that said it."""

    level: str
    said: str
    fix: str = ""
    check: str = ""

    def __str__(self) -> str:
        fix = f"; fix: {self.fix}" if self.fix else ""
        return f"{self.level:<9}{self.check:<22}{self.said}{fix}"


def ok(said: str) -> Outcome:
    return Outcome(OK, said)


def warning(said: str, fix: str = "") -> Outcome:
    return Outcome(WARNING, said, fix)


def fault(said: str, fix: str) -> Outcome:
    return Outcome(FAULT, said, fix)
