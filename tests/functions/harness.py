"""The function as Lambda runs it, in this process: real databases, and S3 and Secrets Manager by moto's server."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pymysql

from local.mysql import Server

FUNCTION = Path(__file__).parents[2] / "functions/db_init"
sys.path.insert(0, str(FUNCTION))  # as in Lambda, where the package is the root
GATE = "DO GET_LOCK('gate', 60)"  # a statement that waits, for as long as a test says


@cache
def aws_client(service: str) -> Any:
    """A client of moto's server, made once: that takes longer than most tests."""
    return boto3.client(service)


@dataclass
class Context:
    """What Lambda hands a handler."""

    seconds: float = 60
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@dataclass
class Function:
    """The function of one database, bucket and pair of secrets."""

    server: Server
    database: str
    bucket: str
    payload: dict[str, Any]

    def invoke(self, seconds: float = 60, **changes: Any) -> dict[str, Any]:
        """Invoke it by hand."""
        import app

        return app.lambda_handler({**self.payload, **changes}, Context(seconds))

    def put(self, script: str | bytes) -> None:
        """Put a table setup script, as a user would."""
        body = script.encode() if isinstance(script, str) else script
        aws_client("s3").put_object(Bucket=self.bucket, Key=self.payload["table_setup_script_bucket_key"], Body=body)

    def rows(self, sql: str) -> list[list[str]]:
        """Return what the command-line client answers to a query."""
        done = self.server.client(sql, self.database)
        assert not done.returncode, done.stderr
        return [line.split("\t") for line in done.stdout.decode().splitlines()[1:]]

    @contextmanager
    def gate(self) -> Iterator[None]:
        """Hold the lock that GATE waits for."""
        server = self.server
        with pymysql.connect(
            host=server.host, port=server.port, user=server.user, password=server.password, ssl_ca=str(server.ca)
        ) as connection:
            connection.cursor().execute("SELECT GET_LOCK('gate', 60)")
            yield

    def dump(self) -> str:
        """Return a dump without our journal, and without the numbers that rolled back rows used up."""
        self.server.client("DROP TABLE IF EXISTS db_init_script, db_init_statement", self.database)
        return re.sub(r" AUTO_INCREMENT=\d+", "", self.server.dump(self.database))

    def killed(self, at: int, after: bool) -> bool:
        """Invoke it in a child that dies (SIGKILL) before or after its statement `at` that changes something.

        The journal's own count too, what only gives a session back what it had does not. Return whether it died.
        """
        left = count(at, -1)

        def last(sent: str) -> bool:
            changes = not sent.startswith(("SELECT", "SET @", "DO LAST", "CREATE TABLE IF NOT EXISTS db_init"))
            return changes and next(left) == 1

        return self._dies(lambda: _die_at(last, after))

    def killed_at(self, text: str, after: bool) -> bool:
        """Invoke it in a child that dies before or after the first statement with this text; return whether it did."""
        return self._dies(lambda: _die_at(lambda sent: text in sent, after))

    def killed_after(self, seconds: float) -> bool:
        """Invoke it in a child that the kernel ends after so much CPU time, wherever it is; return whether it did."""
        return self._dies(lambda: signal.setitimer(signal.ITIMER_VIRTUAL, seconds))

    def _dies(self, prepare: Callable[[], object]) -> bool:
        child = os.fork()
        if child == 0:
            prepare()
            self.invoke()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        return os.WIFSIGNALED(status)


def _die_at(last: Callable[[str], bool], after: bool) -> None:
    """Kill this process before or after the statement that is its last."""
    from pymysql.connections import Connection

    send: Callable[..., Any] = Connection.query

    def watched(connection: Any, query: Any, unbuffered: bool = False) -> Any:
        dies = last(query if isinstance(query, str) else query.decode())
        if dies and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = send(connection, query, unbuffered)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    Connection.query = watched  # type: ignore[method-assign]  # in a child that is about to die
