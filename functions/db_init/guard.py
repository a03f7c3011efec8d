"""No script takes rows away by accident: what would, is refused before its first statement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from request import RefusedError
from script import ANSI_QUOTES, NO_BACKSLASH_ESCAPES, statements
from words import bare, first_word, quoted

if TYPE_CHECKING:
    from journal import Journal

NAME = r"(?:`(?:[^`]|``)+`|\"[^\"]+\"|[\w$]+)"
TABLE = rf"{NAME}(?:\s*\.\s*{NAME})?"
# What takes rows away, and the tables that it names.
TABLES = re.compile(
    rf"(?:DROP TABLES? (?:IF EXISTS )?|TRUNCATE (?:TABLE )?|CREATE OR REPLACE TABLE (?:IF NOT EXISTS )?)"
    rf"({TABLE}(?: ?, ?{TABLE})*)",
    re.I,
)
DATABASE = re.compile(rf"(?:DROP|CREATE OR REPLACE) (?:DATABASE|SCHEMA) (?:IF EXISTS |IF NOT EXISTS )?({NAME})", re.I)
ALTERED = re.compile(rf"ALTER (?:ONLINE )?(?:IGNORE )?TABLE (?:IF EXISTS )?({TABLE})", re.I)
PARTS = re.compile(  # of an ALTER TABLE: a column or a partition goes
    r"\b(?:DROP (?!(?:INDEX|KEY|PRIMARY|FOREIGN|CONSTRAINT|CHECK|DEFAULT)\b)|TRUNCATE PARTITION|DISCARD )", re.I
)
USE = re.compile(rf"USE ({NAME})", re.I)
SUSPECTS = {"DROP", "TRUNCATE", "CREATE", "ALTER", "USE", "SET"}


def check(script: bytes, journal: Journal, allowed: frozenset[str]) -> None:
    """Raise RefusedError at the first statement that takes rows of a table that is not in `allowed` (lower case)."""
    database, modes = journal.database, [int(journal.connection.server_status)]
    for statement in statements(script, lambda: modes[-1]):
        if first_word(statement.text) not in SUSPECTS:
            continue
        text = bare(statement.text)
        if text.upper().startswith("SET ") and "SQL_MODE" in text.upper():
            modes.append(_mode(statement.text.upper()))
        if use := USE.match(text):
            database = _plain(use[1])
        if (found := DATABASE.match(text)) and _plain(found[1]).lower() == journal.database.lower():
            raise RefusedError(f"{quoted(statement)}: would take away the record of what has run, with the database")
        for schema, table in _lost(text, database, journal):
            count = _rows(journal, schema, table)
            if count and table.lower() not in allowed:
                raise RefusedError(
                    f"{quoted(statement)}: would take away what {table} holds, {count} row{'s' * (count != 1)}: name "
                    f"it in AllowDataLoss if that is meant"
                )


def _lost(text: str, database: str, journal: Journal) -> Iterator[tuple[str, str]]:
    """The tables (database, name) of which a statement takes rows."""
    if found := DATABASE.match(text):
        sql = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema = %s"
        yield from ((str(schema), str(table)) for schema, table in journal.query(sql, (_plain(found[1]),)))
    named = [found[1]] if (found := ALTERED.match(text)) and PARTS.search(text) else []
    named += re.findall(TABLE, found[1]) if (found := TABLES.match(text)) else []
    for name in named:
        parts = [_plain(part) for part in re.findall(NAME, name)]
        yield (parts[0] if len(parts) == 2 else database, parts[-1])


def _mode(setting: str) -> int:
    """What the server's status would be after a SET of sql_mode, as far as its words tell: nothing runs here."""
    return NO_BACKSLASH_ESCAPES * ("NO_BACKSLASH_ESCAPES" in setting) | ANSI_QUOTES * ("ANSI" in setting)


def _rows(journal: Journal, schema: str, table: str) -> int:
    sql = "SELECT table_type FROM information_schema.tables WHERE table_schema = %s AND table_name = %s"
    if ("BASE TABLE",) not in journal.query(sql, (schema, table)):
        return 0
    quoted_name = ".".join("`" + part.replace("`", "``") + "`" for part in (schema, table))
    return int(journal.query(f"SELECT COUNT(*) FROM {quoted_name}")[0][0])


def _plain(name: str) -> str:
    return name[1:-1].replace("``", "`") if name[0] in '`"' else name
