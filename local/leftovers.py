"""Processes and containers of this checkout's platform that nobody looks after: what a killed emulator left.

Run by the emulator's Python (`python -m local.leftovers`), it ends them all, the emulator too.
"""

from __future__ import annotations

import os

import psutil

from local import run_image
from local.places import MARK, PLATFORM

PATIENCE = 20  # seconds that they have, to write what they hold


def find() -> list[psutil.Process]:
    """Return every process but this one whose environment names this platform."""
    return [process for process in psutil.process_iter() if process.pid != os.getpid() and _is_ours(process)]


def end(processes: list[psutil.Process]) -> None:
    """End them, and wait until they are gone."""
    for kill in (psutil.Process.terminate, psutil.Process.kill):
        for process in processes:
            try:
                kill(process)
            except psutil.NoSuchProcess:
                continue
        _, processes = psutil.wait_procs(processes, timeout=PATIENCE)


def _is_ours(process: psutil.Process) -> bool:
    try:
        return bool(process.environ().get(MARK) == str(PLATFORM)) and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False


if __name__ == "__main__":
    while found := find():  # what ends may have started another one meanwhile
        end(found)
    run_image.remove_all()
