"""What policies may say: no wildcard, no managed policy beyond need, and clients in their folder alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from templates_py.review.relations.identity import (
    MANAGED,
    actors,
    job_roles,
    roles,
    statements,
)
from templates_py.review.relations.keys import about_a_key
from templates_py.review.relations.view import (
    JOB,
    TASK,
    at,
    containers,
    customs,
    environment,
    items,
    named,
    of,
    said,
    walk,
    words,
)
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
            if about_a_key(statement):
                continue
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


def the_scripts_versions_are_listed_alone(tree: Tree) -> Iterator[str]:
    """Who lists versions lists those of the script that is set up: the bucket may be anybody's."""
    keys = [setup.properties.get("TableSetupScriptBucketKey") for setup in customs(tree)]
    for role in roles(tree):
        for path, statement in statements(tree, role):
            listed = at(statement, "Condition", "StringEquals", "s3:prefix")
            if "s3:ListBucketVersions" in items(statement.get("Action")) and listed not in keys:
                yield f"{path} lets {role.path} list versions of more than the script, {said(listed)}"


RULES = (
    no_policy_has_a_wildcard,
    managed_policies_are_those_that_are_needed,
    clients_stay_in_their_folder,
    the_scripts_versions_are_listed_alone,
)
