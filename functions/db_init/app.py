"""The database initialiser: runs the table setup script, and the numbered scripts after it, on the job database.

A custom resource triggers it, or Hydra's payload by hand. What it does on each event, and what each of its errors
means, stands in docs/db_init.md.
"""

from __future__ import annotations

import hashlib
import json
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pymysql
import reply
import store
from batch import GONE
from botocore.config import Config
from database import connect, credentials
from guard import check
from journal import Journal
from request import RefusedError, Request, parse, properties
from runner import Count, Runner
from script import statements
from words import masked, told

PACKAGE = Path(__file__).parent
RESERVE = 40  # seconds of the function's time that are kept for the answer, of a third at most
AGAIN = 2  # seconds that what is stopped may take to close
BOUNDED = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 3})
NUMBERED = re.compile(r"(\d+)_.*\.sql")


class OutOfTime(BaseException):
    """The function's time is up, but for the answer. No Exception: a client would wrap it, or try again."""


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer an event, whatever happens: by its ResponseURL where it has one, and as JSON in any case."""
    left = context.get_remaining_time_in_millis() / 1000
    count = Count()
    try:
        with _deadline(left - min(RESERVE, left / 3)) as until:
            status, reason, version = "SUCCESS", *_act(event, until, count)
    except OutOfTime:
        status, version = "FAILED", 0
        reason = f"out of time after {count.run} statements: the next invocation goes on there"
    except RefusedError as error:
        status, reason, version = "FAILED", str(error), 0
    except Exception as error:  # anything else is answered too: a stack that waits is worse
        status, reason, version = "FAILED", f"{type(error).__name__}: {masked(error)}", 0
    data = {"SchemaVersion": version, "StatementsRun": count.run, "StatementsSkipped": count.skipped}
    answered = reply.send(event, status, reason, data) if "ResponseURL" in event else None
    _log(event, context, status=status, reason=reason, answered=answered, **data)
    return {"Status": status, "Reason": reason, **data}


def _act(event: dict[str, Any], until: float, count: Count) -> tuple[str, int | str]:
    """Do what the event asks; return what to say, and the schema's version."""
    kind = event.get("RequestType")
    if kind == "Delete":
        return _leave(event), 0
    request = parse(event)
    if kind == "Update" and request.table_setup_script_sha256 not in ("", _digest(request)):
        # A rollback, before the function has its old package back: what failed would fail again, and the rollback too.
        return "the function's package has other scripts than these: nothing is run", "as it was"
    s3, secrets = (
        boto3.client(name, region_name=request.aws_region, config=BOUNDED) for name in ("s3", "secretsmanager")
    )
    scripts = _scripts(request, s3)
    username, password = credentials(request, secrets)
    while True:
        try:
            version = initialise(request, username, password, scripts, until, count)
            return f"schema version {version}: {count.run} statements run, {count.skipped} skipped", version
        except pymysql.err.MySQLError as error:
            if error.args[0] not in GONE:
                raise RefusedError(f"{request.database_hostname}: {told(error)}") from None
            count.run = count.skipped = 0  # a failover: it goes on over another connection


def _leave(event: dict[str, Any]) -> str:
    """A deletion never touches data: only the script's object goes, if it is ours."""
    try:
        request = parse(event)
        s3 = boto3.client("s3", region_name=request.aws_region, config=BOUNDED)
        return f"the database keeps what it holds; {store.take_away(s3, request)} versions of the script taken away"
    except Exception as error:  # it may be what could not be created: the deletion goes on
        return f"the database keeps what it holds; the script's object is left: {type(error).__name__}"


def _scripts(request: Request, s3: Any) -> list[tuple[int, str, bytes]]:
    """The scripts in order: (version, name, content), the table setup script first, and the numbered ones after it."""
    first = (PACKAGE / request.table_setup_script).resolve()
    if not first.is_file() or first.suffix != ".sql" or PACKAGE.resolve() not in first.parents:
        raise RefusedError(
            f"table_setup_script = {request.table_setup_script!r}: expected a script (.sql) of the package"
        )
    setup = _number(first)
    later = sorted((_number(path), path) for path in first.parent.glob("*.sql") if _number(path) > setup)
    found = store.fetch(s3, request, first.read_bytes())
    return [(setup, first.name, found), *((number, path.name, path.read_bytes()) for number, path in later)]


def _digest(request: Request) -> str:
    """The digest of all scripts of the package, as the template's (`script_sha256` of its settings)."""
    scripts = sorted((PACKAGE / request.table_setup_script).parent.glob("*.sql"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in scripts)).hexdigest()


def _number(path: Path) -> int:
    numbered = NUMBERED.fullmatch(path.name)
    return int(numbered[1]) if numbered else 0


def initialise(
    request: Request, username: str, password: str, scripts: list[tuple[int, str, bytes]], until: float, count: Count
) -> int:
    """Run what has not run; return the schema's version."""
    more = True
    while more:  # each script over a connection of its own: what it sets ends with it
        connection = connect(request, username, password, until)
        try:
            more = _run_next(Journal(connection, request.database_default_name), request, scripts, until, count)
        finally:
            if connection.open:
                connection.close()
    return max(version for version, _, _ in scripts)


def _run_next(
    journal: Journal, request: Request, scripts: list[tuple[int, str, bytes]], until: float, count: Count
) -> bool:
    """Run the first script that has not run, under the database's lock; return whether there was one."""
    while not journal.lock():
        if time.monotonic() > until:
            raise RefusedError("another run holds the database's lock")
    journal.open()
    finished = journal.finished()
    for place, (version, name, content) in enumerate(scripts):
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 in finished:
            continue
        if place and version <= max(finished.values(), default=-1):
            raise RefusedError(f"{name}: changed after it had run: expected a new script with a higher number")
        if journal.reached(sha256) is None:
            check(content, journal, request.allow_data_loss)
        script = statements(content, lambda: int(journal.connection.server_status))
        many = Runner(journal, sha256, count).run(script)
        journal.finish(sha256, version, name, many)
        return True
    return False


@contextmanager
def _deadline(seconds: float) -> Iterator[float]:
    """Raise OutOfTime in what runs longer, a blocking call too; yield when that will be (time.monotonic())."""

    def stop(*_: object) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), AGAIN)
    try:
        yield time.monotonic() + seconds
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _log(event: dict[str, Any], context: Any, **said: Any) -> None:
    """One line of JSON; what is in it is meant to be read by anybody."""
    about = {"request": getattr(context, "aws_request_id", ""), "stack": event.get("StackId", "")}
    script = properties(event).get("TableSetupScript", "")
    print(json.dumps({**about, "event": event.get("RequestType", "direct"), "script": script, **said}))
