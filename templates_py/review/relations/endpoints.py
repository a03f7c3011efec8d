"""VPC endpoints: found by the services' own names, reached by the VPC, and of use to this account alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_network

from templates_py.review.relations.view import ENDPOINT, at, groups_of, is_gateway, items, of, said, ways, yes
from templates_py.review.scope import Body, Resource
from templates_py.review.tree import Tree

ACCOUNT = said({"Ref": "AWS::AccountId"})
WITHOUT_POLICY = {"ecs-agent", "ecs-telemetry"}  # the services take none
ANYBODYS = {"ecr", "ecs"}  # images of other accounts are pulled; of ECS the account has what it asks about
# What AWS keeps for us in buckets of its own -> who asks for what with URLs that AWS signs itself.
OF_AWS = {
    "s3:GetObject": ':s3:::prod-", {"Ref": "AWS::Region"}, "-starport-layer-bucket/*"',
    "s3:PutObject": ':s3:::cloudformation-custom-resource-response-", {"Fn::Join": ["", {"Fn::Split": ["-", ',
}


def service(endpoint: Resource) -> str:
    """The service of an endpoint, such as `ecr.api`; empty where it is none of this Region."""
    parts = at(endpoint.properties.get("ServiceName"), "Fn::Join")
    ours = isinstance(parts, list) and parts[1][:2] == ["com.amazonaws.", {"Ref": "AWS::Region"}]
    return str(parts[1][2]).removeprefix(".") if ours else ""


def each_service_has_one_endpoint(tree: Tree) -> Iterator[str]:
    """Of this Region; S3 by the route tables, and the others by the names that clients know them by."""
    for name, many in Counter(service(one) for one in of(tree, ENDPOINT)).items():
        if not name or many > 1:
            yield f"{many} endpoints are for {name or 'no service of this Region'}"
    for one in of(tree, ENDPOINT):
        if is_gateway(one):
            if not items(one.properties.get("RouteTableIds")):
                yield f"{one.path} is in no route table"
        elif one.properties.get("VpcEndpointType") != "Interface" or not yes(one.properties.get("PrivateDnsEnabled")):
            yield f"{one.path} is not found by its service's own name"


def endpoints_are_reached_by_the_vpc(tree: Tree) -> Iterator[str]:
    """By the block that a person names as the VPC's; where that has been put in, by one that a VPC can have."""
    for one in of(tree, ENDPOINT):
        inward = [way for way in ways(tree) if way.inward and way.group in groups_of(one)]
        if not is_gateway(one) and not inward:
            yield f"{one.path} is reached by nobody"
        for way in inward:
            if not (_is_a_vpcs(way.block) if not tree.parameters else way.block.startswith('{"Ref"')):
                yield f"{way.path} lets {way.block or way.peer} reach {one.path}, which is for the VPC"


def _is_a_vpcs(block: str) -> bool:
    try:
        return ip_network(block).prefixlen >= 8  # as VpcCidr is
    except ValueError:  # a group, or no block at all
        return False


def endpoints_serve_this_account_alone(tree: Tree) -> Iterator[str]:
    """Nobody takes anything out with the keys of another account; what AWS keeps for us passes besides."""
    for one in of(tree, ENDPOINT):
        policy = one.properties.get("PolicyDocument")
        statements = items(at(policy, "Statement"))
        if service(one) in WITHOUT_POLICY:
            continue
        if at(policy, "Version") != "2012-10-17":
            yield f"{one.path} has no policy in IAM's language of 2012"
        of_us = [statement for statement in statements if "Condition" in statement]
        if len(of_us) != 1 or not _is_ours(of_us[0], service(one).partition(".")[0]):
            yield f"{one.path} does not serve this account alone"
        passing = sorted(said(each.get("Action")) for each in statements if each not in of_us and _is_of_aws(each))
        needed = sorted(said([action]) for action in OF_AWS) if service(one) == "s3" else []
        if passing != needed or len(statements) != len(of_us) + len(needed):
            yield f"{one.path} lets pass what AWS signs: {passing}, and not {needed}"


def _is_ours(statement: Body, name: str) -> bool:
    keys = ["aws:PrincipalAccount", *([] if name in ANYBODYS else ["aws:ResourceAccount"])]
    asked = {key: said(value) for key, value in (at(statement, "Condition", "StringEquals") or {}).items()}
    passes = [statement.get(key) for key in ("Effect", "Principal", "Action", "Resource")]
    return passes == ["Allow", "*", [f"{name}:*"], ["*"]] and asked == dict.fromkeys(keys, ACCOUNT)


def _is_of_aws(statement: Body) -> bool:
    (action, *more), resources = items(statement.get("Action")) or [""], items(statement.get("Resource"))
    known = action in OF_AWS and len(resources) == 1 and OF_AWS[action] in said(resources)
    return known and not more and (statement.get("Effect"), statement.get("Principal")) == ("Allow", "*")


RULES = (
    each_service_has_one_endpoint,
    endpoints_are_reached_by_the_vpc,
    endpoints_serve_this_account_alone,
)
