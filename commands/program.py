"""A program that runs alongside, with what it says in a file of its own; gone when its block ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

LOGS = Path(".aws-sam")  # beside what `sam build` made, and as lasting


class Program:
    """A Python module as a process; as a context, it and what it started end with it."""

    def __init__(self, log: str, *line: str, variables: dict[str, str] | None = None) -> None:
        self.log = LOGS / log
        self._line = [sys.executable, "-m", *line]
        self._environment = {**os.environ, **(variables or {})}

    def __enter__(self) -> Self:
        self.log.parent.mkdir(exist_ok=True)
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C comes to us alone, and then all of it is ended.
            self._process = subprocess.Popen(
                self._line,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self.running:
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def failed(self) -> bool:
        """Whether it has ended with an error."""
        return bool(self._process.poll())

    @property
    def last_line(self) -> str:
        """The last line that it said; a progress bar's lines overwrite each other, so that the last one counts."""
        lines = self.log.read_text(errors="replace").replace("\r", "\n").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
