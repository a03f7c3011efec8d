"""The ways to break a template: each is tried wherever it fits."""

from __future__ import annotations

from collections.abc import Iterator

from templates_py.review.mutation.access import (
    add_a_group,
    change_a_principal,
    grant_more,
    leak_a_secret,
    let_a_group_in,
    open_to_everybody,
    output_a_secret,
    take_any_image,
    widen_a_resource,
    widen_an_action,
    write_a_secret_down,
)
from templates_py.review.mutation.mutant import GONE, NAMES, Change, Mutant, Operator, nodes
from templates_py.review.scope import Body

FLIPS = {
    "true": "false",
    "false": "true",
    "ENABLED": "DISABLED",
    "DISABLED": "ENABLED",
    "Enabled": "Suspended",
    "internal": "internet-facing",
    "internet-facing": "internal",
    "IMMUTABLE": "MUTABLE",
    "required": "optional",
    "HTTPS": "HTTP",
    "Deny": "Allow",
    "Allow": "Deny",
    "SUCCESS": "START",
    "authenticate": "allow",
    "BucketOwnerEnforced": "ObjectWriter",
}
ELSEWHERE = "elsewhere"


def _like(body: Body, title: str) -> list[str]:
    """The other resources of its type: at most two."""
    kind = body["Resources"].get(title, {}).get("Type")
    others = [name for name, made in body["Resources"].items() if made["Type"] == kind and name != title]
    return [*others[:1], *others[-1:]] if len(others) > 1 else others


def exchange_a_reference(body: Body, title: str, made: Body) -> Iterator[Change]:
    """Another resource of the same type: another group, secret, role, bucket, log group."""
    for place, node in nodes(made):
        if isinstance(node, dict) and "Ref" in node:
            yield from ((place, {"Ref": other}) for other in _like(body, node["Ref"]))
        elif isinstance(node, dict) and "Fn::GetAtt" in node:
            name, attribute = node["Fn::GetAtt"]
            yield from ((place, {"Fn::GetAtt": [other, attribute]}) for other in _like(body, name))


def name_a_stranger(body: Body, title: str, made: Body) -> Iterator[Change]:
    """Something that is not of this template: another function, another service."""
    for place, node in nodes(made):
        is_one = isinstance(node, dict) and (node.get("Ref") in body["Resources"] or "Fn::GetAtt" in node)
        if is_one and "Fn::Split" not in place:
            yield place, ELSEWHERE


def take_a_resource_away(body: Body, title: str, made: Body) -> Iterator[Change]:
    """Where nothing refers to it, since CloudFormation would refuse that."""
    everything = str([body["Resources"], body["Outputs"]]).replace(f"'{title}': {{'Type'", "")
    if f"'{title}'" not in everything:
        yield (), GONE


def take_a_property_away(body: Body, title: str, made: Body) -> Iterator[Change]:
    for place, node in nodes(made["Properties"]):
        if isinstance(node, dict) and not {"Fn::If", "Fn::Join", "DependsOn"} & set(place):
            for key in node:
                if key not in NAMES and not key.startswith("Fn::") and key != "Ref":
                    yield ("Properties", *place, key), GONE


def flip(body: Body, title: str, made: Body) -> Iterator[Change]:
    """Booleans, and words that are as good as one."""
    for place, node in nodes(made["Properties"]):
        if isinstance(node, bool):
            yield ("Properties", *place), not node
        elif isinstance(node, str) and node in FLIPS:
            yield ("Properties", *place), FLIPS[node]


def flip_a_parameter(body: Body, title: str, made: Body) -> Iterator[Change]:
    """A default that is not what it was, written where the parameter is used."""
    for place, node in nodes(made["Properties"]):
        if isinstance(node, dict) and "Ref" in node:
            default = body["Parameters"].get(node["Ref"], {}).get("Default")
            if default in ("true", "false"):
                yield ("Properties", *place), FLIPS[default]


def change_a_port(body: Body, title: str, made: Body) -> Iterator[Change]:
    for place, node in nodes(made["Properties"]):
        at_a_port = str(place[-1] if place else "").endswith("Port") and not isinstance(node, list)
        if at_a_port:
            yield ("Properties", *place), 8081
        elif isinstance(node, dict) and str(node.get("Name", "")).endswith("PORT"):
            yield ("Properties", *place, "Value"), "8081"


def drop_a_condition(body: Body, title: str, made: Body) -> Iterator[Change]:
    if "Condition" in made:
        yield ("Condition",), GONE


def turn_a_condition(body: Body, title: str, made: Body) -> Iterator[Change]:
    """Each branch where the other belongs."""
    for place, node in nodes(made["Properties"]):
        if isinstance(node, dict) and "Fn::If" in node:
            name, yes, no = node["Fn::If"]
            yield ("Properties", *place), {"Fn::If": [name, no, yes]}


def change_a_policy(body: Body, title: str, made: Body) -> Iterator[Change]:
    """What becomes of a resource that is deleted or replaced."""
    for key in ("DeletionPolicy", "UpdateReplacePolicy"):
        if key in made:
            yield (key,), GONE
            yield from (((key,), value) for value in ("Delete", "Retain", "Snapshot") if value != made[key])


OPERATORS: tuple[Operator, ...] = (
    exchange_a_reference,
    name_a_stranger,
    take_a_resource_away,
    take_a_property_away,
    flip,
    flip_a_parameter,
    change_a_port,
    open_to_everybody,
    let_a_group_in,
    add_a_group,
    drop_a_condition,
    turn_a_condition,
    change_a_policy,
    widen_an_action,
    widen_a_resource,
    change_a_principal,
    grant_more,
    leak_a_secret,
    write_a_secret_down,
    take_any_image,
    output_a_secret,
)


def mutants(body: Body) -> Iterator[Mutant]:
    """Yield every mutant of a flattened template."""
    for title, made in body["Resources"].items():
        for operator in OPERATORS:
            for place, value in operator(body, title, made):
                yield Mutant(operator.__name__, title, place, value)
