"""What the templates give to AWS's services, by ARN, read from where those read it: a task's secrets, image and log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from templates_py.review.relations.view import FUNCTIONS, JOB, TASK, containers, of, secrets_of
from tests.least_privilege.deployment import ACCOUNT, HERE, REGION, Deployment


def any_resource(deployment: Deployment) -> list[str]:
    """What takes no resource, or has to be allowed on all."""
    return ["*"]


def _containers(deployment: Deployment, kind: str) -> Iterator[Any]:
    for one in of(deployment.tree, kind):
        yield from containers(one)


def images(deployment: Deployment) -> set[str]:
    """The repositories that tasks pull from."""
    given = [deployment.value(one["Image"]) for one in _containers(deployment, TASK)]
    here = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/"
    return {f"arn:aws:ecr:{HERE}:repository/{image.removeprefix(here).partition(':')[0]}" for image in given}


def injected(deployment: Deployment) -> set[str]:
    """The secrets that tasks find in their environment."""
    return {deployment.value(arn) for one in _containers(deployment, TASK) for arn in secrets_of(one).values()}


def parameters(deployment: Deployment) -> set[str]:
    """The parameters that jobs find in their environment."""
    given = {deployment.value(name) for one in _containers(deployment, JOB) for name in secrets_of(one).values()}
    return {f"arn:aws:ssm:{HERE}:parameter{name}" for name in given}


def task_group(deployment: Deployment) -> set[str]:
    options = [one["LogConfiguration"]["Options"] for one in _containers(deployment, TASK)]
    return {_group(deployment, one["awslogs-group"]) for one in options}


def task_streams(deployment: Deployment) -> set[str]:
    return {group.removesuffix("*") + "log-stream:server/mlflow/1" for group in task_group(deployment)}


def function_group(deployment: Deployment) -> set[str]:
    made = of(deployment.tree, *FUNCTIONS)
    return {_group(deployment, one.properties["LoggingConfig"]["LogGroup"]) for one in made}


def function_streams(deployment: Deployment) -> set[str]:
    return {group.removesuffix("*") + "log-stream:2026/01/01/[$LATEST]1" for group in function_group(deployment)}


def interfaces(deployment: Deployment) -> list[str]:
    """What Lambda makes for a function, and what in; in a shared VPC that is its owner's."""
    return [f"arn:aws:ec2:{HERE}:network-interface/eni-1", f"arn:aws:ec2:{REGION}:210987654321:subnet/subnet-1"]


def _group(deployment: Deployment, name: Any) -> str:
    return f"arn:aws:logs:{HERE}:log-group:{deployment.value(name)}:*"
