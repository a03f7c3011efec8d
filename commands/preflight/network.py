"""The VPC and the subnets that are given."""

from __future__ import annotations

from collections.abc import Iterator

from commands.preflight.ground import Answer, Ground
from commands.preflight.outcome import Outcome, fault, ok
from commands.preflight.uses import BALANCER, ENDPOINTS, Use, asked_as, uses, vpc_id

FLAGS = {"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames"}
FREE = 8  # addresses that a load balancer wants in each subnet
NO_VPC = ("InvalidVpcID.NotFound", "InvalidVpcID.Malformed", "InvalidVpcId.Malformed")


def vpc(ground: Ground) -> Iterator[Outcome]:
    """Names are what tasks find the database, the secrets and the endpoints by."""
    if not (given := vpc_id(ground)):
        return
    if not ground.call("ec2", "describe_vpcs", NO_VPC, VpcIds=[given]).get("Vpcs"):
        yield fault(f"there is no {given} in {ground.region}", f"set {asked_as(ground, given)} in samconfig.toml")
        return
    for attribute, answer in FLAGS.items():
        found = ground.call("ec2", "describe_vpc_attribute", VpcId=given, Attribute=attribute)
        if not found[answer]["Value"]:
            option = "--enable-dns-support" if attribute == "enableDnsSupport" else "--enable-dns-hostnames"
            yield fault(
                f"{given} has {attribute} off", f"aws ec2 modify-vpc-attribute --vpc-id {given} {option} Value=true"
            )


def subnets(ground: Ground) -> Iterator[Outcome]:
    used = list(uses(ground))
    rows = described(ground, used)
    given = vpc_id(ground)
    for subnet in dict.fromkeys(subnet for use in used for subnet in use.subnets):
        fix = f"set {asked_as(ground, subnet) or 'it'} in samconfig.toml"
        if subnet not in rows:
            yield fault(f"there is no {subnet} in {ground.region}", fix)
        elif given and rows[subnet]["VpcId"] != given:
            yield fault(f"{subnet} lies in {rows[subnet]['VpcId']}, not in {given}", fix)
    for use in used:
        if all(subnet in rows for subnet in use.subnets):
            yield from _zones(ground, use, [rows[subnet] for subnet in use.subnets])
    if used and rows:
        zones = {row["AvailabilityZone"] for row in rows.values()}
        yield ok(f"{len(rows)} are there, in {', '.join(sorted(zones))}")


def _zones(ground: Ground, use: Use, rows: list[Answer]) -> Iterator[Outcome]:
    zones = [row["AvailabilityZone"] for row in rows]
    fix = f"set {asked_as(ground, use.subnets[0])} in samconfig.toml"
    if len(set(zones)) < use.kind.zones:
        yield fault(f"{use.path} takes subnets in two zones, and has them in {', '.join(sorted(set(zones)))}", fix)
    if use.kind in (BALANCER, ENDPOINTS) and len(set(zones)) < len(zones):
        yield fault(f"{use.path} takes one subnet a zone, and has more", fix)
    for row in rows if use.kind is BALANCER else ():
        if row["AvailableIpAddressCount"] < FREE:
            said = f"{row['SubnetId']} has {row['AvailableIpAddressCount']} addresses left"
            yield fault(f"{said}: {use.path} takes {FREE}", fix)


def described(ground: Ground, used: list[Use]) -> dict[str, Answer]:
    """Return what EC2 says of the subnets that are there, by ID. By a filter: an unknown ID would hide the others."""
    wanted = sorted({subnet for use in used for subnet in use.subnets})
    if not wanted:
        return {}
    within = [{"Name": "subnet-id", "Values": wanted}]
    found = ground.rows("ec2", "describe_subnets", "Subnets", Filters=within)
    return {row["SubnetId"]: row for row in found}
