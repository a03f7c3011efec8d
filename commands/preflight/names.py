"""Physical names that are given, and taken by something that is not of our stack (P62, P68)."""

from __future__ import annotations

from collections.abc import Iterator

from commands.preflight.built import Resource
from commands.preflight.ground import Answer, Ground
from commands.preflight.named import NAMES
from commands.preflight.outcome import NotCheckedError, Outcome, fault, ok, warning
from commands.preflight.uses import asked_as


def names(ground: Ground) -> Iterator[Outcome]:
    free = 0
    for resource in ground.of(*NAMES):
        name = resource.get(NAMES[resource.type].property)
        if not isinstance(name, str) or ground.is_ours(resource.type, name):
            continue
        try:
            found = _taken(ground, resource, name)
        except NotCheckedError as error:
            yield warning(f"{name} ({resource.path}): {error}")
            continue
        if found:
            yield found
        free += not found
    if free:
        yield ok(f"{free} that are given are free")


def _taken(ground: Ground, resource: Resource, name: str) -> Outcome | None:
    how = NAMES[resource.type]
    try:
        answer = ground.call(how.service, how.operation, how.missing, **how.arguments(resource, name))
    except NotCheckedError as error:
        if "x-amz-bucket-region" in error.headers:  # of a bucket that is there, S3 tells it to whoever asks
            return fault(f"{resource.path}: the bucket {name} is there, and not ours to see", _rename(ground, name))
        raise
    rows = [row for row in answer.get(how.rows, []) if _is_called(row, name, how.kinds)]
    if not answer or (how.rows and not rows) or any(_is_ours(ground, resource, row) for row in rows):
        return None
    if answer.get("DeletedDate"):
        command = f"aws secretsmanager delete-secret --force-delete-without-recovery --secret-id {name}"
        fix = f"{_rename(ground, name)}, or {command}"
        return fault(f"{resource.path}: the secret {name} waits for its deletion", fix)
    what = f"{resource.type.removeprefix('AWS::').replace('::', ' ')} {name}"
    said = f"{resource.path}: {what} is there, and not of {ground.stack.name}"
    return fault(said, f"{_rename(ground, name)}, or delete that")


def _rename(ground: Ground, name: str) -> str:
    asked = asked_as(ground, name)
    return f"set {asked} in samconfig.toml" if asked else "give another name (NamePrefix, hydra.toml)"


def _is_called(row: Answer, name: str, kinds: tuple[str, ...]) -> bool:
    """Tell whether a row is of this very name, as some APIs take a prefix, and of something that is still there."""
    is_there = row.get("status") != "INACTIVE" and (not kinds or row["Type"] in kinds)
    return is_there and (name in row.values() or f"{name}." in row.values())  # Route 53's names end with a dot


def _is_ours(ground: Ground, resource: Resource, row: Answer) -> bool:
    """Tell whether it is one of the stack's, which has another ID than its name."""
    return any(ground.is_ours(resource.type, value) for value in row.values() if isinstance(value, str))
