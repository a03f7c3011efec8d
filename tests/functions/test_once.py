"""Once, and all of it: runs that are killed, cut off, doubled, or told twice."""

from __future__ import annotations

import hashlib
import os
import random
import threading
from collections.abc import Callable

import pytest

from tests.functions.harness import GATE, Function

pytestmark = pytest.mark.slow

# Every kind of statement that the runner tells apart, each leaving a mark that shows if it ran twice.
SCRIPT = """
SET NAMES utf8mb4;
SET @note = 'it''s; "quoted"';
CREATE TABLE ran (step VARCHAR(40) NOT NULL, note TEXT);
INSERT INTO ran VALUES ('autocommit', @note);
CREATE TABLE parent (id INT PRIMARY KEY, name VARCHAR(20));
CREATE TABLE child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE);
INSERT INTO parent VALUES (1, 'one'), (2, 'two');
START TRANSACTION;
INSERT INTO child VALUES (1, 1);
INSERT INTO ran VALUES ('in a transaction', NULL);
UPDATE parent SET name = CONCAT(name, '!') WHERE id = 1;
COMMIT;
ALTER TABLE child ADD COLUMN added INT DEFAULT 7;
INSERT INTO ran SELECT 'counted', COUNT(*) FROM child;
SELECT COUNT(*) INTO @children FROM child;
INSERT INTO ran VALUES ('variable', @children);
BEGIN;
INSERT INTO ran VALUES ('rolled back', NULL);
ROLLBACK;
CREATE INDEX by_name ON parent (name);
DELIMITER //
CREATE TRIGGER after_parent AFTER INSERT ON parent FOR EACH ROW
BEGIN
  INSERT INTO ran VALUES ('trigger', NEW.name);
END//
CREATE PROCEDURE note(IN what VARCHAR(40))
BEGIN
  INSERT INTO ran VALUES ('procedure', what);
END//
DELIMITER ;
CALL note('called; once');
INSERT INTO parent VALUES (3, 'three');
RENAME TABLE child TO children;
CREATE VIEW both_of_them AS SELECT p.name, c.added FROM parent p JOIN children c ON c.parent = p.id;
SET autocommit = 0;
INSERT INTO ran VALUES ('without autocommit', NULL);
COMMIT;
INSERT INTO ran VALUES ('which SET ends', NULL);
SET autocommit = 1;
BEGIN;
INSERT INTO ran VALUES ('which BEGIN ends', NULL);
BEGIN;
INSERT INTO ran VALUES ('of the second', NULL);
COMMIT;
CREATE TABLE numbered (id INT AUTO_INCREMENT PRIMARY KEY);
INSERT INTO numbered VALUES (NULL);
INSERT INTO ran SELECT 'the last number', LAST_INSERT_ID() = MAX(id) FROM numbered;
DROP TABLE numbered;
CREATE TABLE scratch (a INT);
INSERT INTO scratch VALUES (1);
TRUNCATE TABLE scratch;
INSERT INTO scratch VALUES (2);
INSERT INTO ran VALUES ('last', @note);
DROP VIEW both_of_them;
"""


Uninterrupted = Callable[[str], str]


# `make torture` goes on for longer.
SEEDS = range(int(os.environ.get("TORTURE", "3")))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_that_is_killed_goes_on_where_it_stopped(
    function: Function, uninterrupted: Uninterrupted, seed: int
) -> None:
    """Killed again and again (SIGKILL), before and after statements of every kind, the journal's own among them."""
    draw = random.Random(seed)
    expected = uninterrupted(SCRIPT)
    function.put(SCRIPT)
    kills = 0
    while function.killed(at=draw.randint(4, 11), after=draw.random() < 0.5):
        kills += 1
    assert kills >= 10
    assert function.invoke()["StatementsRun"] == 0
    assert function.dump() == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_that_is_killed_at_any_moment_goes_on(
    function: Function, uninterrupted: Uninterrupted, seed: int
) -> None:
    """Between the instructions of Python too, and while an answer is on its way."""
    draw = random.Random(seed)
    expected = uninterrupted(SCRIPT)
    function.put(SCRIPT)
    kills = 0
    while function.killed_after(draw.uniform(0.002, 0.02) + kills * 0.001):  # seconds; it gets through at last
        kills += 1
    assert kills >= 1
    assert function.invoke()["StatementsRun"] == 0
    assert function.dump() == expected


# Cut off at one place: a script, the text of the statement where it dies, and whether after it.
CUT = {
    "a transaction that SET ends": (
        "CREATE TABLE t (a INT);\nSET autocommit = 0;\nINSERT INTO t VALUES (1);\nSET autocommit = 1;\n",
        "SET autocommit = 1",
        True,
    ),
    "a transaction that START ends": (
        "CREATE TABLE t (a INT);\nBEGIN;\nINSERT INTO t VALUES (1);\nSTART TRANSACTION;\n"
        "INSERT INTO t VALUES (2);\nCOMMIT;\n",
        "START TRANSACTION",
        True,
    ),
    "a variable before a statement in doubt": (
        "CREATE TABLE t (a INT);\nSELECT 5 INTO @five;\nTRUNCATE TABLE t;\nINSERT INTO t VALUES (@five);\n",
        "TRUNCATE",
        True,
    ),
    "variables of each kind": (
        "SELECT 7, 1.50, 2e0, X'FF00', _latin1 X'E4', '', NULL INTO @i, @d, @f, @b, @l, @e, @n;\n"
        "CREATE TABLE t AS SELECT @i AS i, @d AS d, @f AS f, HEX(@b) AS b, CHARSET(@b) AS bc, HEX(@l) AS l,\n"
        "  CHARSET(@l) AS lc, COLLATION(@l) AS o, @e AS e, @n AS n;\n",
        "CREATE TABLE t",
        False,
    ),
    "the last number that was given": (
        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, above INT);\nINSERT INTO t (id) VALUES (41);\n"
        "INSERT INTO t (above) VALUES (NULL);\nINSERT INTO t (id, above) VALUES (50, LAST_INSERT_ID());\n",
        "VALUES (50",
        False,
    ),
    "a SET of what is gone since": (
        "CREATE TABLE t (a INT);\nCREATE TABLE gone (a INT);\nSET @many = (SELECT COUNT(*) FROM gone);\n"
        "DROP TABLE gone;\nINSERT INTO t VALUES (@many);\n",
        "INSERT INTO t",
        False,
    ),
    "a text like a variable, too long for one": (
        f"CREATE TABLE t (a TEXT);\nINSERT INTO t VALUES ('for @{'x' * 65}');\nINSERT INTO t VALUES ('last');\n",
        "INSERT INTO t VALUES ('last')",
        False,
    ),
    "a mode out of a variable": (
        "CREATE TABLE t (a TEXT);\nSELECT @@sql_mode INTO @before;\nSET sql_mode = '';\n"
        "SET sql_mode = @before;\nINSERT INTO t VALUES ('so far');\nINSERT INTO t SELECT @@sql_mode;\n",
        "INSERT INTO t SELECT",
        False,
    ),
}


@pytest.mark.parametrize(("script", "text", "after"), CUT.values(), ids=CUT)
def test_a_run_that_is_killed_there_goes_on(
    function: Function, uninterrupted: Uninterrupted, script: str, text: str, after: bool
) -> None:
    expected = uninterrupted(script)
    function.put(script)
    assert function.killed_at(text, after)
    said = function.invoke()
    assert said["Status"] == "SUCCESS", said
    assert function.dump() == expected


@pytest.mark.parametrize("server", ["mariadb"], indirect=True)
def test_a_body_without_a_procedure_is_no_transaction(function: Function, uninterrupted: Uninterrupted) -> None:
    script = (
        "CREATE TABLE t (a INT);\nDELIMITER //\nBEGIN NOT ATOMIC\n  INSERT INTO t VALUES (1);\nEND//\nDELIMITER ;\n"
        "INSERT INTO t VALUES (2);\n"
    )
    expected = uninterrupted(script)
    function.put(script)
    assert function.killed_at("VALUES (2)", after=False)
    assert function.invoke()["StatementsSkipped"] == 2
    assert function.dump() == expected


def test_each_row_is_about_its_own_statement(function: Function) -> None:
    """A BEGIN commits the transaction before it: recorded is the last statement of that one."""
    statements = ["CREATE TABLE t (a INT)", "BEGIN", "INSERT INTO t VALUES (1)", "BEGIN", "INSERT INTO t VALUES (2)"]
    function.put(";\n".join([*statements, "COMMIT;\n"]))
    assert function.invoke()["Status"] == "SUCCESS"
    recorded = function.rows("SELECT statement, statement_sha256 FROM db_init_statement")
    texts = dict(enumerate([*statements, "COMMIT"], start=1))
    assert [int(number) for number, _ in recorded] == [1, 3, 6]
    assert all(sha256 == hashlib.sha256(texts[int(number)].encode()).hexdigest() for number, sha256 in recorded)


def test_what_failed_runs_when_its_cause_is_mended(function: Function) -> None:
    """Its fate is known: that the definitions have changed since is no sign that it happened."""
    function.server.client("CREATE TABLE t (other INT)", function.database)
    function.put("CREATE TABLE t (a INT);\n")
    assert "already exists" in function.invoke()["Reason"]
    function.server.client("DROP TABLE t", function.database)
    assert function.invoke()["Status"] == "SUCCESS"
    assert [row[0] for row in function.rows("SHOW COLUMNS FROM t")] == ["a"]


def test_the_same_script_again_is_nothing(function: Function) -> None:
    function.put(SCRIPT)
    first, second = function.invoke(), function.invoke()
    assert (first["Status"], first["StatementsSkipped"]) == ("SUCCESS", 0)
    assert (second["Status"], second["StatementsRun"], second["StatementsSkipped"]) == ("SUCCESS", 0, 0)


def test_what_is_done_is_recorded(function: Function) -> None:
    function.put("CREATE TABLE one (a INT);\nINSERT INTO one VALUES (1);\n")
    function.invoke()
    (script,) = function.rows("SELECT version, name, statements, LENGTH(sha256) FROM db_init_script")
    assert script == ["1", "0001_jobs.sql", "2", "64"]
    rows = function.rows("SELECT statement, state, LENGTH(statement_sha256), recorded > 0 FROM db_init_statement")
    assert rows == [["1", "done", "64", "1"], ["2", "done", "64", "1"]]


def test_out_of_time_it_says_how_far_it_came_and_the_next_one_goes_on(
    function: Function, uninterrupted: Uninterrupted
) -> None:
    script = f"CREATE TABLE t (a INT);\nINSERT INTO t VALUES (1);\n{GATE};\nINSERT INTO t VALUES (2);\n"
    expected = uninterrupted(script)
    function.put(script)
    with function.gate():
        said = function.invoke(seconds=9)
    assert said["Status"] == "FAILED"
    assert said["Reason"] == "out of time after 2 statements: the next invocation goes on there"
    assert function.invoke()["StatementsSkipped"] == 2
    assert function.dump() == expected


def test_two_at_once_make_one_database(function: Function, uninterrupted: Uninterrupted) -> None:
    expected = uninterrupted(SCRIPT)
    function.put(SCRIPT)
    children = [os.fork() for _ in range(1)]
    if children == [0]:
        os._exit(function.invoke()["Status"] != "SUCCESS")
    said = function.invoke()
    _, status = os.waitpid(children[0], 0)
    assert (said["Status"], status) == ("SUCCESS", 0)
    assert function.dump() == expected


def test_a_failover_in_the_middle_is_waited_out(function: Function, uninterrupted: Uninterrupted) -> None:
    """The server is killed (SIGKILL) while a statement runs, and started again."""
    script = SCRIPT + "DO SLEEP(1);\nINSERT INTO ran VALUES ('after the failover', NULL);\n"
    expected = uninterrupted(script)
    function.put(script)
    asleep = "SELECT id FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'"

    def fail_over() -> None:
        while not function.rows(asleep):
            pass
        function.server.kill()
        function.server.start()

    thread = threading.Thread(target=fail_over)
    thread.start()
    said = function.invoke()
    thread.join()
    assert said["Status"] == "SUCCESS", said
    assert function.dump() == expected


def test_what_may_have_run_in_part_is_said_and_left(function: Function) -> None:
    """A procedure that commits by itself, killed inside: no look at the tables tells how far it came."""
    function.put(
        "CREATE TABLE ran (a INT);\nDELIMITER //\nCREATE PROCEDURE both_of_them()\nBEGIN\n"
        f"  CREATE TABLE made (a INT);\n  {GATE};\n  INSERT INTO ran VALUES (1);\nEND//\nDELIMITER ;\n"
        "CALL both_of_them();\n"
    )
    with function.gate():
        assert "out of time" in function.invoke(seconds=9)["Reason"]
    said = function.invoke()["Reason"]
    assert said.startswith("statement 3, line 10, CALL both_of_them(): cut off, and may have run in part")
