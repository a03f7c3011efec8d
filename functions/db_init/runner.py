"""A script against the database: every statement once, in order, from where the last run stopped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pymysql
from request import RefusedError
from words import first_word, quoted, told

if TYPE_CHECKING:
    from journal import Journal
    from script import Statement

# By first word. None of these commits by itself, so that the journal's row stands or falls with it.
TRANSACTIONAL = {"INSERT", "UPDATE", "DELETE", "REPLACE", "SELECT", "WITH", "VALUES", "TABLE", "DO", "LOAD", "HANDLER"}
# What only a connection knows; a new one is told again.
OF_SESSION = {"SET", "USE", "PREPARE", "DEALLOCATE"}
OF_TRANSACTION = {"BEGIN", "START", "SAVEPOINT", "RELEASE", "ROLLBACK"}
WITHOUT_EFFECT = {"SHOW", "DESC", "DESCRIBE", "EXPLAIN", "HELP"}
# The database's own lock is held, and a connection with locked tables could not write the journal.
NEEDLESS = {"LOCK", "UNLOCK"}
# What may go together with its like inside of a transaction, up to so many characters.
BATCHED, BATCH = {"INSERT", "UPDATE", "DELETE", "REPLACE"}, 256 * 1024
# These may have run in part, which no look at the definitions tells.
UNSETTLED = {"CALL", "EXECUTE"}

VARIABLE = re.compile(r"(?<![\w@`.])@(`[^`]+`|[\w$.]+)")
IN_TRANSACTION, AUTOCOMMIT, MORE_RESULTS = 1, 2, 8  # bits of the server's status, which each of its answers bears
GONE = {0, 2006, 2013}  # an error's number where the connection is
EMPTY_QUERY = 1065  # nothing but comments: the client takes that too


@dataclass
class Count:
    """How many statements ran, and how many had run before."""

    run: int = 0
    skipped: int = 0


class Batch:
    """Statements that are sent together: what waits for each answer takes twice the time."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.statements: list[Statement] = []
        self.size = 0

    def add(self, statement: Statement) -> None:
        """Let a statement wait for the others."""
        self.statements.append(statement)
        self.size += len(statement.text)
        if self.size > BATCH:
            self.send()

    def send(self) -> None:
        """Send what waits. The server stops at the first that fails, and as many answers came as went through."""
        waiting, self.statements, self.size = self.statements, [], 0
        if waiting:
            before = self.runner.count.run
            try:
                self.runner.execute("\n;\n".join(statement.text for statement in waiting), each=self.runner.count_one)
            except pymysql.err.MySQLError as error:
                raise explained(error, waiting[self.runner.count.run - before]) from None


class Runner:
    """Runs one script, which its SHA-256 names, over the journal's connection."""

    def __init__(self, journal: Journal, sha256: str, count: Count) -> None:
        self.journal, self.sha256, self.count = journal, sha256, count
        self.connection = journal.connection
        self.variables: set[str] = set()  # the script's user variables so far

    def run(self, statements: Iterable[Statement]) -> int:
        """Run what has not run yet; return how many statements there are. Raises RefusedError where one fails."""
        reached = self.journal.reached(self.sha256)
        last, done, variables = self._settle(reached) if reached else (0, True, {})
        number, batch = 0, Batch(self)
        for number, statement in enumerate(statements, start=1):
            if "@" in statement.text:
                self.variables.update(VARIABLE.findall(statement.text))
            word = first_word(statement.text)
            if number < last or (number == last and self._was_done(done, statement, word)):
                self._pass(statement, word)
            elif word in BATCHED and self.in_transaction:  # the script's own, which its COMMIT records
                batch.add(statement)
            else:
                batch.send()
                self._step(statement, word)
            if number == last:
                self._restore(variables)
        batch.send()
        if self.in_transaction:
            self.execute("ROLLBACK")  # as the server does when its client leaves
        return number

    def _settle(self, reached: tuple[int, str, str | None, dict[str, Any]]) -> tuple[int, bool | None, dict[str, Any]]:
        """Where to go on: the last statement known of, whether it is done (None: in doubt), and the user variables."""
        statement, state, definitions, variables = reached
        if state == "done":
            return statement, True, variables
        return statement, None if self.journal.definitions() != definitions else False, variables

    def _was_done(self, done: bool | None, statement: Statement, word: str) -> bool:
        """Whether the statement that was cut off is done: what it changes is there, or it changed nothing yet."""
        if done is not True and word in UNSETTLED:
            raise RefusedError(
                f"{quoted(statement)}: cut off, and may have run in part: finish it by hand, then set its state in "
                f"db_init_statement (sha256 {self.sha256}, statement {statement.number}) to done"
            )
        return done is not False

    def _pass(self, statement: Statement, word: str) -> None:
        self.count.skipped += 1
        if word in OF_SESSION:
            self._run(statement)

    def _step(self, statement: Statement, word: str) -> None:
        number, text = statement.number, statement.text
        ours = not self._open  # nothing that the script itself began: the transaction is ours to end
        if word in NEEDLESS or word in WITHOUT_EFFECT:
            pass
        elif word in OF_SESSION | OF_TRANSACTION:
            if word in ("BEGIN", "START") and self.in_transaction:  # which it commits
                self._done(number - 1, text)
            self._run(statement)
            if not ours and not self._open:
                self._done(number, text)
        elif word == "COMMIT":
            self._done(number, text)
            self._run(statement)
        else:
            self._guarded(statement, ours, may_commit=word not in TRANSACTIONAL)
        self.count_one()

    def _guarded(self, statement: Statement, ours: bool, may_commit: bool) -> None:
        """Run a statement with its row: in one transaction, or where it commits by itself, on both sides of it."""
        definitions = self.journal.definitions() if may_commit else ""
        if ours:
            self.execute("BEGIN")
        if may_commit:
            self.journal.begin(self.sha256, statement.number, statement.text, definitions)
        self._run(statement)
        if ours or may_commit:
            self._done(statement.number, statement.text)
        if ours and self.in_transaction:
            self.execute("COMMIT")

    def _run(self, statement: Statement) -> None:
        try:
            self.execute(statement.text)
        except pymysql.err.MySQLError as error:
            if error.args[0] != EMPTY_QUERY:
                raise explained(error, statement) from None

    def execute(self, sql: str, each: Callable[[], None] = lambda: None) -> None:
        """Send one statement or more, and take all answers (a procedure gives several); `each` hears of each."""
        self.connection.query(sql.encode("utf-8", "surrogateescape"))  # a cursor would cost a third more
        each()
        while self.connection.server_status & MORE_RESULTS:
            self.connection.next_result()
            each()

    def count_one(self) -> None:
        """Count a statement that ran."""
        self.count.run += 1

    def _done(self, number: int, text: str) -> None:
        names = sorted(self.variables)
        values = self.journal.query("SELECT " + ", ".join("@" + name for name in names))[0] if names else ()
        self.journal.done(self.sha256, number, text, dict(zip(names, values, strict=True)))

    def _restore(self, variables: dict[str, Any]) -> None:
        for name, value in variables.items():
            self.journal.query(f"SET @{name} = %s", (value,))

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return bool(self.connection.server_status & IN_TRANSACTION)

    @property
    def _open(self) -> bool:
        """Whether the script has begun something that it ends itself."""
        return self.in_transaction or not self.connection.server_status & AUTOCOMMIT


def explained(error: pymysql.err.MySQLError, statement: Statement) -> Exception:
    """The error as it may be shown; as it is where the connection is gone, which is not the statement's fault."""
    if error.args[0] in GONE:
        return error
    return RefusedError(f"{quoted(statement)}: {told(error)}")
