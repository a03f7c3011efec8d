"""The table of the checks, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from commands.preflight import (
    access,
    certificate,
    databases,
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


@dataclass(frozen=True)
class Check:
    """A check by its name; `look` yields what it finds, and where that is nothing, `fine` says what is well."""

    name: str
    look: Callable[[Ground], Iterator[Outcome]]
    fine: str
    is_quick: bool = False


CHECKS = (
    Check("stack", standing.stack, "it can be made or changed", is_quick=True),
    Check("parameters", given.parameters, "each has a value", is_quick=True),
    Check("permissions", access.permissions, "the identity may make every resource of the templates"),
    Check("service-linked roles", linked_roles.linked_roles, "there, or made by themselves", is_quick=True),
    Check("template limits", limits.limits, "no template is near CloudFormation's limits"),
    Check("quotas", quotas.quotas, "there is room for all of it"),
    Check("VPC", network.vpc, "there, with DNS support and DNS hostnames", is_quick=True),
    Check("subnets", network.subnets, "there, in the VPC, in two zones where that is wanted", is_quick=True),
    Check("routes", routes.routes, "each subnet has the way out that its use takes"),
    Check("endpoints", routes.endpoints, "those that are used let the subnets in"),
    Check("names", names.names, "none of the names given is taken"),
    Check("what is given", given.given, "all that the parameters name is there"),
    Check("certificate", certificate.certificate, "none is asked for", is_quick=True),
    Check("databases", databases.databases, "engine version and class are offered here"),
    Check("instance types", instances.instance_types, "offered in the zones of the compute environments"),
    Check("vCPU quotas", instances.vcpu_quotas, "EC2 starts instances of these types"),
    Check("image", image.image, "no image is asked for"),
)
