"""A KMS key that is given: of this Region, enabled, and of the kind that services encrypt by."""

from __future__ import annotations

from collections.abc import Iterator

from commands.preflight.ground import Ground
from commands.preflight.outcome import Outcome, fault

KIND = "SYMMETRIC_DEFAULT"


def key(ground: Ground, name: str, arn: str) -> Iterator[Outcome]:
    """What its policy must let services do, docs/security.md says: nobody can ask KMS that for them."""
    region = arn.split(":")[3]
    if region != ground.region:
        yield fault(f"{name}: {arn} is in {region}, and the stack in {ground.region}", "give one of this Region")
        return
    found = ground.call("kms", "describe_key", ("NotFoundException",), KeyId=arn)
    if not found:
        yield fault(f"{name}: there is no key {arn}", "aws kms list-keys shows those there are")
        return
    about = found["KeyMetadata"]
    if (state := about["KeyState"]) != "Enabled":
        first = f"aws kms cancel-key-deletion --key-id {arn} && " if state == "PendingDeletion" else ""
        yield fault(f"{name}: {arn} is {state}", f"{first}aws kms enable-key --key-id {arn}")
    elif (kind := about["KeySpec"]) != KIND:
        yield fault(f"{name}: {arn} is a key of {kind}: expected {KIND}", "aws kms create-key makes one")
