"""What AWS itself calls by our roles: its agents and services do it, no code of ours, so that no run shows it.

Each entry says where AWS writes so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import NamedTuple

from tests.least_privilege import given
from tests.least_privilege.deployment import REGION, Deployment
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


LAMBDA_LOGS = ("Sending Lambda function logs to CloudWatch Logs", "lambda/latest/dg/monitoring-cloudwatchlogs.html")
LAMBDA_VPC = (
    "AWSLambdaVPCAccessExecutionRole, the minimum permissions for a function in a VPC",
    "aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html",
)
ECS_ROLE = ("Amazon ECS task execution IAM role", "AmazonECS/latest/developerguide/task_execution_IAM_role.html")
BY_AWS = (
    Entry(
        "function",
        "Lambda, to write the function's log",
        ("logs:CreateLogStream",),
        given.function_group,
        *LAMBDA_LOGS,
    ),
    Entry(
        "function",
        "Lambda, to write the function's log",
        ("logs:PutLogEvents",),
        given.function_streams,
        *LAMBDA_LOGS,
    ),
    Entry(
        "function",
        "Lambda, to put the function into the VPC",
        (
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ),
        given.interfaces,
        *LAMBDA_VPC,
    ),
    Entry(
        "function",
        "Lambda, to find the function's place in the VPC: they take no resource",
        ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"),
        given.any_resource,
        *LAMBDA_VPC,
    ),
    Entry(
        "execution",
        "ECS, to pull the image: the token is the registry's, not a repository's",
        ("ecr:GetAuthorizationToken",),
        given.any_resource,
        *ECS_ROLE,
    ),
    Entry(
        "execution",
        "ECS, to pull the image",
        ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"),
        given.images,
        *ECS_ROLE,
    ),
    Entry("execution", "ECS, to write the tasks' log", ("logs:CreateLogStream",), given.task_group, *ECS_ROLE),
    Entry("execution", "ECS, to write the tasks' log", ("logs:PutLogEvents",), given.task_streams, *ECS_ROLE),
    Entry(
        "execution",
        "ECS, to put the secrets into the containers' environment",
        ("secretsmanager:GetSecretValue",),
        given.injected,
        "Pass Secrets Manager secrets through Amazon ECS environment variables",
        "AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html",
    ),
    Entry(
        "job execution",
        "ECS, to put the tracking URI into the jobs' environment",
        ("ssm:GetParameters",),
        given.parameters,
        "Specify sensitive data with Systems Manager Parameter Store",
        "batch/latest/userguide/specifying-sensitive-data-parameters.html",
    ),
)


class KeyUse(NamedTuple):
    """What a service asks KMS for in the name of who asks it, where a key of one's own encrypts what it keeps."""

    asked: str
    action: str
    title: str
    page: str

    @property
    def via(self) -> str:
        return f"{self.asked.partition(':')[0]}.{REGION}.amazonaws.com"


OF_SECRETS = (
    "Secret encryption and decryption in AWS Secrets Manager",
    "secretsmanager/latest/userguide/security-encryption.html",
)
OF_OBJECTS = (
    "Using server-side encryption with AWS KMS keys",
    "AmazonS3/latest/userguide/UsingKMSEncryption.html",
)
BY_KEY = (
    KeyUse("secretsmanager:GetSecretValue", "kms:Decrypt", *OF_SECRETS),
    KeyUse("s3:GetObject", "kms:Decrypt", *OF_OBJECTS),
    KeyUse("s3:GetObjectVersion", "kms:Decrypt", *OF_OBJECTS),
    KeyUse("s3:PutObject", "kms:GenerateDataKey", *OF_OBJECTS),
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


def calls_by_aws(deployment: Deployment, role: str, by_us: set[Call]) -> set[Call]:
    """All that AWS calls by a role of this deployment, of which some comes of what code of ours asks."""
    called = {call for entry in BY_AWS if entry.role == role for call in entry.calls(deployment)}
    if not deployment.key:
        return called
    asked = {call.action for call in by_us | called}
    return called | {
        Call(use.action, deployment.key, (("kms:ViaService", use.via),)) for use in BY_KEY if use.asked in asked
    }
