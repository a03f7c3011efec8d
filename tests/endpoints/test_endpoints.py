"""The endpoints of a VPC without NAT: all that the platform calls from a private subnet, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from commands.preflight.uses import AGENT, PULL
from templates_py.endpoints.template import INTERFACES
from templates_py.review.mutation.shapes import SHAPES, deployed, flat
from templates_py.review.relations.identity import actors, roles, statements
from templates_py.review.relations.view import (
    ENVIRONMENT,
    FUNCTIONS,
    JOB,
    SECRET,
    TASK,
    at,
    containers,
    items,
    named,
    of,
    said,
    secrets_of,
)
from templates_py.review.tree import Tree
from tests.emitted import Body, emitted, resources

ENDPOINT = "AWS::EC2::VPCEndpoint"
# Service of a policy's action -> the endpoints that a call of it goes through.
CALLED = {
    "ecr": ("ecr.api", "ecr.dkr", "s3"),  # layers come from a bucket
    "kms": (),  # S3 and Secrets Manager call it themselves (kms:ViaService)
    "logs": ("logs",),
    "s3": ("s3",),
    "secretsmanager": ("secretsmanager",),
    "ssm": ("ssm",),
}
OF_LAMBDA = ("logs", "ec2", "xray")  # what its service does for a function, outside of the VPC


@pytest.fixture(scope="module")
def body() -> Body:
    return emitted()["endpoints/template"]


def endpoints(body: Body) -> dict[str, Body]:
    """Service -> properties of its endpoint."""
    made = (one["Properties"] for one in resources(body, ENDPOINT).values())
    return {one["ServiceName"]["Fn::Sub"].removeprefix("com.amazonaws.${AWS::Region}."): one for one in made}


def needed(tree: Tree) -> Iterator[str]:
    """What the platform calls out of its subnets: by roles, by containers' drivers, images and secrets, by agents."""
    for role in roles(tree):
        acting = {one.type for one, _ in actors(tree, role)} - {ENVIRONMENT}  # Batch's own role acts from outside
        if not acting and "ecs-tasks" not in said(role.properties["AssumeRolePolicyDocument"]):
            continue
        actions = [said(action) for _, each in statements(tree, role) for action in items(each["Action"])]
        for service in {action.partition(":")[0] for action in actions}:
            if not (acting <= {*FUNCTIONS} and service in OF_LAMBDA):
                yield from CALLED[service]
    for one in of(tree, TASK, JOB):
        for box in containers(one):
            yield {"awslogs": "logs"}[at(box, "LogConfiguration", "LogDriver")]
            yield from CALLED["ecr"]
            for value in secrets_of(box).values():
                kept = named(value) & {secret.path for secret in of(tree, SECRET)}
                yield "secretsmanager" if kept else "ssm"
    for one in of(tree, ENVIRONMENT):
        if at(one.properties, "ComputeResources", "Type") in ("EC2", "SPOT"):
            yield from AGENT


def test_what_the_platform_calls_has_its_endpoint_and_nothing_else_has(body: Body) -> None:
    shapes = [deployed(flat(name), {**parameters}) for name, s in SHAPES.items() for parameters in s.deployments]
    called = {service for tree in shapes for service in needed(tree)}
    assert called == endpoints(body).keys() == {"s3", *INTERFACES}


def test_preflight_asks_for_the_same(body: Body) -> None:
    assert {*PULL, *AGENT, "ssm"} == endpoints(body).keys()


def test_an_interface_is_found_by_its_services_name_and_s3_by_the_route_tables(body: Body) -> None:
    made = endpoints(body)
    s3 = made.pop("s3")
    assert (s3["VpcEndpointType"], s3["RouteTableIds"]) == ("Gateway", {"Ref": "RouteTableIds"})
    assert "SubnetIds" not in s3 and "SecurityGroupIds" not in s3
    for one in made.values():
        assert (one["VpcEndpointType"], one["PrivateDnsEnabled"]) == ("Interface", True)
        assert one["SubnetIds"] == {"Ref": "EndpointSubnets"}
        given, more, own = one["SecurityGroupIds"]["Fn::If"]
        assert given == "EndpointSecurityGroupsGiven" and own == [{"Fn::GetAtt": ["Endpoints", "GroupId"]}]
        assert own[0] in more["Fn::Split"][1]["Fn::Join"][1]


def test_the_vpc_reaches_them_by_https_alone(body: Body) -> None:
    (rule,) = resources(body, "AWS::EC2::SecurityGroupIngress").values()
    made = rule["Properties"]
    assert (made["CidrIp"], made["FromPort"], made["ToPort"]) == ({"Ref": "VpcCidr"}, 443, 443)
    (group,) = resources(body, "AWS::EC2::SecurityGroup").values()
    assert [one["CidrIp"] for one in group["Properties"]["SecurityGroupEgress"]] == ["255.255.255.255/32"]


@pytest.mark.parametrize(
    ("cidr", "taken"), [("10.0.0.0/16", True), ("0.0.0.0/0", False), ("10.0.0.0", False), ("10.0.0.1/32", False)]
)
def test_a_vpcs_block_is_not_the_internet(body: Body, cidr: str, taken: bool) -> None:
    assert bool(re.search(body["Parameters"]["VpcCidr"]["AllowedPattern"], cidr)) == taken


def test_policies_are_about_this_account(body: Body) -> None:
    account = {"Ref": "AWS::AccountId"}
    ours = {"aws:PrincipalAccount": account, "aws:ResourceAccount": account}
    by_us = {"aws:PrincipalAccount": account}  # AWS's images are another account's
    asked = {
        **dict.fromkeys(("s3", "secretsmanager", "ssm", "logs"), ours),
        **dict.fromkeys(("ecr.api", "ecr.dkr", "ecs"), by_us),
    }
    made = endpoints(body)
    assert made.keys() - asked.keys() == {"ecs-agent", "ecs-telemetry"}  # they take no policy
    for service, one in made.items():
        assert ("PolicyDocument" in one) == (service in asked)
        if service in asked:
            first = one["PolicyDocument"]["Statement"][0]
            assert first["Action"] == [f"{service.partition('.')[0]}:*"]
            assert (first["Principal"], first["Condition"]) == ("*", {"StringEquals": asked[service]})


def test_p12_p72_aws_answers_and_layers_pass_s3s_policy(body: Body) -> None:
    """By URLs that AWS signs: the account is none that a policy could name."""
    _, layers, replies = endpoints(body)["s3"]["PolicyDocument"]["Statement"]
    assert (layers["Action"], replies["Action"]) == (["s3:GetObject"], ["s3:PutObject"])
    bucket = {"Fn::Sub": "arn:${AWS::Partition}:s3:::prod-${AWS::Region}-starport-layer-bucket/*"}
    assert layers["Resource"] == [bucket]
    ((_, parts),) = (one["Fn::Join"] for one in replies["Resource"])
    assert parts[2] == ":s3:::cloudformation-custom-resource-response-"
    assert parts[3] == {"Fn::Join": ["", {"Fn::Split": ["-", {"Ref": "AWS::Region"}]}]}  # useast1
    assert "Condition" not in layers and "Condition" not in replies


def test_they_are_nobodys_who_does_not_deploy_them() -> None:
    for path, made in emitted().items():
        assert path == "endpoints/template" or resources(made, ENDPOINT) == {}
