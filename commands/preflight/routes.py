"""The way out of each subnet: a NAT or the endpoints for what runs in it, a gateway for a public load balancer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from commands.preflight.ground import Answer, Ground
from commands.preflight.network import described
from commands.preflight.outcome import Outcome, fault, warning
from commands.preflight.uses import BALANCER, DATABASE, INSTANCES, Use, uses, vpc_id

GATEWAY, NAT, NONE = "an internet gateway", "a NAT", "none"


class Ways:
    """The route tables and endpoints of a VPC."""

    def __init__(self, ground: Ground, vpc: str, subnets: dict[str, Answer]) -> None:
        within = [{"Name": "vpc-id", "Values": [vpc]}]
        self.subnets, self._region = subnets, ground.region
        self._tables = ground.rows("ec2", "describe_route_tables", "RouteTables", Filters=within)
        found = ground.rows("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=within)
        self.endpoints = [one for one in found if one["State"].lower() == "available"]

    def out(self, subnet: str) -> str:
        """Return where a subnet's default route leads. Whatever is no internet gateway stands for a NAT."""
        for route in self._table(subnet).get("Routes", []):
            if route.get("DestinationCidrBlock") == "0.0.0.0/0" and route.get("State") != "blackhole":
                return GATEWAY if route.get("GatewayId", "").startswith("igw-") else NAT
        return NONE

    def missing(self, subnet: str, services: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of the services that no endpoint brings to a subnet."""
        table = self._table(subnet).get("RouteTableId")
        there = [one for one in self.endpoints if is_interface(one) or table in one.get("RouteTableIds", [])]
        return tuple(service for service in services if not any(self.serves(one, service) for one in there))

    def serves(self, endpoint: Answer, service: str) -> bool:
        return str(endpoint["ServiceName"]).endswith(f".{self._region}.{service}")

    def _table(self, subnet: str) -> Answer:
        main: Answer = {}
        for table in self._tables:
            for association in table.get("Associations", []):
                if association.get("SubnetId") == subnet:
                    return dict(table)
                main = table if association.get("Main") else main
        return main


def is_interface(endpoint: Answer) -> bool:
    """Tell whether the VPC finds an endpoint by its service's own name; a gateway is found by a route."""
    return endpoint["VpcEndpointType"] == "Interface" and bool(endpoint.get("PrivateDnsEnabled"))


def routes(ground: Ground) -> Iterator[Outcome]:
    used, ways = ways_of(ground)
    if not ways:
        return
    lacking: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)  # by the endpoints that are missing
    for use in used:
        if use.kind is BALANCER:
            yield from _of_balancer(ground, ways, use)
        elif use.kind is not DATABASE:
            for subnet, missing in _of_private(ground, ways, use):
                lacking[missing].append((subnet, use.path))
    for missing, shut_in in lacking.items():
        subnets, paths = (", ".join(dict.fromkeys(column)) for column in zip(*shut_in, strict=True))
        yield fault(
            f"{paths} in {subnets}: neither a route to a NAT nor endpoints for {', '.join(missing)}",
            "add a NAT gateway and a route to it, or all endpoints (make deploy SYSTEM=endpoints), or only these "
            f"(aws ec2 create-vpc-endpoint --vpc-id {vpc_id(ground)} "
            f"--service-name com.amazonaws.{ground.region}.{missing[0]} ...)",
        )


def ways_of(ground: Ground) -> tuple[list[Use], Ways | None]:
    """Return the uses whose subnets are all there, and the ways out of them."""
    used, vpc = list(uses(ground)), vpc_id(ground)
    rows = described(ground, used)
    used = [use for use in used if all(subnet in rows for subnet in use.subnets)]
    return used, Ways(ground, vpc, rows) if vpc and used else None


def _of_balancer(ground: Ground, ways: Ways, use: Use) -> Iterator[Outcome]:
    closed = [subnet for subnet in use.subnets if ways.out(subnet) != GATEWAY]
    if use.is_public and closed:
        yield fault(
            f"{use.path} faces the internet, and {', '.join(closed)} has no route to an internet gateway",
            "set LbSubnets to public subnets, or internet_facing = false in hydra.toml",
        )
    shut_in = [subnet for subnet in use.subnets if ways.out(subnet) == NONE]
    if shut_in and any(ground.of("AWS::ElasticLoadBalancingV2::ListenerRule")):  # P57
        yield warning(
            f"{use.path} asks the identity provider, and {', '.join(shut_in)} has no way out",
            "add a NAT, unless the provider is within the VPC",
        )


def _of_private(ground: Ground, ways: Ways, use: Use) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the subnets that have no way out, and the endpoints that are missing there.

    An internet gateway is none for what has no public address: tasks, functions and Fargate's jobs (P34).
    """
    services = use.kind.endpoints + (("ssm",) if "Batch" in use.kind.type and _reads_parameters(ground) else ())
    for subnet in use.subnets:
        public = use.kind is INSTANCES and ways.subnets[subnet]["MapPublicIpOnLaunch"]
        if ways.out(subnet) == NAT or (public and ways.out(subnet) == GATEWAY):
            continue
        if missing := ways.missing(subnet, services):
            yield subnet, missing


def _reads_parameters(ground: Ground) -> bool:
    """Job definitions take MLflow's address from the Parameter Store."""
    return any(ground.of("AWS::Batch::JobDefinition"))
