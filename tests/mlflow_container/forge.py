"""Runs the entrypoint in children of one process that has imported MLflow already: an import takes longer than a test.

Started by harness.Forge in MLflow's own environment. It reads a JSON object a line and answers with one: which function
below to call with what, in which environment, how often at once, and at which statement to die.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymysql
from entrypoint import auth, database, server, tracking  # imports MLflow  # noqa: F401
from entrypoint.__main__ import main
from entrypoint.environment import Database

READS = ("SELECT", "SHOW", "DESCRIBE", "SET ", "ROLLBACK")


class Statements:
    """Counts what changes something, commits too, and dies (SIGKILL) before or after number `die_at`."""

    def __init__(self, die_at: int, after: bool) -> None:
        self.count, self.die_at, self.after = 0, die_at, after
        connection = pymysql.connections.Connection
        connection.query = self._counting(connection.query)
        connection.commit = self._counting(connection.commit)

    def _counting(self, run: Callable[..., Any]) -> Callable[..., Any]:
        def counting(connection: Any, query: str | bytes = "COMMIT", *rest: Any) -> Any:
            text = query if isinstance(query, str) else query.decode(errors="replace")
            counts = not text.lstrip().upper().startswith(READS)
            self.count += counts
            dies = counts and self.count == self.die_at
            if dies and not self.after:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = run(connection, *([] if query == "COMMIT" else [query]), *rest)
            if dies:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return counting


def entrypoint(*arguments: str) -> int:
    """Run a command of the entrypoint."""
    return main(arguments)


def old(revision: str) -> int:
    """Make MLflow's schema as it was at a revision."""
    from alembic import command
    from mlflow.store.db import utils
    from mlflow.store.tracking.dbmodels.initial_models import Base

    settings = Database.read(os.environ)
    with database.connected(settings, settings.name) as engine:
        Base.metadata.create_all(engine)
        config = utils._get_alembic_config("")
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    return 0


def child(asked: dict[str, Any], output: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        os.setsid()
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        os.environ.clear()
        os.environ.update(asked["environment"])
        statements = Statements(asked["die_at"], asked["after"])
        code = {"entrypoint": entrypoint, "old": old}[asked["function"]](*asked["arguments"])
        print(f"statements: {statements.count}", flush=True)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def serve() -> None:
    gc.freeze()  # a child's collector would copy all that it shares
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        outputs = [Path(asked["folder"], f"output-{number}") for number in range(asked["times"])]
        for output in outputs:
            output.unlink(missing_ok=True)
        pids = [child(asked, output) for output in outputs]
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
        texts = [output.read_text(errors="replace") if output.exists() else "" for output in outputs]
        print(json.dumps({"codes": codes, "outputs": texts}), flush=True)


if __name__ == "__main__":
    serve()
