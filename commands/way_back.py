"""How to get back what a deleted stack held, and what is still there, to be deleted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from commands.holding import BUCKET, DATABASE

if TYPE_CHECKING:
    import boto3

    from commands.configuration import Configuration
    from commands.holding import Holding
    from commands.stack import Row

SECRET = "AWS::SecretsManager::Secret"
# How to be rid of what stays.
BY_HAND = {
    BUCKET: "empty it in the console, all versions, then: aws s3 rb s3://{name}",
    DATABASE: "aws rds delete-db-instance --db-instance-identifier {name}",
    SECRET: "aws secretsmanager delete-secret --secret-id {name}",
    "AWS::DynamoDB::Table": "aws dynamodb delete-table --table-name {name}",
}


def way_back(configuration: Configuration, session: boto3.Session, held: list[Holding]) -> None:
    """Print the parameters that take up again what the stack left, and what each of that is until it is deleted."""
    snapshots = {holding.path: row for holding in held if (row := _final_snapshot(session, holding))}
    kept = [holding for holding in held if holding.stays and holding.is_there]
    if parameters := [*_of_snapshots(held, snapshots), *_of_kept(kept)]:
        where = f"[{configuration.environment}.deploy.parameters] parameter_overrides"
        print(f"To get it back, deploy again with these in {configuration.path}, {where}; they stay there for good:")
        for parameter in parameters:
            print(f"  {parameter}")
    if snapshots or kept:
        print("What stays, and costs, until you delete it:")
    for path, row in snapshots.items():
        print(f"  {path}: aws rds delete-db-snapshot --db-snapshot-identifier {row['DBSnapshotIdentifier']}")
    for holding in kept:
        print(f"  {holding.path}: {BY_HAND.get(holding.kind, '{name}, in the console').format(name=holding.name)}")


def _final_snapshot(session: boto3.Session, holding: Holding) -> Row | None:
    """Return the newest snapshot of a database that had one made, or None. Its name is CloudFormation's choice."""
    if holding.kind != DATABASE or holding.policy != "Snapshot":
        return None
    rds: Any = session.client("rds")
    pages = rds.get_paginator("describe_db_snapshots").paginate(
        DBInstanceIdentifier=holding.name, SnapshotType="manual"
    )
    found = [row for page in pages for row in page["DBSnapshots"] if "SnapshotCreateTime" in row]
    return dict(max(found, key=lambda row: row["SnapshotCreateTime"])) if found else None


def _of_snapshots(held: list[Holding], snapshots: dict[str, Row]) -> Iterator[str]:
    """Yield what makes each database from its snapshot, with the snapshot's own master user in the secret (P77)."""
    for database in (holding for holding in held if holding.path in snapshots):
        row = snapshots[database.path]
        if identifier := database.asked.get("DbSnapshotIdentifier"):
            yield f"{identifier}={row['DBSnapshotIdentifier']}"
        yield from _as_it_was(database, row)
        for secret in held:
            username = secret.asked.get("DbSnapshotUsername")
            if (
                username
                and not secret.stays
                and secret.path.endswith("UsernameSecret")
                and secret.system == database.system
            ):
                yield f"{username}={row['MasterUsername']}"


def _as_it_was(database: Holding, snapshot: Row) -> Iterator[str]:
    """Yield what has changed by itself since: neither a smaller storage nor an older version is taken for a restore."""
    for parameter, value in (("AllocatedStorage", "AllocatedStorage"), ("DbEngineVersion", "EngineVersion")):
        if (name := database.asked.get(parameter)) and database.given.get(parameter) != str(snapshot[value]):
            yield f"{name}={snapshot[value]}"


def _of_kept(kept: list[Holding]) -> Iterator[str]:
    """Yield what takes up again what stays: Existing... names it, a retained database goes by a snapshot."""
    for holding in kept:
        if existing := holding.asked.get(f"Existing{holding.path.rpartition('/')[2]}"):
            yield f"{existing}={holding.name}"
        elif holding.kind == DATABASE and (identifier := holding.asked.get("DbSnapshotIdentifier")):
            made = f"aws rds create-db-snapshot --db-instance-identifier {holding.name} --db-snapshot-identifier NAME"
            yield f"{identifier}=NAME, which you make first: {made}"
