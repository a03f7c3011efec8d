"""What an update would make while its like still stands: CloudFormation takes the old away last."""

from __future__ import annotations

import json
from collections.abc import Iterator

from templates_py.review.changes import ADDS, changes
from templates_py.review.facts import NAMES, REPLACES
from templates_py.review.functions import NO_VALUE
from templates_py.review.scope import Resource, references
from templates_py.review.tree import Tree

# What there is once: of a group one such rule, of a balancer one listener at a port, of a listener one rule of a rank,
# of a VPC one endpoint with a service's own name.
# A second rule of a group fails, or is taken for the first and goes with it (InvalidPermission.Duplicate).
_RULE = ("GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6")
ONCE = {
    "AWS::EC2::VPCEndpoint": ("VpcId", "ServiceName"),
    "AWS::EC2::SecurityGroupIngress": (*_RULE, "SourceSecurityGroupId"),
    "AWS::EC2::SecurityGroupEgress": (*_RULE, "DestinationSecurityGroupId"),
    "AWS::ElasticLoadBalancingV2::Listener": ("LoadBalancerArn", "Port"),
    "AWS::ElasticLoadBalancingV2::ListenerRule": ("ListenerArn", "Priority"),
    "AWS::Route53::RecordSet": ("HostedZoneId", "Name", "Type"),
}


def collisions(before: Tree, after: Tree) -> list[str]:
    """Return what cannot be made on the way from one tree to another, in words."""
    standing = {key: path for path, made in before.resources.items() if (key := _key(made))}
    found = changes(before, after)
    replaced = {change.path for change in found if change.does == REPLACES}
    wrong = []
    for change in found:
        if change.does not in (ADDS, REPLACES):
            continue
        made = after.resources[change.path]
        key = _key(made)
        fresh = any(name in replaced for name, _, _ in references({one: made.properties.get(one) for one in _of(made)}))
        if key in standing and not fresh:
            wrong.append(f"{change.path} is made while {standing[key]} is the same: {key}")
    made_anew = {change.path for change in found if change.does in (ADDS, REPLACES)}
    return wrong + list(_taken(after, made_anew))


def _taken(after: Tree, made_anew: set[str]) -> Iterator[str]:
    """Target groups that a new balancer would share with the old one (TargetGroupAssociationLimit)."""
    kinds = {path: after.resources[path].type.rpartition("::")[2] for path in after.resources}
    for path in sorted(made_anew):
        anew = {kinds[used] for used in after.uses[path] & made_anew}
        if kinds[path] in ("Listener", "ListenerRule") and anew & {"LoadBalancer", "Listener"}:
            for group in sorted(after.uses[path] - made_anew):
                if kinds[group] == "TargetGroup":
                    yield f"{path} is made while the old balancer has its {group}"


def _of(made: Resource) -> tuple[str, ...]:
    return ONCE.get(made.type) or ((NAMES[made.type],) if made.type in NAMES else ())


def _key(made: Resource) -> str:
    """What there can be once of a resource; empty: nothing, as where its name is generated."""
    said = {one: made.properties[one] for one in _of(made) if one in made.properties}
    key = f"{made.type} {json.dumps(said, sort_keys=True)}" if said else ""
    return "" if json.dumps(NO_VALUE) in key else key
