"""No script takes rows away by accident."""

from __future__ import annotations

import time

import pytest
from database import connect
from guard import check
from journal import Journal
from request import RefusedError, parse

from tests.functions.harness import GATE, Function

pytestmark = pytest.mark.slow

TABLES = """
CREATE TABLE parent (id INT PRIMARY KEY, name VARCHAR(20));
CREATE TABLE hollow (id INT PRIMARY KEY, name VARCHAR(20));
CREATE TABLE parts (id INT, name VARCHAR(20), key_of_it INT, check_date DATE) PARTITION BY RANGE (id) (
  PARTITION low VALUES LESS THAN (10), PARTITION high VALUES LESS THAN MAXVALUE);
INSERT INTO parent VALUES (1, 'one'), (2, 'two');
INSERT INTO parts (id, name) VALUES (1, 'one');
"""

REFUSED = {
    "DROP TABLE parent": "parent holds, 2 rows",
    "drop table if exists `hollow`, `parent`": "parent holds, 2 rows",
    "DROP TABLE {database}.parent": "parent holds, 2 rows",
    "/*!40000 DROP TABLE IF EXISTS parent */": "parent holds, 2 rows",
    "DROP /* now */ TABLE -- or later\n parent": "parent holds, 2 rows",
    "TRUNCATE parent": "parent holds, 2 rows",
    "TRUNCATE TABLE parts": "parts holds, 1 row",
    "ALTER TABLE parent DROP COLUMN name": "parent holds, 2 rows",
    "ALTER TABLE parent ADD x INT, DROP name": "parent holds, 2 rows",
    "ALTER TABLE parts DROP PARTITION low": "parts holds, 1 row",
    "ALTER TABLE parts DROP key_of_it": "parts holds, 1 row",
    "ALTER TABLE parts DROP check_date": "parts holds, 1 row",
    "USE mysql;\nUSE {database};\nDROP TABLE parent": "parent holds, 2 rows",
}
FINE = [
    "DROP TABLE hollow",
    "DROP TABLE IF EXISTS nothing",
    "TRUNCATE hollow",
    "CREATE TEMPORARY TABLE parent2 (a INT);\nDROP TEMPORARY TABLE parent2",
    "ALTER TABLE parent ADD INDEX by_name (name), COMMENT 'no DROP name here';\nALTER TABLE parent DROP INDEX by_name",
    "INSERT INTO parent VALUES (3, 'DROP TABLE parent')",
    "CREATE TABLE fresh (a INT);\nINSERT INTO fresh VALUES (1);\nDROP TABLE fresh",
    "CREATE VIEW v AS SELECT 1 AS a;\nDROP VIEW v",
]


@pytest.fixture
def full(function: Function) -> Function:
    assert not function.server.client(TABLES, function.database).returncode
    return function


@pytest.mark.parametrize("sql", REFUSED)
def test_what_would_take_rows_is_refused_before_the_first_statement(full: Function, sql: str) -> None:
    full.put("CREATE TABLE first (a INT);\n" + sql.format(database=full.database) + ";\n")
    before = full.dump()
    said = full.invoke()
    assert said["Status"] == "FAILED"
    assert f": would take away what {REFUSED[sql]}: name it in AllowDataLoss if that is meant" in said["Reason"]
    assert full.dump() == before


@pytest.mark.parametrize("sql", ["DROP DATABASE {0}", "DROP SCHEMA IF EXISTS {0}", "CREATE OR REPLACE DATABASE {0}"])
def test_the_journals_own_database_is_not_dropped_even_where_it_is_empty(function: Function, sql: str) -> None:
    function.put(sql.format(function.database) + f";\nCREATE DATABASE IF NOT EXISTS {function.database};\n")
    said = function.invoke()["Reason"]
    assert said.endswith(": would take away the record of what has run, with the database")


@pytest.mark.parametrize("server", ["mariadb"], indirect=True)
def test_a_database_that_is_replaced_is_one_that_is_dropped(full: Function) -> None:
    other = f"{full.database}_other"
    full.server.client(f"CREATE DATABASE {other}; CREATE TABLE {other}.t AS SELECT 1 AS a")
    full.put(f"CREATE OR REPLACE DATABASE {other};\n")
    assert "would take away what t holds, 1 row" in full.invoke()["Reason"]
    full.server.client(f"DROP DATABASE {other}")


def test_a_script_is_looked_through_in_the_servers_modes(full: Function) -> None:
    """Where a backslash escapes nothing, a text ends before one would think."""
    server = full.server
    connection = connect(parse(full.payload), server.user, server.password, time.monotonic() + 60)
    connection.query("SET sql_mode = 'NO_BACKSLASH_ESCAPES'")  # as a parameter group may say
    script = b"INSERT INTO hollow VALUES (1, '\\');\nDROP TABLE parent;\n-- '\n"
    with connection, pytest.raises(RefusedError, match="parent holds, 2 rows"):
        check(script, Journal(connection, full.database), frozenset())


@pytest.mark.parametrize("sql", FINE)
def test_what_takes_none_runs(full: Function, sql: str) -> None:
    full.put(sql + ";\n")
    assert full.invoke()["Status"] == "SUCCESS"
    assert len(full.rows("SELECT * FROM parent")) >= 2


def test_a_table_that_is_named_may_go_and_no_other(full: Function) -> None:
    full.put("DROP TABLE parent;\nDROP TABLE parts;\n")
    assert "parts holds" in full.invoke(allow_data_loss="parent")["Reason"]
    assert full.invoke(allow_data_loss="Parent, parts")["Status"] == "SUCCESS"


def test_a_changed_script_that_begins_with_drops_is_refused(full: Function) -> None:
    """As Hydra's own does (P15)."""
    full.put("CREATE TABLE IF NOT EXISTS parent (id INT);\n")
    assert full.invoke()["Status"] == "SUCCESS"
    full.put("DROP TABLE IF EXISTS parent;\nCREATE TABLE parent (id BIGINT);\n")
    assert "parent holds, 2 rows" in full.invoke()["Reason"]


def test_what_was_cut_off_may_finish_what_it_began(full: Function) -> None:
    """A table that this very script filled is its own to drop, in the next run too."""
    full.put(f"CREATE TABLE own (a INT);\nINSERT INTO own VALUES (1);\n{GATE};\nDROP TABLE own;\n")
    with full.gate():
        assert "out of time" in full.invoke(seconds=9)["Reason"]
    assert full.invoke()["Status"] == "SUCCESS"
