"""What RDS offers here: engine version, class, storage, and the zones of the subnets (P73)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from commands.preflight.built import Resource
from commands.preflight.ground import Answer, Ground
from commands.preflight.network import described
from commands.preflight.outcome import FAULT, WARNING, NotCheckedError, Outcome, fault, ok, warning
from commands.preflight.uses import DATABASE, asked_as, uses


def databases(ground: Ground) -> Iterator[Outcome]:
    wanted = list(ground.of("AWS::RDS::DBInstance"))
    stand = ground.count_standing()["AWS::RDS::DBInstance"] >= len(wanted)
    for database in wanted:
        try:
            found = _offered(ground, database)
            # What stands goes on where RDS has stopped to offer it to others.
            yield replace(found, level=WARNING) if stand and found.level == FAULT else found
        except NotCheckedError as error:
            yield warning(f"{database.path}: {error}")


def _offered(ground: Ground, database: Resource) -> Outcome:
    engine, version, size = (database.get(key) for key in ("Engine", "EngineVersion", "DBInstanceClass"))
    options = _options(ground, Engine=engine, EngineVersion=version, DBInstanceClass=size)
    if not options:
        return _instead(ground, engine, version, size, database.path)
    said = f"{database.path}: {engine} {version} on {size}"
    stored = database.get("StorageType")
    if all(one.get("StorageType") != stored for one in options):
        fix = f"set {asked_as(ground, str(stored))} in samconfig.toml"
        return fault(f"{said} has no storage of type {stored}", fix)
    if database.get("MultiAZ") == "true" and not any(one["MultiAZCapable"] for one in options):
        return fault(f"{said} has no standby", "set MultiAz=false, or another DbInstanceClass, in samconfig.toml")
    zones = _zones(ground)
    offered = {zone["Name"] for one in options for zone in one["AvailabilityZones"]}
    if zones and offered and not zones & offered:
        return fault(
            f"{said} is not offered in {', '.join(sorted(zones))}", "set RdsSubnets, or another DbInstanceClass"
        )
    return ok(f"{said} is offered")


def _instead(ground: Ground, engine: str, version: str, size: str, path: str) -> Outcome:
    """Say which of the two is not to be had, and what is."""
    if others := _options(ground, Engine=engine, EngineVersion=version):
        near = sorted(
            {one["DBInstanceClass"] for one in others}, key=lambda one: (not size.endswith(one.split(".")[-1]), one)
        )
        return fault(
            f"{path}: {size} is not offered for {engine} {version} in {ground.region}",
            f"set {asked_as(ground, size)} in samconfig.toml, such as {', '.join(near[:3])}",
        )
    known = {one["EngineVersion"] for one in _options(ground, Engine=engine, DBInstanceClass=size)}
    newest = sorted(known, key=lambda one: [int(part) for part in one.split(".") if part.isdigit()])[-3:]
    return fault(
        f"{path}: {engine} {version} is not offered in {ground.region}",
        f"set {asked_as(ground, version)} in samconfig.toml{', such as ' if newest else ''}{', '.join(newest)}",
    )


def _options(ground: Ground, **wanted: str) -> list[Answer]:
    operation, key = "describe_orderable_db_instance_options", "OrderableDBInstanceOptions"
    rows = ground.rows("rds", operation, key, Vpc=True, **wanted)
    # Some endpoints heed the engine alone.
    return [one for one in rows if wanted.items() <= one.items()]


def _zones(ground: Ground) -> set[str]:
    rows = described(ground, [use for use in uses(ground) if use.kind is DATABASE])
    return {row["AvailabilityZone"] for row in rows.values()}
