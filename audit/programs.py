"""The scanners' environments, and how a program is run: what it prints is its answer, or is shown if it fails."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from templates_py.settings import ROOT

HERE = Path(__file__).parent
ENVIRONMENTS = ROOT / ".local" / "audit"
NODE_MODULES = ENVIRONMENTS / "node" / "node_modules"


class ScannerError(Exception):
    """A scanner did not run to its end."""


def program(environment: str, name: str) -> str:
    """The path of a program of a scanner's environment."""
    return str(ENVIRONMENTS / environment / "bin" / name)


def ran(tool: str, command: list[str], folder: Path, given: str = "", most: int = 1) -> str:
    """Run a command in a folder, and return what it printed.

    Raises ScannerError where it is not there, or its exit status is above `most`: below that a status says that
    something was found.
    """
    try:
        done = subprocess.run(command, cwd=folder, input=given, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ScannerError(f"{tool}: {command[0]} is not there: expected what `make audit` sets up") from None
    if not 0 <= done.returncode <= most:
        raise _error(tool, done.returncode, done.stdout + done.stderr)
    return done.stdout


def answer(tool: str, command: list[str], folder: Path, given: str = "", most: int = 1) -> Any:
    """Run a command in a folder, and return what it printed as JSON. Raises ScannerError too where it printed none."""
    said = ran(tool, command, folder, given, most)
    try:
        return json.loads(said)
    except ValueError:
        raise _error(tool, 0, said or "no answer") from None


def _error(tool: str, status: int, said: str) -> ScannerError:
    return ScannerError(f"{tool} ended with status {status}:\n" + "\n".join(said.strip().splitlines()[-15:]))
