"""Who acts by which role, and what that may do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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
    **{(kind, "Role"): "lambda" for kind in FUNCTIONS},
}
JOB_SERVICES = ('["ec2.amazonaws.com"]', '["ecs-tasks.amazonaws.com"]')
NEEDED = {(TASK, "TaskRoleArn"), (TASK, "ExecutionRoleArn"), (JOB, "ExecutionRoleArn")}
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
MANAGED = {  # AWS's managed policies, by the service that acts by them
    "batch": "service-role/AWSBatchServiceRole",
    "ec2": "service-role/AmazonEC2ContainerServiceforEC2Role",
    "ecs-tasks": "service-role/AmazonECSTaskExecutionRolePolicy",
}


def roles(tree: Tree) -> list[Resource]:
    """The roles of a tree."""
    return of(tree, "AWS::IAM::Role")


def statements(tree: Tree, role: Resource) -> Iterator[tuple[str, Body]]:
    """What a role may do: the path of what says it, and a statement of it."""
    further = [p for p in of(tree, "AWS::IAM::Policy") if role.path in named(p.properties.get("Roles"))]
    for path, given in [(role.path, role.properties.get("Policies")), *((p.path, p.properties) for p in further)]:
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
        if not kinds and role.path not in job_roles(tree) and not _starts_jobs(role):
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


def _starts_jobs(role: Resource) -> bool:
    return MANAGED["ecs-tasks"] in said(role.properties.get("ManagedPolicyArns"))


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
        starts_jobs = any((one.type, place) == (JOB, "ExecutionRoleArn") for one, place in actors(tree, role))
        if (service in ("batch", "ec2") or starts_jobs) and not given:
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
    if _starts_jobs(role):
        given += [one.properties.get("Name") for one in of(tree, "AWS::SSM::Parameter")]
        given += [secrets_of(box) for job in of(tree, JOB) for box in containers(job)]
    return given


def job_secrets(tree: Tree) -> list[Any]:
    """The credentials of the databases that a custom resource sets up."""
    return [
        setup.properties.get(name)
        for setup in customs(tree)
        for name in ("DatabaseUsernameSecret", "DatabasePasswordSecret")
    ]


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
    each_role_is_assumed_by_one_service,
    each_role_is_used_by_one_thing,
    what_is_like_it_has_the_same_role,
    roles_have_one_path_and_one_boundary,
    no_policy_has_a_wildcard,
    managed_policies_are_those_that_are_needed,
    roles_reach_what_their_actors_are_told_of,
    actors_may_reach_what_they_are_told_of,
    clients_stay_in_their_folder,
)
