"""The instances of the compute environments: offered in their zones, and allowed to start at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from commands.preflight.built import Resource
from commands.preflight.ground import Ground
from commands.preflight.network import described
from commands.preflight.outcome import NotCheckedError, Outcome, fault, ok, warning
from commands.preflight.quotas import value_of
from commands.preflight.uses import INSTANCES, uses

# What Batch chooses from by itself (P71).
CHOSEN = ("optimal", "default_x86_64", "default_arm64")
# vCPUs of instances that run, by the first letters of their family: On-Demand and Spot. A new account has none of those
# with GPUs. https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
VCPUS = {
    "g": ("L-DB2E81BA", "L-3819A6DF"),
    "vt": ("L-DB2E81BA", "L-3819A6DF"),
    "p": ("L-417A185B", "L-7212CCBC"),
}
STANDARD = ("L-1216C47A", "L-34B43A08")


def instance_types(ground: Ground) -> Iterator[Outcome]:
    for environment in _environments(ground):
        types = [one for one in environment.lists("ComputeResources", "InstanceTypes") if one not in CHOSEN]
        zones = _zones(ground, environment) if types else set()
        try:
            here = _offers(ground, zones) if zones else {}
            for one in types if zones else []:
                yield _offered(ground, environment.path, one, here)
        except NotCheckedError as error:
            yield warning(f"{environment.path}: {error}")


def _offers(ground: Ground, zones: Iterable[str] = ()) -> dict[str, set[str]]:
    """Return what is offered in these zones, or in all of them: instance type -> zones."""
    filters = [{"Name": "location", "Values": sorted(zones)}] if zones else []
    operation, key = "describe_instance_type_offerings", "InstanceTypeOfferings"
    rows = ground.rows("ec2", operation, key, LocationType="availability-zone", Filters=filters)
    offers: dict[str, set[str]] = {}
    for row in rows:
        offers.setdefault(row["InstanceType"], set()).add(row["Location"])
    return offers


def _offered(ground: Ground, path: str, one: str, here: dict[str, set[str]]) -> Outcome:
    """Tell whether a type such as m5.xlarge, or any of a family such as m5, is offered."""
    if any(one in (known, known.partition(".")[0]) for known in here):
        return ok(f"{path}: {one} is offered")
    other = {known: zones for known, zones in _offers(ground).items() if one in (known, known.partition(".")[0])}
    if not other:
        return fault(f"{path}: {one} is not offered in {ground.region}", "set instance_type in hydra.toml")
    elsewhere = sorted(set().union(*other.values()))
    return fault(
        f"{path}: {one} is not offered in the zones of its subnets, but in {', '.join(elsewhere)}",
        "set ComputeEnvironmentSubnets in samconfig.toml, or instance_type in hydra.toml",
    )


def vcpu_quotas(ground: Ground) -> Iterator[Outcome]:
    """With a quota of none, jobs wait for ever (P09)."""
    for environment in _environments(ground):
        spot = environment.get("ComputeResources", "Type") == "SPOT"
        types = environment.lists("ComputeResources", "InstanceTypes")
        codes = {_codes(one)[spot] for one in types}
        none = [code for code in sorted(codes) if value_of(ground, ("ec2", code), 1) == 0]
        for code in none:
            yield warning(
                f"{environment.path}: this account may run no vCPU of {', '.join(types)}: jobs would wait for ever",
                f"aws service-quotas request-service-quota-increase --service-code ec2 --quota-code {code} "
                f"--desired-value {environment.get('ComputeResources', 'MaxvCpus')}",
            )


def _codes(one: str) -> tuple[str, str]:
    if one in CHOSEN:
        return STANDARD
    letters = one[: next((place for place, char in enumerate(one) if not char.isalpha()), len(one))]
    return VCPUS.get(letters, STANDARD)


def _environments(ground: Ground) -> list[Resource]:
    """Those that start instances."""
    found = ground.of("AWS::Batch::ComputeEnvironment")
    return [one for one in found if one.get("ComputeResources", "Type") in ("EC2", "SPOT")]


def _zones(ground: Ground, environment: Resource) -> set[str]:
    here = [use for use in uses(ground) if use.kind is INSTANCES and use.path == environment.path]
    return {row["AvailabilityZone"] for row in described(ground, here).values()}
