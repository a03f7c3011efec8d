from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import boto3
import pytest

from commands.stack import Stack

NAMES = (f"hydra-{number}" for number in count())
BUCKET = "templates"

Body = dict[str, Any]
Make = Callable[..., Stack]


@pytest.fixture
def session(aws: str, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """A session whose clients, and those of programs that a test starts, speak to the emulator."""
    for name, value in {
        "AWS_ENDPOINT_URL": aws,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "SAM_CLI_TELEMETRY": "0",
    }.items():
        monkeypatch.setenv(name, value)
    return boto3.Session()


def nested(url: str) -> Body:
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}


@pytest.fixture
def make(session: boto3.Session) -> Make:
    """Deploy a stack with the shape of ours: `make()` as the root, `make(root=False)` the MLflow system alone."""
    s3, cloudformation = session.client("s3"), session.client("cloudformation")
    s3.create_bucket(Bucket=BUCKET)

    def url(name: str, body: Body) -> str:
        s3.put_object(Bucket=BUCKET, Key=name, Body=json.dumps(body).encode())
        return f"https://s3.amazonaws.com/{BUCKET}/{name}"

    def made(root: bool = True, tag: str = "", **without: str) -> Stack:
        name = next(NAMES)
        repository = {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": f"{name}/mlflow"}}
        body: Body = {
            "Resources": {"Repository": repository},
            "Outputs": {"ContainerRepositoryUrl": {"Value": {"Fn::GetAtt": ["Repository", "RepositoryUri"]}}},
        }
        body = {
            "Resources": {"ContainerRepository": nested(url(f"{name}/repository.json", body))},
            "Outputs": {"TrackingUri": {"Value": "http://mlflow"}},
        }
        if root:
            body = {"Resources": {"Mlflow": nested(url(f"{name}/mlflow.json", body))}}
        body["Parameters"] = {"ImageTag": {"Type": "String", "Default": ""}}
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=json.dumps(body),
            Parameters=[{"ParameterKey": "ImageTag", "ParameterValue": tag}],
        )
        return Stack(session, name)

    return made
