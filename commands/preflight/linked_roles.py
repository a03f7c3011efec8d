"""Roles that AWS's services act by in an account: those that are missing, and do not make themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from commands.preflight.access import Simulation
from commands.preflight.built import Resource
from commands.preflight.ground import Ground
from commands.preflight.outcome import NotCheckedError, Outcome, fault, ok, warning


@dataclass(frozen=True)
class LinkedRole:
    """A service-linked role; `by_itself`: its service makes it for whoever may, and then works at once."""

    type: str
    name: str
    service: str
    by_itself: bool = True
    launches: str = ""  # only where a compute environment launches this


ROLES = (
    # P33. ECS makes it with the first cluster, too late for the service: "Unable to assume the service linked role",
    # once in each new account.
    LinkedRole("AWS::ECS::Service", "AWSServiceRoleForECS", "ecs.amazonaws.com", by_itself=False),
    # https://docs.aws.amazon.com/batch/latest/userguide/using-service-linked-roles.html
    LinkedRole("AWS::Batch::ComputeEnvironment", "AWSServiceRoleForBatch", "batch.amazonaws.com"),
    # https://docs.aws.amazon.com/batch/latest/userguide/spot-fleet-roles-cli.html: made by hand.
    LinkedRole(
        "AWS::Batch::ComputeEnvironment",
        "AWSServiceRoleForEC2Spot",
        "spot.amazonaws.com",
        by_itself=False,
        launches="SPOT",
    ),
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html
    LinkedRole("AWS::RDS::DBInstance", "AWSServiceRoleForRDS", "rds.amazonaws.com"),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-service-linked-roles.html
    LinkedRole(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWSServiceRoleForElasticLoadBalancing",
        "elasticloadbalancing.amazonaws.com",
    ),
    # https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-ecs.html
    LinkedRole(
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWSServiceRoleForApplicationAutoScaling_ECSService",
        "ecs.application-autoscaling.amazonaws.com",
    ),
)


def linked_roles(ground: Ground) -> Iterator[Outcome]:
    wanted = [role for role in ROLES if any(_wants(one, role) for one in ground.of(role.type))]
    missing = [role for role in wanted if not _is_there(ground, role)]
    if there := [role.name for role in wanted if role not in missing]:
        yield ok(f"{', '.join(there)} there")
    for role in missing:
        if not role.by_itself:
            yield fault(f"{role.name} is missing, and is not made in time", _command(role))
    yield from _made_by_themselves(ground, [role for role in missing if role.by_itself])


def _wants(resource: Resource, role: LinkedRole) -> bool:
    if role.launches:
        return bool(resource.get("ComputeResources", "Type") == role.launches)
    return "ServiceRole" not in resource.properties  # Hydra's own, in place of Batch's


def _is_there(ground: Ground, role: LinkedRole) -> bool:
    return bool(ground.rows("iam", "list_roles", "Roles", PathPrefix=f"/aws-service-role/{role.service}/"))


def _made_by_themselves(ground: Ground, roles: list[LinkedRole]) -> Iterator[Outcome]:
    """Whoever makes the first resource of a service has its role made, and must be allowed to."""
    if not roles:
        return
    said = f"{', '.join(role.name for role in roles)} missing, and made by themselves"
    try:
        simulation = Simulation(ground)
        denied = [role for role in roles if _is_denied(ground, simulation, role)]
    except NotCheckedError as error:
        yield warning(f"{said}, where this identity may iam:CreateServiceLinkedRole: {error}")
        return
    if not denied:
        yield ok(said)
    for role in denied:
        said = f"{role.name} is missing, and this identity may not have it made (iam:CreateServiceLinkedRole)"
        yield fault(said, f"{_command(role)}, by one that may")


def _is_denied(ground: Ground, simulation: Simulation, role: LinkedRole) -> bool:
    arn = f"arn:{ground.partition}:iam::{ground.account}:role/aws-service-role/{role.service}/{role.name}"
    context = {"iam:AWSServiceName": role.service}
    return bool(simulation.denied(["iam:CreateServiceLinkedRole"], arn, context))


def _command(role: LinkedRole) -> str:
    return f"aws iam create-service-linked-role --aws-service-name {role.service}"
