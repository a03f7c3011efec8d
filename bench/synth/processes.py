"""Whole cold processes, run in turns, so that whatever else the machine does falls on all of them alike."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from statistics import median
from typing import NamedTuple

PATIENCE = 300  # seconds for one process
Commands = dict[str, list[str]]
Figures = dict[str, dict[str, float]]


class Sample(NamedTuple):
    """One process: its wall time, and its memory at the peak (that of its largest process, if it starts others)."""

    ms: float
    mib: float


def measure(command: list[str], env: dict[str, str]) -> Sample:
    """Run `command` to its end; one that fails or takes too long ends all."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, env=env, stdout=said, stderr=said)
        limit = threading.Timer(PATIENCE, process.kill)
        limit.start()
        _, status, usage = os.wait4(process.pid, 0)
        ms = (time.perf_counter() - start) * 1000
        limit.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"{' '.join(command)}: exit status {process.returncode}\n{said.read().decode()}")
    return Sample(ms, usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10))


def in_turns(commands: Commands, env: dict[str, str], runs: int, base: str) -> Figures:
    """Return the medians of each command, after one more round that warms up: milliseconds, MiB, ratio to `base`.

    A ratio is the median of those within a round.
    """
    rounds = [{name: measure(command, env) for name, command in commands.items()} for _ in range(runs + 1)][1:]
    return {
        name: {
            "ratio": round(median(one[name].ms / one[base].ms for one in rounds), 3),
            "ms": round(median(one[name].ms for one in rounds), 1),
            "mib": round(median(one[name].mib for one in rounds), 1),
        }
        for name in commands
    }
