"""Statements of a script's own transaction, sent together: what waits for each answer takes twice the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pymysql
from request import RefusedError
from words import quoted, told

if TYPE_CHECKING:
    from runner import Runner
    from script import Statement

BATCH = 256 * 1024  # characters that go together; what is longer goes alone, as the client sends it
GONE = {0, 2006, 2013}  # an error's number where the connection is


class Batch:
    """What waits to be sent."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.statements: list[Statement] = []
        self.size = 0

    def add(self, statement: Statement) -> None:
        """Let a statement wait for the others."""
        if self.size + len(statement.text) > BATCH:
            self.send()
        self.statements.append(statement)
        self.size += len(statement.text)

    def send(self) -> None:
        """Send what waits. The server stops at the first that fails, and as many answers came as went through."""
        waiting, self.statements, self.size = self.statements, [], 0
        if waiting:
            before = self.runner.count.run
            try:
                self.runner.execute("\n;\n".join(statement.text for statement in waiting), each=self.runner.count_one)
            except pymysql.err.MySQLError as error:
                raise explained(error, waiting[self.runner.count.run - before]) from None


def explained(error: pymysql.err.MySQLError, statement: Statement) -> Exception:
    """The error as it may be shown; as it is where the connection is gone, which is not the statement's fault."""
    if error.args[0] in GONE:
        return error
    return RefusedError(f"{quoted(statement)}: {told(error)}")
