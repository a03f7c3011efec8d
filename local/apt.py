"""Debian's packages, installed: for programs that cannot run from a folder of their own (local/debian.py)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping

from local.debian import UnavailableError, locked
from local.programs import SEARCHED


def installed(packages: Mapping[str, str]) -> None:
    """Install the package of each program that is not on PATH: {program: package}.

    Raises UnavailableError, with what to install, where this is no Debian, we are not root, or apt-get fails.
    """
    with locked("apt"):
        missing = [package for program, package in packages.items() if not shutil.which(program, path=SEARCHED)]
        if not missing:
            return
        wanted = f"install {', '.join(missing)}"
        if not shutil.which("apt-get"):
            raise UnavailableError(f"This is no Debian, whose packages would do: {wanted}")
        if os.geteuid():
            raise UnavailableError(f"Only root may: {wanted}")
        print(f"Installing {', '.join(missing)}, some 30 s", file=sys.stderr)
        for line in (("update",), ("--yes", "--no-install-recommends", "install", *missing)):
            _apt_get(*line, wanted=wanted)


def _apt_get(*line: str, wanted: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "-qq", "-oDPkg::Lock::Timeout=300", *line]  # another apt-get may be at work
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
        raise UnavailableError(f"apt-get cannot {wanted}: {said[-1]}")
