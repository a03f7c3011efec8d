"""What roles may do: all that their actors need, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from templates_py.review.relations.identity import (
    MANAGED,
    actors,
    job_roles,
    job_secrets,
    roles,
    starts_jobs,
    statements,
)
from templates_py.review.relations.view import (
    BUCKET,
    FUNCTIONS,
    JOB,
    SECRET,
    TASK,
    at,
    containers,
    customs,
    environment,
    items,
    named,
    of,
    said,
    secrets_of,
    walk,
    words,
)
from templates_py.review.scope import Resource
from templates_py.review.tree import Tree

# What takes no resource, or is asked about what does not exist yet. Source: the service authorization reference.
WILDCARDS = {
    "ecr:GetAuthorizationToken": "takes no resource",
    "ec2:CreateNetworkInterface": "Lambda makes it for the function, and only then has it an ARN",
    "ec2:DescribeNetworkInterfaces": "takes no resource",
    "ec2:DescribeSubnets": "takes no resource",
    "ec2:DeleteNetworkInterface": "of what Lambda made, whose ARN no template knows",
    "ec2:AssignPrivateIpAddresses": "of what Lambda made, whose ARN no template knows",
    "ec2:UnassignPrivateIpAddresses": "of what Lambda made, whose ARN no template knows",
}


def no_policy_has_a_wildcard(tree: Tree) -> Iterator[str]:
    """No action, and no resource but where the API takes nothing else."""
    for one in tree.resources.values():
        if not one.type.startswith("AWS::IAM::") and one.type != "AWS::S3::BucketPolicy":
            continue
        for node in walk(one.properties):
            if at(node, "Statement") and at(node, "Version") != "2012-10-17":
                yield f"{one.path} has a policy in IAM's language of 2008"
            if at(node, "Effect") != "Allow":
                continue
            for action in items(node.get("Action")):
                if "*" in said(action):
                    yield f"{one.path} allows {action}"
                if "*" in items(node.get("Resource")) and action not in WILDCARDS:
                    yield f"{one.path} allows {action} on everything"
            if "NotAction" in node or "NotResource" in node or ("Resource" not in node and "Principal" not in node):
                yield f"{one.path} allows without saying what"


def managed_policies_are_those_that_are_needed(tree: Tree) -> Iterator[str]:
    for role in roles(tree):
        service = (
            said(at(role.properties, "AssumeRolePolicyDocument")).partition(".amazonaws.com")[0].rpartition('"')[2]
        )
        given = items(role.properties.get("ManagedPolicyArns"))
        known = MANAGED.get(service)
        for arn in given:
            if not known or not said(arn).rstrip('"]}').endswith(f":iam::aws:policy/{known}"):
                yield f"{role.path} has the managed policy {said(arn)}"
        of_jobs = any((one.type, place) == (JOB, "ExecutionRoleArn") for one, place in actors(tree, role))
        if (service in ("batch", "ec2") or of_jobs) and not given:
            yield f"{role.path} lacks {known}"


def told(tree: Tree, role: Resource) -> list[Any]:
    """What those who act by a role are told of: in their own properties, and for jobs by outputs."""
    given: list[Any] = []
    for one, place in actors(tree, role):
        setups = [setup.properties for setup in customs(tree) if one.path in tree.uses[setup.path]]
        starts = [[box.get(key) for key in ("Image", "Secrets", "LogConfiguration")] for box in containers(one)]
        runs = [environment(box) for box in containers(one)]
        ours: dict[str, list[Any]] = {"Role": [one.properties, setups], "ExecutionRoleArn": starts, "TaskRoleArn": runs}
        given += ours.get(place, [])
    if role.path in job_roles(tree) or any(place == "JobRoleArn" for _, place in actors(tree, role)):
        given += [
            job_secrets(tree),
            [environment(box).get("ARTIFACT_ROOT") for t in of(tree, TASK) for box in containers(t)],
        ]
    if starts_jobs(role):
        given += [one.properties.get("Name") for one in of(tree, "AWS::SSM::Parameter")]
        given += [secrets_of(box) for job in of(tree, JOB) for box in containers(job)]
    return given


def roles_reach_what_their_actors_are_told_of(tree: Tree) -> Iterator[str]:
    """No secret, bucket, log group, repository or parameter of somebody else's."""
    for role in roles(tree):
        known = told(tree, role)
        texts = words(known)
        for path, statement in statements(tree, role):
            for resource in items(statement.get("Resource")):
                meant = named(resource) & tree.resources.keys()
                strange = meant - named(known)
                if strange:
                    yield f"{path} lets {role.path} reach {', '.join(sorted(strange))}, of which it is told nothing"
                elif resource != "*" and not meant and not texts & words(resource):
                    yield f"{path} lets {role.path} reach {said(resource)}, of which it is told nothing"


def actors_may_reach_what_they_are_told_of(tree: Tree) -> Iterator[str]:
    """The function its script and its log, a task its artifacts; who starts it, its secrets, its image and its log."""
    for role in roles(tree):
        may: dict[str, set[str]] = {}
        for path, statement in statements(tree, role):
            for action in items(statement.get("Action")):
                texts = {said(node) for node in walk(statement.get("Resource"))} | named(statement.get("Resource"))
                may.setdefault(said(action), set()).update(texts)
                if statement.get("Effect") != "Allow":
                    yield f"{path} denies {role.path} {action}"
        for action, what in _job_needs(tree) if role.path in job_roles(tree) else []:
            if not named(what) & tree.resources.keys() <= may.get(action, set()):
                yield f"jobs need {action} on {said(what)}, which {role.path} does not allow"
        for one, place in actors(tree, role):
            for action, what in _needs(tree, one, place):
                wanted = (named(what) & tree.resources.keys()) or {said(what)}
                if not wanted <= may.get(action, set()):
                    yield f"{one.path} needs {action} on {', '.join(sorted(wanted))}, which {role.path} does not allow"


def _job_needs(tree: Tree) -> Iterator[tuple[str, Any]]:
    """Where artifacts go without the server between."""
    for box in [box for task in of(tree, TASK) for box in containers(task)]:
        if environment(box).get("ARTIFACTS") == "direct":
            for action in ("s3:ListBucket", "s3:GetObject", "s3:PutObject"):
                yield action, environment(box).get("ARTIFACT_ROOT")


def _needs(tree: Tree, one: Resource, place: str) -> Iterator[tuple[str, Any]]:
    if one.type in FUNCTIONS:
        yield "logs:PutLogEvents", at(one.properties, "LoggingConfig", "LogGroup")
        for setup in [setup for setup in customs(tree) if one.path in tree.uses[setup.path]]:
            for name in ("DatabaseUsernameSecret", "DatabasePasswordSecret"):
                yield "secretsmanager:GetSecretValue", setup.properties.get(name)
            yield "s3:GetObject", setup.properties.get("TableSetupScriptBucketName")
            yield "s3:PutObject", setup.properties.get("TableSetupScriptBucketName")
    for box in containers(one) if one.type in (TASK, JOB) else []:
        if place == "TaskRoleArn":
            root = environment(box).get("ARTIFACT_ROOT")
            buckets = [path for path in named(root) if path in tree.resources and tree.resources[path].type == BUCKET]
            yield from (("s3:PutObject", {"Ref": path}) for path in buckets)
        if place == "ExecutionRoleArn":
            for arn in secrets_of(box).values():
                named_secret = named(arn) & {secret.path for secret in of(tree, SECRET)}
                yield "secretsmanager:GetSecretValue" if named_secret or one.type == TASK else "ssm:GetParameters", arn
            if one.type == TASK:
                yield from (
                    ("ecr:BatchGetImage", {"Ref": path}) for path in named(box.get("Image")) & tree.resources.keys()
                )
                yield "logs:PutLogEvents", at(box, "LogConfiguration", "Options", "awslogs-group")


def _store(root: Any) -> tuple[str, ...]:
    """The bucket and the folder of an artifact root, s3://bucket/folder."""
    parts = root.split("/")[2:] if isinstance(root, str) else items(at(root, "Fn::Join"))[-1:]
    return tuple(said(part) for part in (parts if isinstance(root, str) else parts[0][1:] if parts else []))


def clients_stay_in_their_folder(tree: Tree) -> Iterator[str]:
    """Jobs, and whoever else has the clients' policy, reach the models' folder of the tasks' bucket, nothing beside."""
    stores = [_store(environment(box).get("ARTIFACT_ROOT")) for task in of(tree, TASK) for box in containers(task)]
    jobs = job_roles(tree)
    for one in of(tree, "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
        attached = named(one.properties.get("Roles")) & tree.resources.keys()
        if one.type == "AWS::IAM::Policy" and not attached:
            yield f"{one.path} is attached to no role of ours"
        if one.type == "AWS::IAM::Policy" and not attached & jobs:
            continue
        for statement in items(at(one.properties, "PolicyDocument", "Statement")):
            folder = at(statement, "Condition", "StringLike", "s3:prefix")
            objects = "ListBucket" not in said(statement.get("Action"))
            for resource in items(statement.get("Resource")):
                inside = words(resource) if objects else words(resource) | words(folder)
                if not any(set(store) <= inside for store in stores):
                    yield f"{one.path} is about {said(resource)}, which is not the models' folder of the tasks' bucket"
                if not (said(resource) if objects else said(folder)).rstrip('"}])').endswith("/*"):
                    yield f"{one.path} is about more than what is in {said(folder or resource)}"
            if statement.get("Effect") != "Allow":
                yield f"{one.path} denies {said(statement.get('Action'))}"


RULES = (
    no_policy_has_a_wildcard,
    managed_policies_are_those_that_are_needed,
    roles_reach_what_their_actors_are_told_of,
    actors_may_reach_what_they_are_told_of,
    clients_stay_in_their_folder,
)
