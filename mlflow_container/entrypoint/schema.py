"""One of MLflow's schemas, and the state that a database is in with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from . import record


class State(Enum):
    """What a database holds."""

    EMPTY = "empty"
    HALF_MADE = "half made: it began empty, and no server has used it since"
    CURRENT = "current"
    OLDER = "older than this MLflow"
    NEWER = "newer than this MLflow"
    CUT_OFF = "cut off in the middle of an upgrade"
    FOREIGN = "tables of something else"


@dataclass(frozen=True)
class Schema:
    """A schema of MLflow's: how it is told, and how it is made."""

    scripts: ScriptDirectory
    version_table: str
    used: str  # the table in which a server leaves a row when it first starts
    make: Callable[[Engine], None]
    upgrade: Callable[[Engine], None]

    @property
    def head(self) -> str:
        """The revision that this MLflow runs on."""
        return str(self.scripts.get_current_head())

    def revision(self, engine: Engine) -> str | None:
        """Return the revision that a database is at, None where it has none."""
        return self._first(engine, self.version_table, "version_num")

    def state(self, engine: Engine) -> State:
        """Return the state of a database."""
        tables, revision = set(tables_of(engine)), self.revision(engine)
        if revision is None and not tables - {self.version_table}:
            return State.EMPTY
        if revision == self.head:
            return State.CURRENT
        last = record.newest(engine)
        if last and not last.is_finished:
            used = self._first(engine, self.used, "COUNT(*)") not in (None, "0")
            return State.HALF_MADE if last.began_empty and not used else State.CUT_OFF
        if revision is None:
            return State.FOREIGN
        known = {script.revision for script in self.scripts.walk_revisions()}
        return State.OLDER if revision in known else State.NEWER

    @staticmethod
    def _first(engine: Engine, table: str, column: str) -> str | None:
        if not inspect(engine).has_table(table):
            return None
        with engine.connect() as connection:
            value = connection.execute(text(f"SELECT {column} FROM {table} LIMIT 1")).scalar()
        return None if value is None else str(value)


def tables_of(engine: Engine) -> list[str]:
    """Return all tables of a database but our record."""
    return [name for name in inspect(engine).get_table_names() if name != record.TABLE]


def drop(engine: Engine) -> None:
    """Drop what a migration left half made of a database that was empty."""
    quote = engine.dialect.identifier_preparer.quote
    if tables := tables_of(engine):
        with engine.begin() as connection:
            connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
            connection.execute(text("DROP TABLE " + ", ".join(quote(name) for name in tables)))
            connection.execute(text("SET FOREIGN_KEY_CHECKS = 1"))
