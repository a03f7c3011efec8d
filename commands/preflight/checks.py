"""The table of the checks, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from commands.preflight import (
    access,
    certificate,
    databases,
    endpoints,
    given,
    image,
    instances,
    limits,
    linked_roles,
    names,
    network,
    quotas,
    routes,
    standing,
)
from commands.preflight.ground import Ground
from commands.preflight.outcome import Outcome

ENVIRONMENT = ("AWS::Batch::ComputeEnvironment",)
DATABASE = ("AWS::RDS::DBInstance",)
LISTENER = ("AWS::ElasticLoadBalancingV2::Listener",)
NETWORK = ("AWS::EC2::SecurityGroup",)
CLUSTER = ("AWS::ECS::Cluster",)


@dataclass(frozen=True)
class Check:
    """A check by its name; `look` yields what it finds, and where that is nothing, `fine` says what is well.

    With `types` it is for templates that have one of those alone.
    """

    name: str
    look: Callable[[Ground], Iterator[Outcome]]
    fine: str
    types: tuple[str, ...] = ()

    def is_for(self, ground: Ground) -> bool:
        return not self.types or any(ground.of(*self.types))


CHECKS = (
    Check("stack", standing.stack, "it can be made or changed"),
    Check("parameters", given.parameters, "each has a value"),
    Check("permissions", access.permissions, "the identity may make every resource of the templates"),
    Check("service-linked roles", linked_roles.linked_roles, "none is needed"),
    Check("template limits", limits.limits, "no template is over CloudFormation's limits"),
    Check("quotas", quotas.quotas, "there is room for all of it"),
    Check("VPC", network.vpc, "there, with DNS support and DNS hostnames", NETWORK),
    Check("subnets", network.subnets, "none is given", NETWORK),
    Check("routes", routes.routes, "each subnet has the way out that its use takes", NETWORK),
    Check("endpoints", endpoints.endpoints, "those there are let the subnets in", NETWORK),
    Check("names", names.names, "none is given: each is generated"),
    Check("what is given", given.given, "nothing that must be there is named"),
    Check("certificate", certificate.certificate, "none is given: HTTP alone", LISTENER),
    Check("databases", databases.databases, "engine version and class are offered", DATABASE),
    Check("instance types", instances.instance_types, "Batch chooses them itself", ENVIRONMENT),
    Check("vCPU quotas", instances.vcpu_quotas, "EC2 starts instances of these types", ENVIRONMENT),
    Check("image", image.image, "no image is asked for", CLUSTER),
)
