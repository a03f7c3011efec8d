"""A script against the database: every statement once, in order, from where the last run stopped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pymysql
from batch import GONE, Batch, explained
from request import RefusedError
from words import first_word, quoted

if TYPE_CHECKING:
    from journal import Journal, Reached
    from script import Statement

# By first word. None of these commits by itself, so that the journal's row stands or falls with it.
TRANSACTIONAL = {"INSERT", "UPDATE", "DELETE", "REPLACE", "SELECT", "WITH", "VALUES", "TABLE", "DO", "LOAD", "HANDLER"}
# What only a connection knows; a new one is told again.
OF_SESSION = {"SET", "USE", "PREPARE", "DEALLOCATE"}
OF_TRANSACTION = {"BEGIN", "START", "SAVEPOINT", "RELEASE", "ROLLBACK"}
WITHOUT_EFFECT = {"SHOW", "DESC", "DESCRIBE", "EXPLAIN", "HELP"}
# Of these, what may commit the transaction that is open.
COMMITTING = {"BEGIN", "START", "SET"}
# The database's own lock is held, and a connection with locked tables could not write the journal.
LOCKING = {"LOCK", "UNLOCK"}
# What may go together with its like inside of a transaction.
BATCHED = {"INSERT", "UPDATE", "DELETE", "REPLACE"}
# These may have run in part, which no look at the definitions tells: MariaDB runs a procedure's body without one too.
UNSETTLED = {"CALL", "EXECUTE", "IF", "CASE", "LOOP", "REPEAT", "WHILE", "FOR"}
BODY = re.compile(r"begin\s+not\s+atomic\b", re.I)

VARIABLE = re.compile(r"(?<![\w@`.])@(`[^`]{1,64}`|[\w$.]{1,64})")
# Bits of the server's status, which each of its answers bears.
IN_TRANSACTION, AUTOCOMMIT, MORE_RESULTS, READ_ONLY = 1, 2, 8, 1 << 13
EMPTY_QUERY = 1065  # nothing but comments: the client takes that too


@dataclass
class Count:
    """How many statements ran, and how many had run before."""

    run: int = 0
    skipped: int = 0


class Runner:
    """Runs one script, which its SHA-256 names, over the journal's connection."""

    def __init__(self, journal: Journal, sha256: str, count: Count) -> None:
        self.journal, self.sha256, self.count = journal, sha256, count
        self.connection = journal.connection
        self.variables: set[str] = set()  # the script's user variables so far
        self.before: Statement | None = None
        self.locked = False  # whether the script believes that it holds tables

    def run(self, statements: Iterable[Statement]) -> int:
        """Run what has not run yet; return how many statements there are. Raises RefusedError where one fails."""
        reached = self.journal.reached(self.sha256)
        last = reached.statement if reached else 0
        self._restore(reached)  # a SET that is told again may read a variable that no SET has set
        number, batch = 0, Batch(self)
        for number, statement in enumerate(statements, start=1):
            if "@" in statement.text:
                self.variables.update(VARIABLE.findall(statement.text))
            word = "CALL" if BODY.match(statement.text) else first_word(statement.text)
            if reached and (number < last or (number == last and self._was_done(reached, statement, word))):
                self._pass(statement, word)
            else:
                self._restore(reached)
                reached = None
                if word in BATCHED and self.in_transaction:  # the script's own, which its COMMIT records
                    batch.add(statement)
                else:
                    batch.send()
                    self._step(statement, word)
            self.before = statement
            self.locked = word == "LOCK" or (self.locked and word not in {"UNLOCK", "BEGIN", "START"})
        batch.send()
        if self.in_transaction:
            self.execute("ROLLBACK")  # as the server does when its client leaves
        self.execute("SET autocommit = 1")  # for the journal, where the script left it off
        return number

    def _was_done(self, reached: Reached, statement: Statement, word: str) -> bool:
        """Whether the last statement known of is done: where that is in doubt, what it changes tells.

        It is asked in the modes that the script has set by then, in which the digest was made.
        """
        if reached.state == "done":
            return True
        if word in UNSETTLED:
            raise RefusedError(
                f"{quoted(statement)}: cut off, and may have run in part: finish it by hand, then set its state in "
                f"db_init_statement (sha256 {self.sha256}, statement {statement.number}) to done"
            )
        return self.journal.definitions() != reached.definitions

    def _pass(self, statement: Statement, word: str) -> None:
        self.count.skipped += 1
        if word in OF_SESSION:
            try:
                self.execute(statement.text)
            except pymysql.err.MySQLError as error:
                if error.args[0] in GONE:
                    raise
                # It went through in its time: a later statement has taken away what it speaks of.

    def _step(self, statement: Statement, word: str) -> None:
        ours = not self._open  # nothing that the script itself began: the transaction is ours to end
        if word in LOCKING:
            if self.in_transaction and (word == "LOCK" or self.locked):  # which it commits
                self._done(statement)
                self.execute("COMMIT")
        elif word in OF_SESSION | OF_TRANSACTION:
            if word in COMMITTING and self.in_transaction and self.before:
                self._done(self.before)
            self._run(statement)
            if not ours and not self._open:
                self._done(statement)
        elif word == "COMMIT":
            self._done(statement)
            self._run(statement)
        elif word not in WITHOUT_EFFECT:
            self._guarded(statement, word, ours, may_commit=word not in TRANSACTIONAL)
        self.count_one()

    def _guarded(self, statement: Statement, word: str, ours: bool, may_commit: bool) -> None:
        """Run a statement with its row: in one transaction, or where it commits by itself, on both sides of it."""
        definitions = self.journal.definitions() if may_commit else ""
        if ours:
            self.execute("BEGIN")
        if may_commit:
            self.journal.begin(self.sha256, statement.number, statement.text, self._variables(), definitions)
        try:
            self._run(statement)
        except RefusedError:
            if may_commit and word not in UNSETTLED:  # else the next run would settle what is settled
                self.execute("ROLLBACK")
                self.journal.forget(self.sha256, statement.number)
                self.execute("COMMIT")
            raise
        if ours or may_commit:
            self._done(statement)
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

    def _done(self, statement: Statement) -> None:
        if not self.connection.server_status & READ_ONLY:  # a transaction that may not write has nothing to record
            self.journal.done(self.sha256, statement.number, statement.text, self._variables())

    def _variables(self) -> dict[str, str]:
        return self.journal.variables(sorted(self.variables))

    def _restore(self, reached: Reached | None) -> None:
        """Give the session what the last one had."""
        if reached:
            for name, value in reached.variables.items():
                self.execute(f"SET @{name} = {value}")
            self.execute(f"DO LAST_INSERT_ID({reached.last_insert_id})")

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return bool(self.connection.server_status & IN_TRANSACTION)

    @property
    def _open(self) -> bool:
        """Whether the script has begun something that it ends itself."""
        return self.in_transaction or not self.connection.server_status & AUTOCOMMIT
