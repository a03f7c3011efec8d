"""Who acts by which role, and what that may do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from templates_py.review.relations.view import (
    DATABASE,
    FUNCTIONS,
    JOB,
    TASK,
    at,
    customs,
    items,
    named,
    of,
    said,
    walk,
)
from templates_py.review.scope import Body, Resource
from templates_py.review.tree import Tree

# Where a role is given to what acts by it -> the service that then assumes it.
SLOTS = {
    (TASK, "TaskRoleArn"): "ecs-tasks",
    (TASK, "ExecutionRoleArn"): "ecs-tasks",
    (JOB, "JobRoleArn"): "ecs-tasks",
    (JOB, "ExecutionRoleArn"): "ecs-tasks",
    ("AWS::IAM::InstanceProfile", "Roles"): "ec2",
    ("AWS::Batch::ComputeEnvironment", "ServiceRole"): "batch",
    (DATABASE, "MonitoringRoleArn"): "monitoring.rds",
    **{(kind, "Role"): "lambda" for kind in FUNCTIONS},
}
NEEDED = {(TASK, "TaskRoleArn"), (TASK, "ExecutionRoleArn"), (JOB, "ExecutionRoleArn")}
POLICIES = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")
MANAGED = {  # AWS's managed policies, by the service that acts by them
    "batch": "service-role/AWSBatchServiceRole",
    "ec2": "service-role/AmazonEC2ContainerServiceforEC2Role",
    "ecs-tasks": "service-role/AmazonECSTaskExecutionRolePolicy",
    "monitoring.rds": "service-role/AmazonRDSEnhancedMonitoringRole",
}


def roles(tree: Tree) -> list[Resource]:
    """The roles of a tree."""
    return of(tree, "AWS::IAM::Role")


def statements(tree: Tree, role: Resource) -> Iterator[tuple[str, Body]]:
    """What a role may do: the path of what says it, and a statement of it."""
    attached = [p for p in of(tree, *POLICIES) if role.path in named(p.properties.get("Roles"))]
    for path, given in [(role.path, role.properties.get("Policies")), *((p.path, p.properties) for p in attached)]:
        yield from ((path, node) for node in walk(given) if isinstance(node, dict) and "Effect" in node)


def actors(tree: Tree, role: Resource) -> list[tuple[Resource, str]]:
    """Who acts by a role: the resource, and the property that says so."""
    uses = [(tree.resources[use.path], use.place[-1]) for use in tree.users.get(role.path, []) if use.place]
    return [(one, place) for one, place in uses if (one.type, place) in SLOTS]


def job_roles(tree: Tree) -> set[str]:
    """The roles that jobs act by: an output names them, for whoever registers a job definition."""
    return named(tree.outputs.get("JobsRoleNames"))


def each_role_is_assumed_by_one_service(tree: Tree) -> Iterator[str]:
    for role in roles(tree):
        trust = items(at(role.properties, "AssumeRolePolicyDocument", "Statement"))
        principals = [at(one, "Principal") for one in trust]
        services = items(at(principals[0], "Service")) if len(principals) == 1 else []
        if len(services) != 1 or principals[0].keys() != {"Service"} or "*" in said(services):
            yield f"{role.path} is assumed by {said(principals)}, not by one service"
        if [one.get("Effect") for one in trust] != ["Allow"] or items(trust[0].get("Action")) != ["sts:AssumeRole"]:
            yield f"{role.path} is not assumed by sts:AssumeRole alone"
        if role.path in job_roles(tree) and not {"ec2.amazonaws.com", "ecs-tasks.amazonaws.com"} & set(
            map(said, services)
        ):
            yield f"{role.path} is a role of jobs, and is assumed by {said(services)}"
        for one, place in actors(tree, role):
            service = SLOTS[one.type, place]
            if services != [f"{service}.amazonaws.com"]:
                yield f"{role.path} is given to {one.path} as {place}, and {service} may not assume it"


def each_role_is_used_by_one_thing(tree: Tree) -> Iterator[str]:
    """The task role is not the execution role; nobody else's role starts or runs a job."""
    for role in roles(tree):
        kinds = {(one.type, place) for one, place in actors(tree, role)}
        if len(kinds) > 1:
            yield f"{role.path} is used as {', '.join(sorted(' '.join(kind) for kind in kinds))}"
        if not kinds and role.path not in job_roles(tree) and not starts_jobs(role):
            yield f"{role.path} is used by nothing"
    given = {(one.path, place) for role in roles(tree) for one, place in actors(tree, role)}
    for one in tree.resources.values():
        for kind, place in SLOTS:
            there = place in said(one.properties) if kind == one.type else False
            if (
                kind == one.type
                and (there or (kind, place) in NEEDED or place == "Role")
                and (one.path, place) not in given
            ):
                yield f"{one.path} has no role of this template as {place}"


def what_is_like_it_has_the_same_role(tree: Tree) -> Iterator[str]:
    """All environments have the service role, where there is one; all jobs the jobs' own (P70)."""
    trusted = {role.path: said(at(role.properties, "AssumeRolePolicyDocument")) for role in roles(tree)}
    ours = {path for path, trust in trusted.items() if "batch.amazonaws.com" in trust}
    own = {path for path in job_roles(tree) if "ecs-tasks.amazonaws.com" in trusted.get(path, "")}
    for one in of(tree, "AWS::Batch::ComputeEnvironment"):
        if ours and not named(one.properties.get("ServiceRole")) & ours:
            yield f"{one.path} has no service role, and others have"
    for one in of(tree, JOB):
        if own and not named(at(one.properties, "ContainerProperties", "JobRoleArn")) & own:
            yield f"{one.path} has not the role that jobs have"


def roles_have_one_path_and_one_boundary(tree: Tree) -> Iterator[str]:
    """What a company says of roles holds for each (it may deny the making of others)."""
    for key, types in (
        ("Path", ("AWS::IAM::Role", "AWS::IAM::InstanceProfile", "AWS::IAM::ManagedPolicy")),
        ("PermissionsBoundary", ("AWS::IAM::Role",)),
    ):
        values = {one.path: said(one.properties.get(key)) for one in of(tree, *types)}
        if len(set(values.values())) > 1:
            yield f"{key} is not the same for all: {values}"


def starts_jobs(role: Resource) -> bool:
    """Whether it is what starts the containers of jobs."""
    return MANAGED["ecs-tasks"] in said(role.properties.get("ManagedPolicyArns"))


def job_secrets(tree: Tree) -> list[Any]:
    """The credentials of the databases that a custom resource sets up."""
    return [
        setup.properties.get(name)
        for setup in customs(tree)
        for name in ("DatabaseUsernameSecret", "DatabasePasswordSecret")
    ]


RULES = (
    each_role_is_assumed_by_one_service,
    each_role_is_used_by_one_thing,
    what_is_like_it_has_the_same_role,
    roles_have_one_path_and_one_boundary,
)
