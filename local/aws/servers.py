"""The servers behind the RDS instances: one for each record that is there, with what the record says."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from local import certificates, dumps
from local.mysql import Server
from local.places import DATABASES, SNAPSHOTS
from local.programs import mysql

LOGGER = logging.getLogger(__name__)
Record = dict[str, Any]
EACH = 1.0  # seconds between two looks at whether all of them still run
NOT_OURS = {"log_bin_trust_function_creators"}  # what MariaDB does not know, and a server here has anyway


@dataclass
class Running:
    """A server, and what it was started with."""

    server: Server
    told: tuple[Any, ...] = field(repr=False)


_running: dict[str, Running] = {}
_seen: set[str] = set()  # snapshots whose dump goes with their record
_lock = threading.RLock()
_ended = threading.Event()


def match(asked: str = "") -> None:
    """Start, restart and stop servers until they are what the records say; new ones are filled.

    Raises RuntimeError where the one that is asked for does not start; what else does not is tried again.
    """
    from ministack.services import rds

    with _lock:
        records = {record["DBInstanceIdentifier"]: record for record in rds._instances._data.values()}
        for name in _running.keys() - records.keys():
            _running.pop(name).server.stop()
            _remove(name)
        with ThreadPoolExecutor() as pool:
            started = {name: pool.submit(_match, name, record) for name, record in records.items()}
        for name, outcome in started.items():
            if error := outcome.exception():
                records[name]["DBInstanceStatus"] = "failed"
                LOGGER.error("%s: %s", name, str(error).strip().splitlines()[-1])
                if name == asked:
                    raise error
        known = {snapshot["DBSnapshotIdentifier"] for snapshot in rds._snapshots._data.values()}
        for dump in SNAPSHOTS.glob("*.sql"):
            if dump.stem not in known and dump.stem in _seen:
                dump.unlink()
        _seen.update(known)


def of(record: Record) -> Server:
    """Return the server of a record. Raises RuntimeError where it does not run."""
    with _lock:
        if not (found := _running.get(record["DBInstanceIdentifier"])):
            raise RuntimeError(f"DB instance {record['DBInstanceIdentifier']} does not run")
        return found.server


def look_after() -> None:
    """Match now, and from now on, so that whatever ends by itself is started again, as RDS does."""
    match()

    def look() -> None:
        while not _ended.wait(EACH):
            match()

    threading.Thread(target=look, name="databases", daemon=True).start()


def stop() -> None:
    """Stop all servers, each after it has written what it holds."""
    _ended.set()
    with _lock:
        for running in _running.values():
            running.server.stop()
        _running.clear()


def _match(name: str, record: Record) -> None:
    told = (record["Endpoint"]["Port"], record["MasterUsername"], record["_MasterUserPassword"], *_options(record))
    running = _running.get(name)
    wanted = record["DBInstanceStatus"] != "stopped"
    if running and wanted and running.told == told and running.server.alive:
        return
    if running:
        _running.pop(name).server.stop()
    if wanted and not _ended.is_set():
        _running[name] = Running(_started(name, record, told), told)
        record["DBInstanceStatus"] = "available"


def _started(name: str, record: Record, told: tuple[Any, ...]) -> Server:
    port, user, password, *options = told
    folder = DATABASES / name
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    filling = folder / "filling"  # there while what a snapshot holds is not all in
    if filling.exists():
        shutil.rmtree(folder / "data")
    new = not (folder / "data").exists()
    server = Server(mysql(), folder, user, password, port, certificates.authority())
    if new and record.get("_snapshot"):
        filling.touch()
    try:
        server.start(*options)
        if filling.exists():
            dumps.load(server, record["_snapshot"])
            filling.unlink()
    except BaseException:
        server.kill()
        if new:
            _remove(name)
        raise
    if new and record["DBName"]:
        server.client(f"CREATE DATABASE IF NOT EXISTS `{record['DBName']}`")
    return server


def _options(record: Record) -> list[str]:
    """What the instance's parameter group sets, as options of the server."""
    from ministack.services import rds

    wanted = {group["DBParameterGroupName"] for group in record["DBParameterGroups"]}
    groups = [group for group in rds._param_groups._data.values() if group["DBParameterGroupName"] in wanted]
    return [
        f"--{name.replace('_', '-')}={value}"
        for group in groups
        for name, value in sorted(_values(group))
        if name not in NOT_OURS
    ]


def _values(group: Record) -> list[tuple[str, str]]:
    set_here = group["Parameters"].items()
    return [(name, str(one["ParameterValue"] if isinstance(one, dict) else one)) for name, one in set_here]


def _remove(name: str) -> None:
    """Take a deleted instance's data away: renamed first, so that no half of them is taken for data."""
    gone = DATABASES / f"{name}.deleted-{os.getpid()}"
    (DATABASES / name).rename(gone)
    shutil.rmtree(gone)
