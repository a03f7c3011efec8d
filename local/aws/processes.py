"""The processes that stand for containers and balancers: none outlives the emulator.

Each is the first of a group of its own, and carries the platform's mark, by which a killed emulator's are found.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from local.places import MARK, PLATFORM

GRACE = 10  # seconds from SIGTERM to SIGKILL where the emulator itself ends

_running: set[subprocess.Popen[bytes]] = set()
_ended = False


class EndedError(Exception):
    """The emulator ends: nothing starts any more."""


def folder(name: str) -> Path:
    """Return a folder of the platform's, made where it is not there."""
    path = PLATFORM / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def start(
    line: Sequence[str],
    where: Path,
    environment: Mapping[str, str] | None = None,
    output: IO[bytes] | int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a folder; what it says goes to the output. Raises OSError, or EndedError at the end of all."""
    if _ended:
        raise EndedError
    process = subprocess.Popen(
        line,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        cwd=where,
        env={**(os.environ if environment is None else environment), MARK: str(PLATFORM)},
        start_new_session=True,
    )
    _running.add(process)
    return process


def poll(process: subprocess.Popen[bytes]) -> int | None:
    """Return a process's exit code once it has ended, and end what it left behind."""
    code = process.poll()
    if code is not None and process in _running:
        _kill(process)
        _running.discard(process)
    return code


def end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Ask a process to end, and kill it and all that it started when it has not within that time."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    _kill(process)
    process.wait()
    _running.discard(process)


def stop() -> None:
    """End all processes, at once."""
    global _ended
    _ended = True
    processes = list(_running)
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + GRACE
    for process in processes:
        end(process, max(0.0, deadline - time.monotonic()))


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
