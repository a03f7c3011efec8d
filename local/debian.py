"""Debian's packages, unpacked beside whatever the system has: nothing is installed, and nobody needs to be root.

The programs run with their own loader and libraries, so that those of another release of Debian run too.
"""

from __future__ import annotations

import fcntl
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

LOCAL = Path(__file__).parents[1] / ".local"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


class UnavailableError(Exception):
    """What was asked for cannot be had here; the message is one line that says why, and what to install."""


@contextmanager
def made_once(folder: Path) -> Iterator[Path]:
    """Give an empty folder that takes the wanted name when the block ends without an error; hold a lock meanwhile.

    What an interrupted one left is thrown away.
    """
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    partial.rename(folder)


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock of this name in .local/ against every other process of this checkout."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def unpacked(name: str, suite: str, packages: Sequence[str]) -> Path:
    """Return .local/NAME with these packages of Debian's suite and all that they depend on, fetched where it is not.

    Raises UnavailableError where apt-get, dpkg, Debian's keyring or its mirror is not there.
    """
    folder = LOCAL / name
    with locked(name):
        if not folder.exists():
            if not (shutil.which("apt-get") and shutil.which("dpkg") and KEYRING.exists()):
                raise UnavailableError("this is no Debian, whose packages would do")
            print(f"Fetching {packages[0]} from Debian {suite} into .local/{name}, some 15 s", file=sys.stderr)
            with made_once(folder) as partial:
                for package in _download(partial / "apt", suite, packages):
                    _run("dpkg", "-x", str(package), str(partial))
                shutil.rmtree(partial / "apt")
    return folder


def command(folder: Path, program: str) -> tuple[str, ...]:
    """Return the command line that runs a program of an unpacked folder by its own loader."""
    libraries = [*folder.glob("usr/lib/*-linux-gnu"), *folder.glob("lib/*-linux-gnu")]
    (loader, *_) = (path for folder in libraries for path in folder.glob("ld-linux-*.so.*"))
    (executable,) = folder.glob(f"usr/*bin/{program}")
    return str(loader), "--library-path", ":".join(map(str, libraries)), str(executable)


def _download(work: Path, suite: str, packages: Sequence[str]) -> Iterator[Path]:
    """Download packages, signatures checked, with a package list and a state of our own: the system's stay as are."""
    for empty in ("lists/partial", "cache/archives/partial"):
        (work / empty).mkdir(parents=True)
    (work / "status").touch()
    (work / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror()} {suite} main\n")
    options = {
        "Dir::Etc::SourceList": work / "sources.list",
        "Dir::Etc::SourceParts": "-",
        "Dir::State": work,
        "Dir::State::Lists": work / "lists",
        "Dir::State::Status": work / "status",
        "Dir::Cache": work / "cache",
        "APT::Sandbox::User": "",
        "APT::Install-Recommends": "false",
        "Acquire::Languages": "none",
    }
    apt = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())]
    _run(*apt, "update")
    _run(*apt, "-y", "--download-only", "install", *packages)
    yield from (work / "cache/archives").glob("*.deb")


def mirror() -> str:
    """Return the mirror that apt has its own release from: asked for so, it says it without any list fetched yet."""
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "sid")
    printed = _run("apt-get", "--print-uris", "update")
    if not (mirror := re.search(rf"'(\S+?)/dists/{release}/InRelease'", printed)):
        raise UnavailableError(f"apt has no source for Debian {release}")
    return mirror[1]


def _run(*line: str) -> str:
    done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
        raise UnavailableError(f"{line[0]} failed: {said[-1]}")
    return done.stdout
