"""The schema that Hydra's client and job container write to, and how it is changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.functions.harness import FUNCTION, Function

pytestmark = pytest.mark.slow

COLUMNS = {
    "schema_info": ["version", "created", "modified", "notes"],
    "job_type": ["id", "name", "args", "notes", "status"],
    "job": ["id", "type_id", "name", "job_uuid", "created", "modified", "parent_id", "args", "notes", "status"],
    "job_attribute": ["job_id", "k", "v", "longval"],
    "job_event_type": ["id", "name", "args", "notes"],
    "job_event": ["id", "type_id", "job_id", "src", "created", "args", "raw", "status"],
}
# A database of before: the same tables, with a job in them.
OLD = """
CREATE TABLE schema_info (version VARCHAR(20), created TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  modified TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, notes TEXT);
INSERT INTO schema_info (version, notes) VALUES ('0.0.1', 'of before');
CREATE TABLE job_type (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) NOT NULL, args TEXT,
  notes TEXT, status INT NOT NULL DEFAULT 0);
INSERT INTO job_type (id, name, status) VALUES (1, 'unknown', 1), (2, 'experiment', 1), (3, 'own name', 0);
CREATE TABLE job (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, type_id BIGINT NOT NULL DEFAULT 1,
  name VARCHAR(100) NOT NULL, job_uuid VARCHAR(100) NOT NULL UNIQUE, created TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  modified TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, parent_id BIGINT, args JSON, notes TEXT,
  status INT NOT NULL DEFAULT 0, FOREIGN KEY (type_id) REFERENCES job_type (id));
INSERT INTO job (name, job_uuid, args) VALUES ('train', 'a-b-c', '{"epochs": 3}');
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of the function with a schema of its own to change."""
    import app

    shutil.copytree(FUNCTION / "schema", tmp_path / "schema")
    monkeypatch.setattr(app, "PACKAGE", tmp_path)
    return tmp_path / "schema"


def test_the_tables_and_their_columns(function: Function) -> None:
    assert function.invoke()["Status"] == "SUCCESS"
    for table, columns in COLUMNS.items():
        assert [row[0] for row in function.rows(f"SHOW COLUMNS FROM {table}")] == columns
    assert function.rows("SELECT id, name FROM job_type ORDER BY id") == [
        ["1", "unknown"],
        ["2", "experiment"],
        ["3", "job"],
        ["4", "jobset"],
    ]
    names = [row[1] for row in function.rows("SELECT id, name FROM job_event_type ORDER BY id")]
    assert names == ["unknown", "state", "request", "log", "callback", "execution", "uuidchange"]
    assert [row[0] for row in function.rows("SELECT version FROM schema_info")] == ["0.0.1"]


def test_what_belongs_to_a_job_goes_with_it(function: Function) -> None:
    function.invoke()
    function.server.client(
        "INSERT INTO job (id, name, job_uuid) VALUES (1, 'a', 'u1');"
        "INSERT INTO job (id, name, job_uuid, parent_id) VALUES (2, 'b', 'u2', 1);"
        "INSERT INTO job_attribute (job_id, k, v) VALUES (2, 'k', 'v');"
        "INSERT INTO job_event (job_id, src) VALUES (2, 's');"
        "DELETE FROM job WHERE id = 1",
        function.database,
    )
    for table in ("job", "job_attribute", "job_event"):
        assert function.rows(f"SELECT * FROM {table}") == []


def test_a_database_of_before_is_taken_over_with_every_row(function: Function) -> None:
    assert not function.server.client(OLD, function.database).returncode
    tables = ("schema_info", "job", "job_type")
    before = {table: function.rows(f"SELECT * FROM {table}") for table in tables}
    assert function.invoke()["Status"] == "SUCCESS"
    after = {table: function.rows(f"SELECT * FROM {table}") for table in tables}
    assert after["schema_info"] == before["schema_info"]
    assert after["job"] == before["job"]
    assert after["job_type"][:3] == before["job_type"]  # and what it did not have
    assert function.rows("SELECT COUNT(*) FROM job_event_type") == [["7"]]


def test_numbered_scripts_run_in_order_from_the_recorded_version_on(function: Function, package: Path) -> None:
    assert function.invoke()["SchemaVersion"] == 1
    (package / "0010_tenth.sql").write_text("ALTER TABLE job ADD COLUMN owner VARCHAR(20);\n")
    (package / "0002_second.sql").write_text("ALTER TABLE job ADD COLUMN cost INT;\n")
    said = function.invoke()
    assert (said["Status"], said["SchemaVersion"], said["StatementsRun"]) == ("SUCCESS", 10, 2)
    assert [row[0] for row in function.rows("SHOW COLUMNS FROM job")][-2:] == ["cost", "owner"]
    assert function.rows("SELECT version FROM db_init_script ORDER BY version") == [["1"], ["2"], ["10"]]
    assert function.invoke()["StatementsRun"] == 0


def test_what_a_script_sets_ends_with_it(function: Function, package: Path) -> None:
    """Its modes, its database and a transaction that it left open; that it has run is recorded all the same."""
    modes = "@@autocommit, @@sql_mode, DATABASE(), @left"
    (package / "0001_jobs.sql").write_text(
        f"CREATE TABLE seen (autocommit INT, mode TEXT, used TEXT, variable INT);\nINSERT INTO seen SELECT {modes};\n"
    )
    (package / "0002_sets.sql").write_text(
        "SET autocommit = 0;\nSET sql_mode = 'ANSI_QUOTES';\nSET @left = 1;\nUSE information_schema;\n"
        f"INSERT INTO {function.database}.seen SELECT 9, '', '', 9;\n"
    )
    (package / "0003_sees.sql").write_text(f"INSERT INTO seen SELECT {modes};\n")
    said = function.invoke()
    assert (said["Status"], said["SchemaVersion"], said["StatementsRun"]) == ("SUCCESS", 3, 8), said
    assert function.rows("SELECT version FROM db_init_script ORDER BY version") == [["1"], ["2"], ["3"]]
    undisturbed, after = function.rows("SELECT * FROM seen")
    assert after == undisturbed
    assert function.invoke()["StatementsRun"] == 0


def test_a_numbered_script_that_changed_after_it_ran_is_refused(function: Function, package: Path) -> None:
    (package / "0002_second.sql").write_text("ALTER TABLE job ADD COLUMN cost INT;\n")
    assert function.invoke()["SchemaVersion"] == 2
    (package / "0002_second.sql").write_text("ALTER TABLE job ADD COLUMN cost BIGINT;\n")
    expected = "0002_second.sql: changed after it had run: expected a new script with a higher number"
    assert function.invoke()["Reason"] == expected


def test_the_packaged_script_takes_the_place_of_an_older_one_of_ours(function: Function, package: Path) -> None:
    assert function.invoke()["Status"] == "SUCCESS"
    (package / "0001_jobs.sql").write_text("CREATE TABLE IF NOT EXISTS newer (a INT);\n")
    assert function.invoke()["StatementsRun"] == 1
    assert function.rows("SHOW TABLES LIKE 'newer'") == [["newer"]]
