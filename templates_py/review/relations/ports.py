"""At which port somebody is reached, and where things may be sent."""

from __future__ import annotations

from collections.abc import Iterator

from templates_py.review.relations.network import EVERYWHERE
from templates_py.review.relations.view import (
    BALANCER,
    DATABASE,
    ENDPOINT,
    ENVIRONMENT,
    FUNCTIONS,
    SERVICE,
    containers,
    environment,
    groups_of,
    items,
    listeners,
    members,
    named,
    of,
    said,
    served_by,
    ways,
)
from templates_py.review.scope import Resource
from templates_py.review.tree import Tree

NOWHERE = "255.255.255.255/32"  # what a group without any egress says, since an empty list is "everything"


def _listening(tree: Tree, one: Resource) -> set[str]:
    """The ports at which it listens."""
    if one.type == DATABASE:
        return {said(one.properties.get("Port"))}
    if one.type == BALANCER:
        return {said(listener.properties.get("Port")) for listener in listeners(tree, one)}
    if one.type == ENDPOINT:
        return {"443"}
    if one.type != SERVICE:
        return set()
    return {
        said(environment(box)["PORT"])
        for t in served_by(tree, one)
        for box in containers(t)
        if "PORT" in environment(box)
    }


def every_port_in_a_rule_listens(tree: Tree) -> Iterator[str]:
    """And every port that listens is in a rule."""
    open_ports: dict[str, set[str]] = {}
    for way in ways(tree):
        to = way.group if way.inward else way.peer
        if not to:
            continue
        at_it = [port for one in members(tree, to) for port in _listening(tree, one)]
        if way.protocol != "tcp" or way.ports[0] != way.ports[1] or way.ports[0] not in at_it:
            yield f"{way.path} opens {way.protocol} {'-'.join(way.ports)} of {to}, where {sorted(set(at_it))} listens"
        if way.inward and way.block:
            open_ports.setdefault(to, set()).add(way.ports[0])
    for one in of(tree, BALANCER):
        for port in _listening(tree, one) - set().union(*(open_ports.get(group, set()) for group in groups_of(one))):
            yield f"{one.path} listens at {port}, and no rule lets a block of addresses in there"


def every_way_has_both_ends(tree: Tree) -> Iterator[str]:
    """What a group may send, the other one lets in, and the other way round."""
    every = list(ways(tree))
    for way in every:
        if not way.group:
            yield f"{way.path} is of no group of ours"
        if not way.peer:
            continue
        free = way.inward and any(
            w.group == way.peer and not w.inward and w.protocol == "-1" and w.block in EVERYWHERE for w in every
        )
        answer = any(
            other.inward != way.inward and (other.group, other.peer, other.ports) == (way.peer, way.group, way.ports)
            for other in every
        )
        if not answer and not free:
            yield f"{way.path} has no rule at its other end, {way.peer}"


def nothing_is_sent_elsewhere(tree: Tree) -> Iterator[str]:
    """Jobs send what they need; a task, the function and a balancer that logs users in speak TLS; a database none."""
    for group in of(tree, "AWS::EC2::SecurityGroup"):
        inside = members(tree, group.path)
        if not items(group.properties.get("SecurityGroupEgress")):
            yield f"{group.path} says nothing of egress, which is all of it"
        for way in ways(tree):
            if way.inward or way.group != group.path or way.block in ("", NOWHERE):
                continue
            tls = way.protocol == "tcp" and way.ports == ("443", "443")
            speaks = all(one.type in (SERVICE, *FUNCTIONS) or _logs_in(tree, one) for one in inside)
            if not (tls and speaks) and not all(one.type == ENVIRONMENT for one in inside):
                yield f"{way.path} lets {group.path} send {way.protocol} {'-'.join(way.ports)} to {way.block}"


def _logs_in(tree: Tree, one: Resource) -> bool:
    """Whether it is a load balancer that asks an identity provider."""
    if one.type != BALANCER:
        return False
    own = {listener.path for listener in listeners(tree, one)}
    rules = of(tree, "AWS::ElasticLoadBalancingV2::ListenerRule")
    return any(
        own & named(rule.properties.get("ListenerArn")) and "authenticate-oidc" in said(rule.properties)
        for rule in rules
    )


RULES = (
    every_port_in_a_rule_listens,
    every_way_has_both_ends,
    nothing_is_sent_elsewhere,
)
