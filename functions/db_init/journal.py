"""The record of what has run, in the database itself: nothing runs twice, and what was cut off goes on.

A row is written in the transaction of the statement that it is about, so that the two stand or fall together. MySQL
commits by itself before a statement such as CREATE TABLE: then the row, still saying `begun`, is committed with what
came before, and says after a kill that this statement's fate is unknown. It is settled by what it would have changed:
the definitions of all tables, views, routines, triggers and events, whose digest the row holds as it was before.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

LOCK_WAIT = 5  # seconds for a try

TABLES = (
    """CREATE TABLE IF NOT EXISTS db_init_script (
        version INT NOT NULL, name VARCHAR(255) NOT NULL, sha256 CHAR(64) CHARACTER SET ascii NOT NULL PRIMARY KEY,
        statements INT NOT NULL, finished TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) ENGINE=InnoDB""",
    """CREATE TABLE IF NOT EXISTS db_init_statement (
        sha256 CHAR(64) CHARACTER SET ascii NOT NULL, statement INT NOT NULL,
        statement_sha256 CHAR(64) CHARACTER SET ascii NOT NULL, state ENUM('begun', 'done') NOT NULL,
        definitions CHAR(64) CHARACTER SET ascii NULL, variables LONGTEXT NULL,
        recorded TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
        PRIMARY KEY (sha256, statement)) ENGINE=InnoDB""",
)
OURS = ("db_init_script", "db_init_statement")

# What a schema is, and no more: neither row counts nor the next AUTO_INCREMENT.
DEFINITIONS = (
    "SELECT schema_name, default_character_set_name, default_collation_name FROM information_schema.schemata",
    "SELECT table_schema, table_name, table_type, engine, table_collation, create_options, table_comment"
    " FROM information_schema.tables",
    "SELECT table_schema, table_name, column_name, ordinal_position, column_default, is_nullable, column_type,"
    " collation_name, extra, column_comment, generation_expression FROM information_schema.columns",
    "SELECT table_schema, table_name, index_name, seq_in_index, column_name, non_unique, sub_part, index_type,"
    " index_comment FROM information_schema.statistics",
    "SELECT table_schema, table_name, constraint_name, constraint_type FROM information_schema.table_constraints",
    "SELECT constraint_schema, table_name, constraint_name, update_rule, delete_rule"
    " FROM information_schema.referential_constraints",
    "SELECT table_schema, table_name, view_definition FROM information_schema.views",
    "SELECT routine_schema, routine_name, routine_type, routine_definition, dtd_identifier, sql_data_access, sql_mode,"
    " routine_comment, definer FROM information_schema.routines",
    "SELECT trigger_schema, trigger_name, event_manipulation, event_object_table, action_statement, action_timing,"
    " action_order FROM information_schema.triggers",
    "SELECT event_schema, event_name, event_definition, execute_at, interval_value, interval_field, status"
    " FROM information_schema.events",
    "SELECT table_schema, table_name, partition_name, partition_description FROM information_schema.partitions",
    "SELECT user, host FROM mysql.user",
)
SYSTEM = ("mysql", "information_schema", "performance_schema", "sys")


class Journal:
    """The journal of one database, over a connection in autocommit mode."""

    def __init__(self, connection: Any, database: str) -> None:
        self.connection, self.database = connection, database
        self.cursor = connection.cursor()
        self.quoted = "`" + database.replace("`", "``") + "`"

    def query(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run one statement of ours, and return its rows."""
        self.cursor.execute(sql, values or None)
        return list(self.cursor.fetchall() or ())

    def lock(self) -> bool:
        """Take the database's lock, which its connection's end gives back; return whether it was free."""
        name = "db_init " + hashlib.sha256(self.database.encode()).hexdigest()[:32]  # a name has 64 characters at most
        return bool(self.query("SELECT GET_LOCK(%s, %s)", (name, LOCK_WAIT))[0][0])

    def open(self) -> None:
        """Make the journal's tables where they are not."""
        for table in TABLES:
            self.query(table)

    def finished(self) -> dict[str, int]:
        """The scripts that have run whole: SHA-256 -> version."""
        return dict(self.query(f"SELECT sha256, version FROM {self.quoted}.db_init_script"))

    def finish(self, sha256: str, version: int, name: str, statements: int) -> None:
        """Record that a script has run whole."""
        sql = f"INSERT INTO {self.quoted}.db_init_script (version, name, sha256, statements) VALUES (%s, %s, %s, %s)"
        self.query(sql, (version, name, sha256, statements))

    def reached(self, sha256: str) -> tuple[int, str, str | None, dict[str, Any]] | None:
        """The last row about a script: statement, state, definitions before it, user variables after it."""
        sql = f"SELECT statement, state, definitions, variables FROM {self.quoted}.db_init_statement"
        rows = self.query(f"{sql} WHERE sha256 = %s ORDER BY statement DESC LIMIT 1", (sha256,))
        return (*rows[0][:3], json.loads(rows[0][3] or "{}")) if rows else None

    def begin(self, sha256: str, statement: int, text: str, definitions: str) -> None:
        """Note that a statement begins of which MySQL may commit a part by itself."""
        sql = (
            f"INSERT INTO {self.quoted}.db_init_statement (sha256, statement, statement_sha256, state, definitions)"
            " VALUES (%s, %s, %s, 'begun', %s)"
            " ON DUPLICATE KEY UPDATE state = 'begun', definitions = VALUES(definitions)"
        )
        self.query(sql, (sha256, statement, _digest(text), definitions))

    def done(self, sha256: str, statement: int, text: str, variables: dict[str, Any]) -> None:
        """Note that a statement, and all before it, are done."""
        sql = (
            f"INSERT INTO {self.quoted}.db_init_statement (sha256, statement, statement_sha256, state, variables)"
            " VALUES (%s, %s, %s, 'done', %s) ON DUPLICATE KEY UPDATE state = 'done', variables = VALUES(variables)"
        )
        self.query(sql, (sha256, statement, _digest(text), json.dumps(variables, default=str) if variables else None))

    def definitions(self) -> str:
        """Return the digest of what all schemas are made of."""
        digest = hashlib.sha256()
        for sql in DEFINITIONS:
            rows = [row for row in self.query(sql) if row[0] not in SYSTEM]
            digest.update(repr(sorted(map(repr, rows))).encode())
        return digest.hexdigest()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
