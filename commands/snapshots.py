"""Snapshots of MLflow's database, taken before its schema is upgraded: the way back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from commands import CommandError
from commands.stack import DB_INSTANCE

if TYPE_CHECKING:
    import boto3

    from commands.progress import Progress
    from commands.stack import Stack

PREFIX = "hydra-upgrade-"
TAG_KEY = "hydra:image-tag"  # of the image that served before the upgrade


class Snapshots:
    """The snapshots of an MLflow stack's database that these commands take."""

    def __init__(self, session: boto3.Session, mlflow: Stack) -> None:
        self._rds: Any = session.client("rds")
        self.instance = mlflow.output(DB_INSTANCE)

    def take(self, tag: str, progress: Progress) -> str:
        """Take a snapshot, marked with the tag of the image that serves now; return its name when it is complete."""
        progress.until(self._available, f"Waiting for database {self.instance} to be available")
        name = f"{PREFIX}{datetime.now(UTC):%Y%m%d%H%M%S}"
        self._rds.create_db_snapshot(
            DBInstanceIdentifier=self.instance,
            DBSnapshotIdentifier=name,
            Tags=[{"Key": TAG_KEY, "Value": tag}],
        )
        progress.until(lambda: self._complete(name), f"Taking snapshot {name}")
        return name

    def newest(self) -> str:
        """Return the name of the newest one that is complete; empty where there is none."""
        pages = self._rds.get_paginator("describe_db_snapshots").paginate(
            DBInstanceIdentifier=self.instance, SnapshotType="manual"
        )
        found = [row for page in pages for row in page["DBSnapshots"]]
        ours = [row for row in found if row["DBSnapshotIdentifier"].startswith(PREFIX) and row["Status"] == "available"]
        return str(max(ours, key=lambda row: row["SnapshotCreateTime"])["DBSnapshotIdentifier"]) if ours else ""

    def _available(self) -> bool | None:
        (row,) = self._rds.describe_db_instances(DBInstanceIdentifier=self.instance)["DBInstances"]
        return row["DBInstanceStatus"] == "available" or None

    def _complete(self, name: str) -> bool | None:
        (row,) = self._rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"]
        if row["Status"] == "failed":
            raise CommandError(f"Snapshot {name} failed: nothing is migrated")
        return row["Status"] == "available" or None
