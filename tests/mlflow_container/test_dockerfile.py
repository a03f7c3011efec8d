"""The Dockerfile and the lock: clean, complete, and of what the tag counts."""

from __future__ import annotations

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from mlflow_container.image import DOCKERFILE, ROOT, files

FOLDER = ROOT / "mlflow_container"
TEXT = (ROOT / DOCKERFILE).read_text()
LOCK = (FOLDER / "requirements.txt").read_text()


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.prefix, "bin/hadolint")
    if not hadolint.exists():
        pytest.skip("hadolint is not in .venv: it comes with `make .venv/.dev`")
    done = subprocess.run([hadolint, "--no-color", ROOT / DOCKERFILE], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_it_copies_is_in_the_tag_and_in_a_context_by_hand() -> None:
    copied = re.findall(r"^COPY (?!--from)(\S+) ", TEXT, re.MULTILINE)
    for path in files():
        assert path == DOCKERFILE or any(path == source or path.startswith(f"{source}/") for source in copied)
    patterns = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    allowed = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    assert sorted(allowed) == sorted(copied)


def test_the_lock_pins_what_is_asked_for_by_hashes() -> None:
    pinned = re.findall(r"^([a-z0-9._-]+)==\S+.*? \\$((?:\n    --hash=sha256:[0-9a-f]{64}.*$)+)", LOCK, re.MULTILINE)
    names = {name for name, _ in pinned}
    assert len(names) == len(re.findall(r"^[a-z]", LOCK, re.MULTILINE)) > 50
    asked = re.findall(r"^([a-z0-9-]+)", (FOLDER / "requirements.in").read_text(), re.MULTILINE)
    assert set(asked) <= names


def test_what_is_left_out_is_out() -> None:
    left_out = re.findall(r"^([a-z-]+); python_version < \"0\"$", (FOLDER / "overrides.txt").read_text(), re.MULTILINE)
    assert left_out
    assert not [name for name in left_out if fnmatch(LOCK, f"*\n{name}==*")]
