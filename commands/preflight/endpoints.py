"""Endpoints of the VPC: whether what they are for may reach them, and whether ours can be made."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from commands.preflight.ground import Answer, Ground
from commands.preflight.outcome import Outcome, fault
from commands.preflight.routes import Ways, is_interface, ways_of
from commands.preflight.uses import ENDPOINTS

HTTPS = 443


def endpoints(ground: Ground) -> Iterator[Outcome]:
    """An interface endpoint takes all that is meant for its service, with a NAT or without: it must let that in."""
    used, ways = ways_of(ground)
    if not ways:
        return
    yield from _taken(ground, ways)
    ours = {known for kind, known in ground.standing if kind == "AWS::EC2::SecurityGroup"}
    ours |= {one for given in ground.parameters.values() if isinstance(given, list) for one in given}
    for endpoint in ways.endpoints:
        taken = [use for use in used if any(ways.serves(endpoint, service) for service in use.kind.endpoints)]
        if not is_interface(endpoint) or not taken:
            continue
        groups = [group["GroupId"] for group in endpoint["Groups"]]
        rules = ground.rows("ec2", "describe_security_groups", "SecurityGroups", GroupIds=groups)
        sources = [source for group in rules for source in _let_in(group)]
        for subnet in dict.fromkeys(subnet for use in taken for subnet in use.subnets):
            network = ip_network(ways.subnets[subnet]["CidrBlock"])
            if not any(source in ours or _holds(source, network) for source in sources):
                yield fault(
                    f"{endpoint['VpcEndpointId']} ({endpoint['ServiceName']}) lets nothing in from {subnet}",
                    f"aws ec2 authorize-security-group-ingress --group-id {groups[0]} --protocol tcp --port {HTTPS} "
                    f"--cidr {network}",
                )


def _taken(ground: Ground, ways: Ways) -> Iterator[Outcome]:
    """A VPC takes one endpoint with a service's own name, and a route table one of S3."""
    made = {str(one.get("ServiceName")): one for one in ground.of(ENDPOINTS.type)}
    for endpoint in ways.endpoints:
        known, service = endpoint["VpcEndpointId"], endpoint["ServiceName"]
        if service not in made or ground.is_ours(ENDPOINTS.type, known):
            continue
        if is_interface(endpoint) or set(made[service].lists("RouteTableIds")) & set(endpoint.get("RouteTableIds", [])):
            yield fault(
                f"{made[service].path}: the VPC has {known} for {service}",
                f"aws ec2 delete-vpc-endpoints --vpc-endpoint-ids {known}, or leave this stack, and make by hand what "
                "preflight of the platform's names",
            )


def _let_in(group: Answer) -> Iterator[str]:
    """Yield who may reach HTTPS: networks, groups, prefix lists."""
    for rule in group["IpPermissions"]:
        if rule["IpProtocol"] == "-1" or rule.get("FromPort", 0) <= HTTPS <= rule.get("ToPort", 0):
            yield from (one["CidrIp"] for one in rule.get("IpRanges", []))
            yield from (one["GroupId"] for one in rule.get("UserIdGroupPairs", []))
            yield from (one["PrefixListId"] for one in rule.get("PrefixListIds", []))


def _holds(source: str, network: object) -> bool:
    """Tell whether a source holds a network; what is in a prefix list is not looked up."""
    if source.startswith("pl-"):
        return True
    return "/" in source and ip_network(source).supernet_of(network)  # type: ignore[arg-type]
