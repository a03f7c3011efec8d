"""The emulator as a process: started, found again, stopped. It runs until it is told to end."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
import urllib.request
from contextlib import suppress
from functools import cache
from typing import Any

import boto3

from local import files
from local.places import EMULATOR, LOCK, MARK, PLATFORM, PROJECT
from local.ports import free, is_free

RECORD = PLATFORM / "emulator.json"
LOG = PLATFORM / "emulator.log"
PATIENCE = 120  # seconds that it may take to start, or to stop
PYTHON = EMULATOR / "bin/python"
REGION = "us-east-1"


class LocalError(Exception):
    """What cannot be done here; the message is one line that says why."""


def url() -> str | None:
    """Return where the emulator of this checkout answers, or None where it does not run."""
    record = files.read(RECORD)
    if not record or not _runs():
        return None
    address = f"http://127.0.0.1:{record['port']}"
    with suppress(OSError), urllib.request.urlopen(f"{address}/_ministack/ready", timeout=10):  # this machine's  # nosec B310
        return address
    return None


def start(port: int = 0) -> str:
    """Start it where it does not run, on the port given, the one of the last time or a free one; return its address.

    Raises LocalError where it does not start.
    """
    if running := url():
        if port and not running.endswith(f":{port}"):
            raise LocalError(f"PORT = {port}: the emulator runs on {running} already; `make down` first")
        return running
    last = files.read(RECORD).get("port", 0)
    if port and not is_free(port):
        raise LocalError(f"PORT = {port}: expected a port that nothing listens on")
    chosen = port or (last if last and is_free(last) else free("emulator"))
    PLATFORM.mkdir(parents=True, exist_ok=True)
    with LOG.open("ab") as log:
        line = [str(PYTHON), "-m", "local.aws", str(chosen)]
        # A session of its own: Ctrl-C is for whoever started it, who then stops it.
        process = subprocess.Popen(
            line,
            cwd=PROJECT,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    files.write(RECORD, {"pid": process.pid, "port": chosen})
    deadline = time.monotonic() + PATIENCE
    while not (running := url()):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise LocalError(f"The emulator does not start: {_last_line()} ({LOG.relative_to(PROJECT)})")
        time.sleep(0.1)
    return running


def stop() -> None:
    """Stop the emulator and all that it started, whatever became of it; its data stay."""
    for number in (signal.SIGTERM, signal.SIGKILL):  # it goes first: it would start again what ends before it
        if _runs():
            with suppress(ProcessLookupError):
                os.kill(files.read(RECORD)["pid"], number)
        deadline = time.monotonic() + PATIENCE
        while _runs() and time.monotonic() < deadline:
            time.sleep(0.05)
    if PYTHON.exists():
        subprocess.run([PYTHON, "-m", "local.leftovers"], cwd=PROJECT, env=_environment(), check=True)


@cache
def client(service: str, address: str) -> Any:
    """Return boto3's client of a service of the emulator."""
    return boto3.client(  # type: ignore[call-overload]
        service, endpoint_url=address, region_name=REGION, aws_access_key_id="local", aws_secret_access_key="local"
    )


def environment(address: str) -> dict[str, str]:
    """Return the environment in which AWS's tools speak to the emulator, whatever account this machine knows."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_", "MAKE", "MFLAGS"))
    }
    return {
        **kept,
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "1",
    }


def _environment() -> dict[str, str]:
    """What the emulator and all that it runs see: nothing of an account that this machine knows."""
    kept = {name: value for name, value in environment("").items() if name not in ("AWS_ENDPOINT_URL", "PYTHONPATH")}
    return {**kept, "PYTHONUNBUFFERED": "1", MARK: str(PLATFORM)}


def _runs() -> bool:
    """Tell whether an emulator of this checkout runs: it holds a lock for as long."""
    if not LOCK.exists():
        return False
    with LOCK.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _last_line() -> str:
    lines = LOG.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it says nothing"
