"""The ways to break a template: each is tried wherever it fits."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, NamedTuple

from templates_py.review.scope import Body

Place = tuple[str | int, ...]
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
NAMES = ("Description", "Tags", "Sid")  # what nothing depends on, and what is within
ELSEWHERE = "elsewhere"
GROUP, ROLE, SECRET = "AWS::EC2::SecurityGroup", "AWS::IAM::Role", "AWS::SecretsManager::Secret"


class Mutant(NamedTuple):
    """A template with one thing broken."""

    operator: str
    resource: str  # its logical ID
    place: Place  # below the resource; or one that begins with "Outputs"
    value: Any  # what stands there now; GONE: nothing


class Gone(Enum):
    """Stands for what is taken away."""

    GONE = "gone"


GONE = Gone.GONE
Change = tuple[Place, Any]
Operator = Callable[[Body, str, Body], Iterator[Change]]


def broken(body: Body, resource: str, place: Place, value: Any) -> Body:
    """Return the template with another value at a place of a resource; what is not on the way is shared."""
    whole = dict(body)
    steps: Place = place if place[:1] == ("Outputs",) else ("Resources", resource, *place)
    node: Any = whole
    for step in steps[:-1]:
        child = node[step]
        node[step] = copy.copy(child)
        node = node[step]
    if value is GONE:
        del node[steps[-1]]
    elif isinstance(node, list) and steps[-1] == len(node):
        node.append(value)
    else:
        node[steps[-1]] = value
    return whole


def nodes(node: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield all places of a resource, and what stands there."""
    yield place, node
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, below in inside:
        if key not in NAMES:
            yield from nodes(below, (*place, key))


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


def open_to_everybody(body: Body, title: str, made: Body) -> Iterator[Change]:
    """A block instead of a group, the internet instead of a block; all ports, all protocols."""
    for place, node in nodes(made["Properties"]):
        if isinstance(node, dict) and "IpProtocol" in node:
            rest = {k: v for k, v in node.items() if "SecurityGroupId" not in k and "Cidr" not in k}
            yield ("Properties", *place), {**rest, "CidrIp": "0.0.0.0/0"}
            yield ("Properties", *place), {**rest, "CidrIp": "10.0.0.0/8"}
            yield ("Properties", *place), {**node, "IpProtocol": "-1"}
            yield ("Properties", *place), {**node, "FromPort": 0, "ToPort": 65535}


def let_a_group_in(body: Body, title: str, made: Body) -> Iterator[Change]:
    """Each other group of the template, at each port that the group has a rule for; and the group itself."""
    if made["Type"] != "AWS::EC2::SecurityGroupIngress":
        return
    for name, other in body["Resources"].items():
        if other["Type"] == GROUP:
            rest = {k: v for k, v in made["Properties"].items() if "Cidr" not in k}
            source = {"Fn::GetAtt": [name, "GroupId"]}
            if rest.get("SourceSecurityGroupId") != source:
                yield ("Properties",), {**rest, "SourceSecurityGroupId": source}


def add_a_group(body: Body, title: str, made: Body) -> Iterator[Change]:
    """To whatever is in one: the balancer's or the database's."""
    groups = [name for name, other in body["Resources"].items() if other["Type"] == GROUP]
    for place, node in nodes(made["Properties"]):
        if isinstance(node, list) and node and "GroupId" in str(node[0]) and isinstance(node[0], dict):
            own = node[0].get("Fn::GetAtt", [""])[0]
            for name in groups:
                if own and name != own:
                    yield ("Properties", *place, len(node)), {"Fn::GetAtt": [name, "GroupId"]}


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


def widen_an_action(body: Body, title: str, made: Body) -> Iterator[Change]:
    for place, node in nodes(made["Properties"]):
        if isinstance(node, str) and len(place) > 1 and "Action" in place[-2:] and ":" in node:
            yield ("Properties", *place), node.split(":")[0] + ":*"
            yield ("Properties", *place), re.sub(r":(\w[a-z]+).*", r":\1*", node)
            yield ("Properties", *place), "*"


def widen_a_resource(body: Body, title: str, made: Body) -> Iterator[Change]:
    for place, node in nodes(made["Properties"]):
        if isinstance(node, dict) and "Effect" in node and "Resource" in node and node["Resource"] != ["*"]:
            yield ("Properties", *place, "Resource"), ["*"]


def change_a_principal(body: Body, title: str, made: Body) -> Iterator[Change]:
    for place, node in nodes(made["Properties"]):
        if place and place[-1] == "Principal":
            yield ("Properties", *place), {"Service": ["ssm.amazonaws.com"]}
            yield ("Properties", *place), {"AWS": {"Ref": "AWS::AccountId"}}
            yield ("Properties", *place), "*" if node != "*" else {"Service": ["ecs-tasks.amazonaws.com"]}
            if isinstance(node, dict) and "Service" in node:
                yield ("Properties", *place, "Service", len(node["Service"])), "ec2.amazonaws.com"


def grant_more(body: Body, title: str, made: Body) -> Iterator[Change]:
    """A role gets a secret or a bucket of somebody else's, or is an administrator."""
    if made["Type"] not in (ROLE, "AWS::IAM::Policy"):
        return
    admin = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::aws:policy/AdministratorAccess"]]}
    if made["Type"] == ROLE:
        yield ("Properties", "ManagedPolicyArns"), [admin]
    for name, other in body["Resources"].items():
        if other["Type"] == SECRET:
            yield from _granted(made, name, "secretsmanager:GetSecretValue")
        if other["Type"] == "AWS::S3::Bucket":
            yield from _granted(made, name, "s3:GetObject")


def _granted(made: Body, name: str, action: str) -> Iterator[Change]:
    statement = {"Effect": "Allow", "Action": [action], "Resource": [{"Ref": name}]}
    if made["Type"] == ROLE:
        policies = made["Properties"].get("Policies", [])
        if f"'{name}'" not in str(policies):
            yield ("Properties", "Policies"), [*policies, {"PolicyName": "More", "PolicyDocument": statement}]
    elif f"'{name}'" not in str(made["Properties"]):
        place = ("Properties", "PolicyDocument", "Statement")
        yield (*place, len(made["Properties"]["PolicyDocument"]["Statement"])), statement


def leak_a_secret(body: Body, title: str, made: Body) -> Iterator[Change]:
    """Its value in an environment, a command, a parameter, a tag, a description."""
    secret = next((name for name, other in body["Resources"].items() if other["Type"] == SECRET), "")
    value = {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": secret}, ":SecretString}}"]]}
    if not secret:
        return
    for place, node in nodes(made["Properties"]):
        if isinstance(node, dict) and "LogConfiguration" in node:
            yield ("Properties", *place, "Command"), ["server", value]
            yield ("Properties", *place, "Environment"), [{"Name": "VALUE", "Value": value}]
        if isinstance(node, dict) and "ValueFrom" in node:
            yield ("Properties", *place, "ValueFrom"), value
    if made["Type"] in ("AWS::Serverless::Function", "AWS::SSM::Parameter"):
        yield ("Properties", "Environment"), {"Variables": {"VALUE": value}}
        yield ("Properties", "Description"), value
    if title.endswith("DbInit"):
        yield ("Properties", "DatabasePassword"), value


def write_a_secret_down(body: Body, title: str, made: Body) -> Iterator[Change]:
    for place, node in nodes(made["Properties"]):
        if "{{resolve:" in str(node) and isinstance(node, dict) and "Fn::Join" in node:
            yield ("Properties", *place), "correct horse"
        if isinstance(node, dict) and "LogConfiguration" in node:
            more = [*node.get("Environment", []), {"Name": "DB_PASSWORD", "Value": "correct horse"}]
            yield ("Properties", *place, "Environment"), more
    if made["Type"] == SECRET:
        rest = {key: value for key, value in made["Properties"].items() if key != "GenerateSecretString"}
        yield ("Properties",), {**rest, "SecretString": "correct horse"}


def take_any_image(body: Body, title: str, made: Body) -> Iterator[Change]:
    for place, _ in nodes(made["Properties"]):
        if place and place[-1] == "Image" and made["Type"] == "AWS::ECS::TaskDefinition":
            yield ("Properties", *place), "ghcr.io/mlflow/mlflow:latest"


def output_a_secret(body: Body, title: str, made: Body) -> Iterator[Change]:
    """Once for each secret."""
    if made["Type"] == SECRET:
        value = {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": title}, ":SecretString}}"]]}
        yield ("Outputs", "More"), {"Value": value}


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
