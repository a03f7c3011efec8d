"""The record of what has run, in the database itself: nothing runs twice, and what was cut off goes on.

A row is written in the transaction of the statement that it is about, so that the two stand or fall together. MySQL
commits by itself before a statement such as CREATE TABLE: then the row, still saying `begun`, is committed with what
came before, and says after a kill that this statement's fate is unknown. It is settled by what it would have changed:
the definitions of all tables, views, routines, triggers and events, whose digest the row holds as it was before.
"""

from __future__ import annotations

import hashlib
import json
from itertools import count
from typing import Any, NamedTuple

from pymysql.constants import FIELD_TYPE

LOCK_WAIT = 5  # seconds for a try

TABLES = (
    """CREATE TABLE IF NOT EXISTS db_init_script (
        version INT NOT NULL, name VARCHAR(255) NOT NULL, sha256 CHAR(64) CHARACTER SET ascii NOT NULL PRIMARY KEY,
        statements INT NOT NULL, finished TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) ENGINE=InnoDB""",
    """CREATE TABLE IF NOT EXISTS db_init_statement (
        sha256 CHAR(64) CHARACTER SET ascii NOT NULL, statement INT NOT NULL,
        statement_sha256 CHAR(64) CHARACTER SET ascii NOT NULL, state ENUM('begun', 'done') NOT NULL,
        definitions CHAR(64) CHARACTER SET ascii NULL, variables LONGTEXT NULL,
        last_insert_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
        recorded TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
        PRIMARY KEY (sha256, statement)) ENGINE=InnoDB""",
)

# What a schema is, and no more: neither row counts nor the next AUTO_INCREMENT. Each begins with whose it is.
DEFINITIONS = {
    "schemata": "schema_name, default_character_set_name, default_collation_name",
    "tables": "table_schema, table_name, table_type, engine, table_collation, create_options, table_comment",
    "columns": "table_schema, table_name, column_name, ordinal_position, column_default, is_nullable, column_type,"
    " collation_name, extra, column_comment, generation_expression",
    "statistics": "table_schema, table_name, index_name, seq_in_index, column_name, non_unique, sub_part, index_type,"
    " index_comment",
    "table_constraints": "table_schema, table_name, constraint_name, constraint_type",
    "referential_constraints": "constraint_schema, table_name, constraint_name, update_rule, delete_rule",
    "views": "table_schema, table_name, view_definition",
    "routines": "routine_schema, routine_name, routine_type, routine_definition, dtd_identifier, sql_data_access,"
    " sql_mode, routine_comment, definer",
    "triggers": "trigger_schema, trigger_name, event_manipulation, event_object_table, action_statement,"
    " action_timing, action_order",
    "events": "event_schema, event_name, event_definition, execute_at, interval_value, interval_field, status",
    "partitions": "table_schema, table_name, partition_name, partition_description",
    "user_privileges": "grantee",  # the users; mysql.user is not for everybody to read
}
SYSTEM = ("mysql", "information_schema", "performance_schema", "sys")  # most of what there is, and never a script's
NUMBERS = {FIELD_TYPE.LONGLONG, FIELD_TYPE.NEWDECIMAL, FIELD_TYPE.DOUBLE}  # of user variables; the others are texts


class Reached(NamedTuple):
    """The last row about a script; the session as it was after its statement, or before it while it says `begun`."""

    statement: int
    state: str
    definitions: str | None
    variables: dict[str, str]  # name -> SQL
    last_insert_id: int


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

    def reached(self, sha256: str) -> Reached | None:
        """The last row about a script."""
        sql = f"SELECT statement, state, definitions, variables, last_insert_id FROM {self.quoted}.db_init_statement"
        rows = self.query(f"{sql} WHERE sha256 = %s ORDER BY statement DESC LIMIT 1", (sha256,))
        if not rows:
            return None
        statement, state, definitions, variables, last_insert_id = rows[0]
        return Reached(statement, state, definitions, json.loads(variables or "{}"), last_insert_id)

    def begin(self, sha256: str, statement: int, text: str, variables: dict[str, str], definitions: str) -> None:
        """Note that a statement begins of which MySQL may commit a part by itself."""
        self._record(sha256, statement, text, variables, "begun", definitions)

    def done(self, sha256: str, statement: int, text: str, variables: dict[str, str]) -> None:
        """Note that a statement, and all before it, are done."""
        self._record(sha256, statement, text, variables, "done", None)

    def forget(self, sha256: str, statement: int) -> None:
        """Take back that a statement has begun: it failed, and so did not happen."""
        self.query(
            f"DELETE FROM {self.quoted}.db_init_statement WHERE sha256 = %s AND statement = %s", (sha256, statement)
        )

    def _record(self, *row: Any) -> None:
        sha256, statement, text, variables, state, definitions = row
        sql = (
            f"INSERT INTO {self.quoted}.db_init_statement"
            " (sha256, statement, statement_sha256, variables, state, definitions, last_insert_id)"
            " VALUES (%s, %s, %s, %s, %s, %s, LAST_INSERT_ID()) ON DUPLICATE KEY UPDATE state = VALUES(state),"
            " variables = VALUES(variables), definitions = VALUES(definitions),"
            " last_insert_id = VALUES(last_insert_id)"
        )
        known = json.dumps(variables) if variables else None
        self.query(sql, (sha256, statement, _digest(text), known, state, definitions))

    def variables(self, names: list[str]) -> dict[str, str]:
        """The values of user variables, each as the SQL that gives it again."""
        if not names:
            return {}
        about = ", ".join(f"@{name}, HEX(@{name}), CHARSET(@{name}), COLLATION(@{name})" for name in names)
        ((*values,),) = self._raw("SELECT " + about)
        kinds = [column[1] for column in self.cursor.description]
        return {name: _literal(kinds[at], *values[at : at + 4]) for name, at in zip(names, count(0, 4), strict=False)}

    def definitions(self) -> str:
        """Return the digest of what all schemas are made of."""
        digest = hashlib.sha256()
        for table, columns in DEFINITIONS.items():
            whose = columns.split(",")[0]
            rows = self._raw(f"SELECT DISTINCT {columns} FROM information_schema.{table} WHERE {whose} NOT IN {SYSTEM}")
            digest.update(repr(sorted(map(repr, rows))).encode())
        return digest.hexdigest()

    def _raw(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows in bytes as they come: in which characters, a script's SET NAMES says."""
        connection = self.connection
        usual = connection.use_unicode, connection.decoders
        connection.use_unicode, connection.decoders = False, {}
        try:
            return self.query(sql)
        finally:
            connection.use_unicode, connection.decoders = usual


def _literal(kind: int, value: bytes | None, code: bytes, charset: bytes, collation: bytes) -> str:
    if value is None:
        return "NULL"
    if kind in NUMBERS:  # without an exponent it would be a decimal
        return value.decode() + "e0" * (kind == FIELD_TYPE.DOUBLE and b"e" not in value)
    return f"_{charset.decode()} x'{code.decode()}' COLLATE `{collation.decode()}`"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
