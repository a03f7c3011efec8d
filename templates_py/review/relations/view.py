"""What the rules look at: who is in which security group, who acts by which role, and what a resource says.

It reads the graph alone, never a path: a flattened template, whose logical IDs are its own, has the same graph.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from templates_py.review.functions import text
from templates_py.review.scope import Body, Resource, references
from templates_py.review.tree import Tree

FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
SERVICE, TASK = "AWS::ECS::Service", "AWS::ECS::TaskDefinition"
DATABASE, BUCKET, SECRET = "AWS::RDS::DBInstance", "AWS::S3::Bucket", "AWS::SecretsManager::Secret"
ENVIRONMENT, JOB = "AWS::Batch::ComputeEnvironment", "AWS::Batch::JobDefinition"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER, TARGETS = "AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::TargetGroup"
ENDPOINT = "AWS::EC2::VPCEndpoint"
LISTENER_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
GROUPS_AT = {
    DATABASE: ("VPCSecurityGroups",),
    BALANCER: ("SecurityGroups",),
    SERVICE: ("NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups"),
    ENVIRONMENT: ("ComputeResources", "SecurityGroupIds"),
    ENDPOINT: ("SecurityGroupIds",),
    **dict.fromkeys(FUNCTIONS, ("VpcConfig", "SecurityGroupIds")),
}


class Way(NamedTuple):
    """A rule of a security group: into it, or out of it."""

    path: str  # of what says it
    group: str
    inward: bool
    peer: str  # the other group's path; empty where it is a block
    block: str
    protocol: str
    ports: tuple[str, str]


def of(tree: Tree, *types: str) -> list[Resource]:
    """The resources of these types."""
    return [one for one in tree.resources.values() if one.type in types]


def at(node: Any, *steps: str) -> Any:
    """What stands at a place of a property; None where there is nothing."""
    for step in steps:
        node = node.get(step) if isinstance(node, dict) else None
    return node


def items(node: Any) -> list[Any]:
    """A list, as it is; of anything else a list with that alone."""
    return node if isinstance(node, list) else [] if node is None else [node]


def walk(node: Any) -> Iterator[Any]:
    """Yield a value and all below it."""
    yield node
    for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(below)


def named(node: Any) -> set[str]:
    """The paths of what a value refers to."""
    return {name for name, _, _ in references(node)}


def said(value: Any) -> str:
    """A value as it can be compared: 80 is "80", True is "true"."""
    return json.dumps(value, sort_keys=True) if isinstance(value, (dict, list)) else text(value)


def words(value: Any) -> set[str]:
    """What a value is made of, to be found in another one: references, and the parts of strings."""
    parts = {part for node in walk(value) if isinstance(node, str) for part in node.split("/") if len(part) > 3}
    return parts | {said(node) for node in walk(value) if isinstance(node, dict)}


def yes(value: Any) -> bool:
    """Whether it says true."""
    return said(value) == "true"


def groups_of(one: Resource) -> set[str]:
    """The security groups that it is in."""
    return named(at(one.properties, *GROUPS_AT[one.type])) if one.type in GROUPS_AT else set()


def members(tree: Tree, group: str) -> list[Resource]:
    """What is in a security group."""
    return [one for one in tree.resources.values() if group in groups_of(one)]


def ways(tree: Tree) -> Iterator[Way]:
    """Every rule of every security group, wherever it is written."""
    for one in tree.resources.values():
        if one.type == "AWS::EC2::SecurityGroup":
            for given in items(one.properties.get("SecurityGroupIngress")):
                yield _way(one.path, one.path, given, inward=True)
            for given in items(one.properties.get("SecurityGroupEgress")):
                yield _way(one.path, one.path, given, inward=False)
        elif one.type in ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"):
            group = next(iter(named(one.properties.get("GroupId"))), "")
            yield _way(one.path, group, one.properties, inward=one.type.endswith("Ingress"))


def _way(path: str, group: str, given: Body, *, inward: bool) -> Way:
    peer = named(given.get("SourceSecurityGroupId" if inward else "DestinationSecurityGroupId"))
    block = next((said(given[key]) for key in ("CidrIp", "CidrIpv6") if key in given), "")
    ports = said(given.get("FromPort")), said(given.get("ToPort"))
    return Way(path, group, inward, next(iter(peer), ""), block, said(given.get("IpProtocol")), ports)


def is_gateway(endpoint: Resource) -> bool:
    """Whether it is a VPC endpoint that stands in route tables, and not in subnets."""
    return endpoint.properties.get("VpcEndpointType") == "Gateway"


def customs(tree: Tree) -> list[Resource]:
    """The custom resources."""
    return [one for one in tree.resources.values() if one.type.startswith("Custom::")]


def containers(task: Resource) -> list[Body]:
    """The containers of a task definition, or the one of a job definition."""
    return items(task.properties.get("ContainerDefinitions", task.properties.get("ContainerProperties")))


def environment(container: Body) -> Body:
    """The variables of a container: name -> value."""
    return {said(one.get("Name")): one.get("Value") for one in items(container.get("Environment"))}


def secrets_of(container: Body) -> Body:
    """The secrets of a container: name -> what it is read from."""
    pairs = [one for one in walk(container.get("Secrets")) if isinstance(one, dict) and "ValueFrom" in one]
    return {said(one.get("Name")): one["ValueFrom"] for one in pairs}


def served_by(tree: Tree, service: Resource) -> list[Resource]:
    """The task definitions of a service."""
    return [one for one in of(tree, TASK) if one.path in named(service.properties.get("TaskDefinition"))]


def job_groups(tree: Tree) -> set[str]:
    """The security groups of jobs: the environments', and the one that an output names for others."""
    environments = {group for one in of(tree, ENVIRONMENT) for group in groups_of(one)}
    return environments | named(tree.outputs.get("ComputeEnvironmentGroup"))


def clients(tree: Tree, database: Resource) -> list[Resource]:
    """Whose connections a database waits for: its tasks, or its initialiser's function; the jobs come besides."""
    tasks = [one for one in of(tree, SERVICE) if any(database.path in tree.uses[t.path] for t in served_by(tree, one))]
    setups = [one for one in customs(tree) if database.path in tree.uses[one.path]]
    run = [one for one in of(tree, *FUNCTIONS) if any(one.path in tree.uses[setup.path] for setup in setups)]
    return tasks + run


def listeners(tree: Tree, balancer: Resource) -> list[Resource]:
    """The listeners of a load balancer."""
    return [one for one in of(tree, LISTENER) if balancer.path in named(one.properties.get("LoadBalancerArn"))]


def actions(one: Resource) -> list[Body]:
    """What a listener or its rule does."""
    return items(one.properties.get("DefaultActions", one.properties.get("Actions")))


def forwards(one: Resource) -> set[str]:
    """The target groups that a listener or a rule of one forwards to."""
    return {name for action in actions(one) for name in named(action.get("TargetGroupArn"))}


def of_service(tree: Tree, service: Resource) -> list[Resource]:
    """The load balancers in front of a service."""
    groups = named(service.properties.get("LoadBalancers"))
    ahead = {one.path for one in of(tree, LISTENER) if forwards(one) & groups}
    for rule in of(tree, LISTENER_RULE):
        ahead |= named(rule.properties.get("ListenerArn")) if forwards(rule) & groups else set()
    return [one for one in of(tree, BALANCER) if any(listener.path in ahead for listener in listeners(tree, one))]
