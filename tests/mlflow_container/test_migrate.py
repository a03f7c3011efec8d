"""Migrations: of an empty database and of one with data, undisturbed, killed anywhere, and several at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from local.mysql import Server
from tests.mlflow_container.harness import Entrypoint, Result

pytestmark = pytest.mark.slow

# `make torture` kills at each statement.
POINTS = None if os.environ.get("TORTURE") else 30

# What MLflow 1.x wrote, in the columns that every version since has.
ROWS = """
INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage) VALUES
  (1, 'Überwachung', 's3://artifacts/1', 'active'), (2, 'gone', 's3://artifacts/2', 'deleted');
INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time,
  source_version, lifecycle_stage, artifact_uri, experiment_id) VALUES
  ('a', 'first', 'LOCAL', 'train.py', 'main', 'ada', 'FINISHED', 1, 2, 'abc', 'active', 's3://artifacts/1/a', 1),
  ('b', 'second', 'JOB', 'train.py', 'main', 'ada', 'FAILED', 3, 4, 'abc', 'deleted', 's3://artifacts/1/b', 1);
INSERT INTO metrics (`key`, value, timestamp, run_uuid) VALUES ('loss', 0.5, 10, 'a'), ('loss', 0.25, 20, 'a');
INSERT INTO params (`key`, value, run_uuid) VALUES ('rate', '0.1', 'a'), ('rate', '0.2', 'b');
INSERT INTO tags (`key`, value, run_uuid) VALUES ('note', 'sehr schön', 'a');
"""
# What its later versions wrote too.
LATER_ROWS = """
INSERT INTO latest_metrics (`key`, value, timestamp, step, is_nan, run_uuid) VALUES ('loss', 0.25, 20, 0, 0, 'a');
INSERT INTO registered_models (name, creation_time, last_updated_time) VALUES ('model', 1, 2);
INSERT INTO model_versions (name, version, creation_time, source, run_id, current_stage) VALUES
  ('model', 1, 1, 's3://artifacts/1/a/model', 'a', 'Production');
"""
READ = {
    "experiments": "SELECT experiment_id, name, artifact_location, lifecycle_stage FROM experiments ORDER BY 1",
    "runs": "SELECT run_uuid, name, status, start_time, end_time, lifecycle_stage, artifact_uri FROM runs ORDER BY 1",
    "metrics": "SELECT run_uuid, `key`, value, timestamp FROM metrics ORDER BY 1, 2, 4",
    "params": "SELECT run_uuid, `key`, value FROM params ORDER BY 1",
    "tags": "SELECT run_uuid, `key`, value FROM tags WHERE `key` = 'note'",
    "latest_metrics": "SELECT run_uuid, `key`, value FROM latest_metrics",
    "model_versions": "SELECT name, version, source, run_id, current_stage FROM model_versions",
}
# The schemas of MLflow 1.0, 1.4, 1.8, 1.13 and 1.30: a database of Hydra's is at one of them, or between two.
OLD = ("90e64c465722", "2b4d017a5e9b", "0a8213491aaa", "a8c4a736bde6", "97727af70f4d")


def read(entrypoint: Entrypoint) -> dict[str, list[list[str]]]:
    there = {table for (table,) in entrypoint.rows("SHOW TABLES")}
    return {table: entrypoint.rows(sql) for table, sql in READ.items() if table in there}


def points(count: int) -> Iterator[dict[str, int | bool]]:
    """Where to die: before statements spread over all of them, and after the last one."""
    chosen = range(1, count + 1) if POINTS is None else {1 + number * count // POINTS for number in range(POINTS)}
    yield from ({"die_at": at} for at in sorted(chosen))
    yield {"die_at": count, "after": True}


def old(entrypoint: Entrypoint, revision: str) -> Entrypoint:
    """Fill the database with what an old MLflow left."""
    (made,) = entrypoint.forge.run("old", revision, variables=entrypoint.variables)
    assert made.code == 0, made.output
    rows = ROWS + (LATER_ROWS if revision != OLD[0] else "")
    done = entrypoint.server.client(rows, entrypoint.database)
    assert not done.returncode, done.stderr
    return entrypoint


def emptied(entrypoint: Entrypoint, name: str = "") -> Entrypoint:
    name = name or entrypoint.database
    assert not entrypoint.server.client(f"DROP DATABASE {name}; CREATE DATABASE {name}").returncode
    return entrypoint


@pytest.fixture
def on_each(entrypoint_on: Callable[[Server], Entrypoint], server: Server) -> Entrypoint:
    """The command on a new, empty database of each kind of server."""
    return entrypoint_on(server)


@pytest.fixture(scope="module")
def whole(entrypoint_on: Callable[[Server], Entrypoint], mysql: Server) -> str:
    """A dump of a schema that was made undisturbed, with its record."""
    made = entrypoint_on(mysql)
    assert made.migrate().code == 0
    return mysql.dump(made.database)


@pytest.fixture
def made(entrypoint: Entrypoint, whole: str) -> Entrypoint:
    """The command on a database whose schema is made."""
    restore(entrypoint, whole)
    return entrypoint


def test_an_empty_database_is_made_and_then_left_alone(on_each: Entrypoint) -> None:
    made = on_each.migrate()
    assert made.code == 0, made.output
    assert f"database {on_each.database}: done, at" in made.output
    (revision,) = on_each.rows("SELECT version_num FROM alembic_version")
    sql = "SELECT began_empty, revision_before, revision_after, snapshot, finished >= began FROM hydra_migration"
    assert on_each.rows(sql) == [["1", "NULL", *revision, "NULL", "1"]]
    before = on_each.server.dump(on_each.database)
    again = on_each.migrate()
    assert (again.code, again.statements) == (0, 0)
    assert "current, at" in again.output
    assert on_each.server.dump(on_each.database) == before


@pytest.mark.parametrize("auth", ["none", "basic"])
def test_killed_anywhere_an_empty_database_is_made_all_the_same(entrypoint: Entrypoint, auth: str) -> None:
    """P48: each run starts on what the kill before it left, and gets to its own death: no statement of it failed."""
    killed, name = entrypoint.having(AUTH=auth), entrypoint.database
    if auth == "basic":
        assert entrypoint.migrate().code == 0  # what is left to kill is the making of the users' tables
        name += "_auth"
    whole = killed.migrate()
    expected = killed.contents(name)
    emptied(killed, name)
    for point in points(whole.statements):
        died = killed.migrate(**point)
        # The record's first row is written once alone: a later run has a few statements less, and so an end.
        assert died.code == -9 or (died.code == 0 and point["die_at"] > whole.statements - 5), (point, died.output)
    last = killed.migrate()
    assert last.code == 0, last.output
    assert killed.contents(name) == expected


@pytest.mark.parametrize("revision", OLD)
def test_what_mlflow_1_left_is_taken_over(entrypoint: Entrypoint, revision: str) -> None:
    before = read(old(entrypoint, revision))
    done = entrypoint.migrate("--snapshot", "before-3")
    assert done.code == 0, done.output
    assert {table: rows for table, rows in read(entrypoint).items() if table in before} == before
    assert entrypoint.rows("SELECT value FROM latest_metrics") == [["0.25"]]
    sql = "SELECT began_empty, revision_before, snapshot, finished IS NULL FROM hydra_migration"
    assert entrypoint.rows(sql) == [["0", revision, "before-3", "0"]]


def test_data_are_not_upgraded_without_a_snapshot(entrypoint: Entrypoint) -> None:
    """P55: the service runs it so."""
    before = old(entrypoint, OLD[-1]).dump()
    done = entrypoint.migrate()
    assert (done.code, done.statements) == (3, 0)
    assert "older than this MLflow" in done.output and "make update_container" in done.output
    assert entrypoint.dump() == before


def test_killed_on_data_it_stops_with_the_way_back(entrypoint: Entrypoint) -> None:
    """P48: a database restored from the snapshot is upgraded as if nothing had been."""
    snapshot = old(entrypoint, OLD[-1]).dump()
    before, rows = entrypoint.contents(), read(entrypoint)
    whole = entrypoint.migrate("--snapshot", "nightly")
    assert whole.code == 0, whole.output
    expected, said = entrypoint.contents(), []
    for point in points(whole.statements):
        restore(entrypoint, snapshot)
        died = entrypoint.migrate("--snapshot", "nightly", **point)
        again = entrypoint.migrate()
        said.append(again.code)
        assert died.code == -9, (point, died.output)
        assert_right(entrypoint, again, before, expected, point)
    assert set(said) == {3, 5, 0}  # died before it began, in the middle, after all was done
    restore(entrypoint, snapshot)
    assert entrypoint.migrate("--snapshot", "nightly", die_at=whole.statements // 2).code == -9
    assert entrypoint.migrate("--snapshot", "another").code == 5  # a picture of what is half done
    restore(entrypoint, snapshot)
    assert entrypoint.migrate("--snapshot", "nightly").code == 0
    assert (entrypoint.contents(), read(entrypoint)) == (expected, read(entrypoint) | rows)


def restore(entrypoint: Entrypoint, snapshot: str) -> None:
    done = emptied(entrypoint).server.client(snapshot, entrypoint.database)
    assert not done.returncode, done.stderr


def assert_right(entrypoint: Entrypoint, again: Result, before: list[str], expected: list[str], at: object) -> None:
    """Nothing was done yet, or all of it, or the way back is said."""
    if again.code == 3:
        assert entrypoint.contents() == before, at
    elif again.code == 0:
        assert entrypoint.contents() == expected, at
    else:
        assert (again.code, again.statements) == (5, 0), (at, again.output)
        assert "restore snapshot nightly: docs/mlflow.md says how" in again.output


def test_four_at_once_make_one_schema(made: Entrypoint) -> None:
    """P28."""
    expected = made.contents()
    emptied(made)
    done = made.forge.run("entrypoint", "migrate", variables=made.variables, times=4)
    assert [result.code for result in done] == [0] * 4, done
    assert sorted("making its schema" in result.output for result in done) == [False] * 3 + [True]
    assert made.contents() == expected
    assert made.rows("SELECT COUNT(*) FROM hydra_migration") == [["1"]]


def test_a_newer_schema_is_refused(made: Entrypoint) -> None:
    made.server.client("UPDATE alembic_version SET version_num = '123456789abc'", made.database)
    before = made.dump()
    for arguments in ((), ("--snapshot", "nightly")):
        done = made.migrate(*arguments)
        assert (done.code, done.statements) == (4, 0)
        assert "its schema 123456789abc is newer than this MLflow" in done.output
    assert made.dump() == before


def test_tables_of_something_else_are_left(entrypoint: Entrypoint) -> None:
    assert not entrypoint.server.client("CREATE TABLE jobs (a INT)", entrypoint.database).returncode
    before = entrypoint.dump()
    done = entrypoint.migrate("--snapshot", "nightly")
    assert (done.code, done.statements) == (2, 0)
    assert "holds tables of something else (jobs): expected an empty one" in done.output
    assert entrypoint.dump() == before


def test_what_a_server_has_used_is_never_dropped(made: Entrypoint) -> None:
    """A record that says half made, over a schema with an experiment in it, which a server alone writes."""
    damage = "UPDATE hydra_migration SET finished = NULL; UPDATE alembic_version SET version_num = 'b7e2c1a4d9f3';"
    added = "INSERT INTO experiments (experiment_id, name, workspace) VALUES (0, 'Default', 'default')"
    assert not made.server.client(damage + added, made.database).returncode
    before = made.dump()
    done = made.migrate()
    assert (done.code, done.statements) == (5, 0)
    assert "restore a snapshot of before" in done.output
    assert made.dump() == before


def test_an_upgrade_that_fails_says_why_and_the_way_back(entrypoint: Entrypoint) -> None:
    old(entrypoint, OLD[-1])
    in_the_way = "CREATE TABLE trace_info (a INT)"  # a later revision makes it
    assert not entrypoint.server.client(in_the_way, entrypoint.database).returncode
    done = entrypoint.migrate("--snapshot", "nightly")
    assert done.code == 5, done.output
    assert "Table 'trace_info' already exists" in done.output.splitlines()[-2]
    assert "restore snapshot nightly" in done.output
    assert entrypoint.migrate().code == 5
