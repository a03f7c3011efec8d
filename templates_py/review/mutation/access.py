"""The ways to break who may do what: groups, roles, policies, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from templates_py.review.mutation.mutant import Change, nodes
from templates_py.review.scope import Body

GROUP, ROLE, SECRET = "AWS::EC2::SecurityGroup", "AWS::IAM::Role", "AWS::SecretsManager::Secret"


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
    if made["Type"] not in (ROLE, "AWS::IAM::ManagedPolicy"):
        return
    admin = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::aws:policy/AdministratorAccess"]]}
    if made["Type"] == ROLE:
        yield ("Properties", "ManagedPolicyArns"), [admin]
    for name, other in body["Resources"].items():
        if other["Type"] == SECRET:
            yield from _granted(body, made, name, "secretsmanager:GetSecretValue")
        if other["Type"] == "AWS::S3::Bucket":
            yield from _granted(body, made, name, "s3:GetObject")


def _granted(body: Body, made: Body, name: str, action: str) -> Iterator[Change]:
    statement = {"Effect": "Allow", "Action": [action], "Resource": [{"Ref": name}]}
    if made["Type"] == ROLE:
        policies = made["Properties"].get("Policies", [])
        if f"'{name}'" not in str(policies):
            yield ("Properties", "Policies"), [*policies, {"PolicyName": "More", "PolicyDocument": statement}]
    elif "Statement" in made["Properties"]["PolicyDocument"] and f"'{name}'" not in _said_of(body, made):
        place = ("Properties", "PolicyDocument", "Statement")
        yield (*place, len(made["Properties"]["PolicyDocument"]["Statement"])), statement


def _said_of(body: Body, policy: Body) -> str:
    """All that is said of whom a policy is for, in this one or another."""
    every = [one["Properties"] for one in body["Resources"].values() if one["Type"] == policy["Type"]]
    return str([one for one in every if one.get("Roles") == policy["Properties"].get("Roles")])


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
