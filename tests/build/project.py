"""A copy of the project for each test that builds, so that none sees another's files."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def copied(target: Path) -> Path:
    """Copy what a build needs to `target`; the virtual environment is this project's own."""
    for name in ("Makefile", "samconfig.toml", "hydra.toml", "requirements", "templates_py", "functions"):
        if (source := PROJECT / name).is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target / name)
    (target / ".venv").symlink_to(PROJECT / ".venv")
    return target


def environment(**more: str) -> dict[str, str]:
    """Return this program's environment, without what it may hold for AWS, SAM or a make above."""
    ours = ("AWS_", "SAM_", "MAKE", "MFLAGS", "ARTIFACTS_DIR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "SAM_CLI_TELEMETRY": "0", **more}


def run(project: Path, *command: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in `project`, and return what it said."""
    return subprocess.run(command, cwd=project, env=environment(**more), capture_output=True, text=True)
