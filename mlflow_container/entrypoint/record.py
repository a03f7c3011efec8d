"""The record of migrations, in a table of ours beside MLflow's: what a killed one leaves is told by how it began."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, inspect, text

TABLE = "hydra_migration"
CREATE = f"""CREATE TABLE IF NOT EXISTS {TABLE} (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    began_empty BOOLEAN NOT NULL,
    revision_before VARCHAR(32) NULL,
    revision_after VARCHAR(32) NOT NULL,
    snapshot VARCHAR(255) NULL,
    began TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    finished TIMESTAMP NULL) ENGINE=InnoDB"""


@dataclass(frozen=True)
class Migration:
    """The newest row."""

    began_empty: bool
    revision_before: str | None
    snapshot: str | None
    is_finished: bool


def newest(engine: Engine) -> Migration | None:
    """Return the newest migration, if there was any."""
    if not inspect(engine).has_table(TABLE):
        return None
    columns = "began_empty, revision_before, snapshot, finished IS NOT NULL"
    sql = f"SELECT {columns} FROM {TABLE} ORDER BY id DESC LIMIT 1"
    with engine.connect() as connection:
        row = connection.execute(text(sql)).one_or_none()
    return Migration(bool(row[0]), row[1], row[2], bool(row[3])) if row else None


def begin(engine: Engine, began_empty: bool, before: str | None, after: str, snapshot: str | None) -> None:
    """Write down how a migration begins, before anything of it is done."""
    with engine.begin() as connection:
        connection.execute(text(CREATE))
        connection.execute(
            text(
                f"INSERT INTO {TABLE} (began_empty, revision_before, revision_after, snapshot)"
                " VALUES (:began_empty, :before, :after, :snapshot)"
            ),
            {"began_empty": began_empty, "before": before, "after": after, "snapshot": snapshot},
        )


def finish(engine: Engine) -> None:
    """Write down that all that was begun is done."""
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {TABLE} SET finished = CURRENT_TIMESTAMP WHERE finished IS NULL"))
