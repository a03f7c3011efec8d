"""Which subnets are used by what, and how that finds AWS and the world."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from commands.preflight.values import UNKNOWN

if TYPE_CHECKING:
    from commands.preflight.ground import Ground

# https://docs.aws.amazon.com/batch/latest/userguide/vpc-endpoint-considerations.html
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
PULL = ("ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager")  # an image, its layers, its logs, and the secrets
AGENT = ("ecs", "ecs-agent", "ecs-telemetry")


@dataclass(frozen=True)
class Kind:
    """A kind of use of subnets: the property that names them, and the endpoints that stand for a NAT."""

    type: str
    subnets: tuple[str, ...]
    endpoints: tuple[str, ...] = ()
    zones: int = 1  # in how many zones they must lie


DATABASE = Kind("AWS::RDS::DBSubnetGroup", ("SubnetIds",), zones=2)
BALANCER = Kind("AWS::ElasticLoadBalancingV2::LoadBalancer", ("Subnets",), zones=2)
TASKS = Kind("AWS::ECS::Service", ("NetworkConfiguration", "AwsvpcConfiguration", "Subnets"), PULL)  # P34
# Its reply goes to CloudFormation's bucket (P12), its logs another way.
FUNCTION = Kind("AWS::Serverless::Function", ("VpcConfig", "SubnetIds"), ("s3", "secretsmanager"))
INSTANCES = Kind("AWS::Batch::ComputeEnvironment", ("ComputeResources", "Subnets"), AGENT + PULL)  # P72
FARGATE = Kind("AWS::Batch::ComputeEnvironment", ("ComputeResources", "Subnets"), PULL)
ENDPOINTS = Kind("AWS::EC2::VPCEndpoint", ("SubnetIds",))


@dataclass(frozen=True)
class Use:
    """A resource of the stack and the subnets that it lies in."""

    path: str
    kind: Kind
    subnets: tuple[str, ...]
    is_public: bool = False  # a load balancer that faces the internet


def uses(ground: Ground) -> Iterator[Use]:
    for kind in (DATABASE, BALANCER, TASKS, FUNCTION, INSTANCES, ENDPOINTS):
        for resource in ground.of(kind.type):
            fargate = kind is INSTANCES and str(resource.get("ComputeResources", "Type")).startswith("FARGATE")
            public = resource.get("Scheme") == "internet-facing"
            if found := resource.lists(*kind.subnets):
                yield Use(resource.path, FARGATE if fargate else kind, tuple(found), public)
                if kind is ENDPOINTS:  # all lie in the same subnets
                    break


def asked_as(ground: Ground, value: str) -> str:
    """Return the parameters that give a value, for a person to find it."""
    return ", ".join(name for name, given in ground.parameters.items() if value == given or _has(given, value))


def _has(given: Any, value: str) -> bool:
    return isinstance(given, list) and value in given


def vpc_id(ground: Ground) -> str:
    """Return the VPC that the templates ask for; empty where none is asked for, or none given."""
    asked = ground.template.body.get("Parameters", {})
    names = (name for name, about in asked.items() if about["Type"] == "AWS::EC2::VPC::Id")
    found = ground.parameters[name] if (name := next(names, "")) else ""
    return "" if found is UNKNOWN else str(found)
