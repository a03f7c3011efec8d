"""Snapshots of a database instance: dumps of all of its databases, in .local/platform/snapshots."""

from __future__ import annotations

import subprocess
from pathlib import Path

from local.mysql import Server
from local.places import SNAPSHOTS

SYSTEM = "'information_schema', 'mysql', 'performance_schema', 'sys'"


def path(snapshot: str) -> Path:
    return SNAPSHOTS / f"{snapshot}.sql"


def write(server: Server, snapshot: str) -> None:
    """Dump all databases of a server, whole or not at all. Raises RuntimeError that says why not."""
    SNAPSHOTS.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path(snapshot).with_suffix(".partial")
    listed = server.client(f"SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN ({SYSTEM})")
    _, *databases = listed.stdout.decode().splitlines() or [""]
    with partial.open("wb") as file:
        if databases:
            try:
                server.mysqldump("--single-transaction", "--databases", *databases, stdout=file)
            except subprocess.CalledProcessError as error:
                raise RuntimeError(f"Snapshot {snapshot} failed: {error.stderr.decode().strip()}") from None
    partial.rename(path(snapshot))


def load(server: Server, snapshot: str) -> None:
    """Fill an empty server with what a snapshot holds. Raises RuntimeError that says why not."""
    if not path(snapshot).exists():
        raise RuntimeError(f"DBSnapshot {snapshot} has no dump in {SNAPSHOTS.name}/")
    done = server.client(path(snapshot).read_bytes())
    if done.returncode:
        raise RuntimeError(f"Snapshot {snapshot} cannot be restored: {done.stderr.decode().strip()}")
