"""Who may reach whom, and at which port."""

from __future__ import annotations

from collections.abc import Iterator

from templates_py.review.relations.view import (
    BALANCER,
    DATABASE,
    ENDPOINT,
    ENVIRONMENT,
    FUNCTIONS,
    GROUPS_AT,
    JOB,
    SERVICE,
    TARGETS,
    at,
    clients,
    containers,
    environment,
    groups_of,
    is_gateway,
    job_groups,
    listeners,
    members,
    named,
    of,
    of_service,
    said,
    served_by,
    walk,
    ways,
    yes,
)
from templates_py.review.tree import Tree

EVERYWHERE = ("0.0.0.0/0", "::/0")
SUBNETS_AT = {
    **{kind: (*place[:-1], "Subnets") for kind, place in GROUPS_AT.items() if kind != DATABASE},
    **dict.fromkeys(FUNCTIONS, ("VpcConfig", "SubnetIds")),
    ENDPOINT: ("SubnetIds",),
    "AWS::RDS::DBSubnetGroup": ("SubnetIds",),
}


def databases_are_reached_by_their_clients_alone(tree: Tree) -> Iterator[str]:
    """MLflow's by its tasks; the job database by the function and the jobs (P70); neither by a block of addresses."""
    for database in of(tree, DATABASE):
        of_database = clients(tree, database)
        admitted = {client.path: groups_of(client) for client in of_database}
        if any(client.type in FUNCTIONS for client in of_database):
            admitted["a job"] = job_groups(tree)
        inward = [way for way in ways(tree) if way.inward and way.group in groups_of(database)]
        for way in inward:
            if not way.peer or not any(way.peer in groups for groups in admitted.values()):
                yield f"{way.path} lets {way.peer or way.block} reach {database.path}, which is not its client"
        for client, groups in admitted.items():
            if not groups & {way.peer for way in inward}:
                yield f"{client} is a client of {database.path}, and no rule lets it in"


def only_whom_it_serves_is_let_in(tree: Tree) -> Iterator[str]:
    """A service is reached by its load balancer, that by blocks of addresses and the jobs, and the rest by nobody."""
    jobs = job_groups(tree)
    for one in of(tree, SERVICE, BALANCER, ENVIRONMENT, *FUNCTIONS):
        ahead = of_service(tree, one) if one.type == SERVICE else []
        admitted = {group for balancer in ahead for group in groups_of(balancer)}
        inward = [way for way in ways(tree) if way.inward and way.group in groups_of(one)]
        for way in inward:
            if one.type == BALANCER and (way.block or way.peer in jobs):
                continue
            if not way.peer or way.peer not in admitted:
                yield f"{way.path} lets {way.peer or way.block or 'everybody'} reach {one.path}"
        if admitted and not admitted & {way.peer for way in inward}:
            yield f"no rule lets the load balancer reach {one.path}"
        if one.type == BALANCER and jobs and not jobs & {way.peer for way in inward}:
            yield f"no rule lets the jobs reach {one.path}"


def nobody_is_let_in_from_everywhere(tree: Tree) -> Iterator[str]:
    """Only named blocks of addresses are let in."""
    for way in ways(tree):
        if way.inward and way.block in EVERYWHERE:
            yield f"{way.path} lets the whole internet reach {way.group}"


def each_group_is_for_one_thing(tree: Tree) -> Iterator[str]:
    """A database, the tasks, the balancer, the function and the environments each have a group of their own."""
    for group in of(tree, "AWS::EC2::SecurityGroup"):
        inside = members(tree, group.path)
        kinds = {one.path if one.type == DATABASE else one.type for one in inside}
        if len(kinds) > 1:
            yield f"{group.path} is shared by {', '.join(sorted(one.path for one in inside))}"
    for one in tree.resources.values():
        takes = at(one.properties, *GROUPS_AT.get(one.type, ("none",))[:-1]) or one.type in (SERVICE, *FUNCTIONS)
        if one.type in GROUPS_AT and takes and not is_gateway(one) and not groups_of(one):
            yield f"{one.path} is in no security group of this template"


def nothing_has_a_public_address(tree: Tree) -> Iterator[str]:
    """But a load balancer that faces the internet because that was said, with a certificate and users."""
    for one in tree.resources.values():
        if one.type == DATABASE and said(one.properties.get("PubliclyAccessible")) != "false":
            yield f"{one.path} has a public address"
        if one.type == SERVICE or (one.type == JOB and "FARGATE" in said(one.properties.get("PlatformCapabilities"))):
            places = [node["AssignPublicIp"] for node in walk(one.properties) if at(node, "AssignPublicIp")]
            if places != ["DISABLED"]:
                yield f"{one.path} may have a public address"
        if any(yes(at(node, "AssociatePublicIpAddress")) for node in walk(one.properties)):
            yield f"{one.path} gives instances a public address"


def everything_is_in_our_vpc(tree: Tree) -> Iterator[str]:
    """One VPC, and subnets that a person names."""
    vpcs = {said(one.properties["VpcId"]) for one in tree.resources.values() if "VpcId" in one.properties}
    for one in of(tree, "AWS::EC2::SecurityGroup", TARGETS, ENDPOINT):
        if "VpcId" not in one.properties or len(vpcs) > 1:
            yield f"{one.path} is in the VPC {said(one.properties.get('VpcId'))}, of {', '.join(sorted(vpcs))}"
    for one in tree.resources.values():
        elsewhere = one.properties.get("Type") == "UNMANAGED" or is_gateway(one)
        if one.type in SUBNETS_AT and not elsewhere and not at(one.properties, *SUBNETS_AT[one.type]):
            yield f"{one.path} is in no subnet of the VPC"


def a_balancer_faces_the_internet_only_with_users(tree: Tree) -> Iterator[str]:
    """It has a certificate, and MLflow's users or an identity provider's."""
    for one in of(tree, BALANCER):
        if one.properties.get("Scheme") == "internal":
            continue
        certified = any(listener.properties.get("Protocol") == "HTTPS" for listener in listeners(tree, one))
        tasks = [t for s in of(tree, SERVICE) if one in of_service(tree, s) for t in served_by(tree, s)]
        auth = {said(environment(box).get("AUTH")) for task in tasks for box in containers(task)}
        if not certified or not auth or auth & {"none", "None"}:
            yield f"{one.path} faces the internet without a certificate or without users"


def a_web_acl_stands_before_the_balancer(tree: Tree) -> Iterator[str]:
    balancers = {one.path for one in of(tree, BALANCER)}
    for one in of(tree, "AWS::WAFv2::WebACLAssociation"):
        if not one.properties.get("WebACLArn") or not named(one.properties.get("ResourceArn")) & balancers:
            yield f"{one.path} is no web ACL before a load balancer"


RULES = (
    databases_are_reached_by_their_clients_alone,
    only_whom_it_serves_is_let_in,
    nobody_is_let_in_from_everywhere,
    each_group_is_for_one_thing,
    nothing_has_a_public_address,
    everything_is_in_our_vpc,
    a_balancer_faces_the_internet_only_with_users,
    a_web_acl_stands_before_the_balancer,
)
