"""What AWS itself calls by our roles: its agents and services do it, no code of ours, so that no run shows it.

Each entry says where AWS writes so. The resources are what the templates give to that service, read from where it
reads them: a task definition's secrets, image and log options, a function's log group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any, NamedTuple

from templates_py.review.relations.view import FUNCTIONS, JOB, TASK, containers, of, secrets_of
from tests.least_privilege.deployment import ACCOUNT, HERE, REGION, Deployment
from tests.least_privilege.grants import Call

DOCS = "https://docs.aws.amazon.com/"


class Entry(NamedTuple):
    """Actions that a service calls by a role, on what, and the page of AWS's documentation that says so."""

    role: str
    who: str
    actions: tuple[str, ...]
    resources: Callable[[Deployment], Iterable[str]]
    title: str
    page: str

    def calls(self, deployment: Deployment) -> set[Call]:
        return {Call(action, one) for action, one in product(self.actions, self.resources(deployment))}


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


def _group(deployment: Deployment, name: Any) -> str:
    return f"arn:aws:logs:{HERE}:log-group:{deployment.value(name)}:*"


LAMBDA_LOGS = ("Sending Lambda function logs to CloudWatch Logs", "lambda/latest/dg/monitoring-cloudwatchlogs.html")
ECS_ROLE = ("Amazon ECS task execution IAM role", "AmazonECS/latest/developerguide/task_execution_IAM_role.html")
BY_AWS = (
    Entry(
        "function",
        "Lambda, to write the function's log",
        ("logs:CreateLogStream",),
        function_group,
        *LAMBDA_LOGS,
    ),
    Entry(
        "function",
        "Lambda, to write the function's log",
        ("logs:PutLogEvents",),
        function_streams,
        *LAMBDA_LOGS,
    ),
    Entry(
        "function",
        "Lambda, to put the function into the VPC",
        (
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ),
        any_resource,
        "AWSLambdaVPCAccessExecutionRole, the minimum permissions for a function in a VPC",
        "aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html",
    ),
    Entry(
        "execution",
        "ECS, to pull the image: the token is the registry's, not a repository's",
        ("ecr:GetAuthorizationToken",),
        any_resource,
        *ECS_ROLE,
    ),
    Entry(
        "execution",
        "ECS, to pull the image",
        ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"),
        images,
        *ECS_ROLE,
    ),
    Entry("execution", "ECS, to write the tasks' log", ("logs:CreateLogStream",), task_group, *ECS_ROLE),
    Entry("execution", "ECS, to write the tasks' log", ("logs:PutLogEvents",), task_streams, *ECS_ROLE),
    Entry(
        "execution",
        "ECS, to put the secrets into the containers' environment",
        ("secretsmanager:GetSecretValue",),
        injected,
        "Pass Secrets Manager secrets through Amazon ECS environment variables",
        "AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html",
    ),
    Entry(
        "job execution",
        "ECS, to put the tracking URI into the jobs' environment",
        ("ssm:GetParameters",),
        parameters,
        "Specify sensitive data with Systems Manager Parameter Store",
        "batch/latest/userguide/specifying-sensitive-data-parameters.html",
    ),
)


class Managed(NamedTuple):
    """One of AWS's own policies, whose statements are AWS's: a role that has it, and the page that asks for it."""

    role: str
    policy: str
    title: str
    page: str


INSTANCE = (
    "service-role/AmazonEC2ContainerServiceforEC2Role",
    "Amazon ECS instance role",
    "batch/latest/userguide/instance_IAM_role.html",
)
MANAGED = (
    Managed("jobs", *INSTANCE),  # those of an instance
    Managed("instance", *INSTANCE),
    Managed(
        "service",
        "service-role/AWSBatchServiceRole",
        "AWSBatchServiceRole, for a service role of one's own",
        "aws-managed-policy/latest/reference/AWSBatchServiceRole.html",
    ),
    Managed(
        "job execution",
        "service-role/AmazonECSTaskExecutionRolePolicy",
        "AWS Batch IAM execution role",
        "batch/latest/userguide/execution-IAM-role.html",
    ),
)


def calls_by_aws(deployment: Deployment, role: str) -> set[Call]:
    """All that AWS calls by a role of this deployment."""
    return {call for entry in BY_AWS if entry.role == role for call in entry.calls(deployment)}
