"""What roles reach: all that their actors are told of, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from templates_py.review.relations.identity import (
    actors,
    job_roles,
    job_secrets,
    roles,
    starts_jobs,
    statements,
)
from templates_py.review.relations.keys import about_a_key
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
            for resource in [] if about_a_key(statement) else items(statement.get("Resource")):
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
    """Their database's secrets, by the role that they act by (P70); artifacts, which go without the server between."""
    yield from (("secretsmanager:GetSecretValue", secret) for secret in job_secrets(tree))
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


RULES = (
    roles_reach_what_their_actors_are_told_of,
    actors_may_reach_what_they_are_told_of,
)
