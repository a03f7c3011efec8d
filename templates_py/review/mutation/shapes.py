"""The shapes and deployments that the relations are tried on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from templates_py.review.flat import one_template
from templates_py.review.scope import Body
from templates_py.review.transitions import templates
from templates_py.review.tree import Tree, defaults, flatten
from templates_py.settings import Batch, ComputeEnvironment, JobDefinition, JobQueue, Mlflow, Settings

ML, SPOT = ComputeEnvironment(name="ml"), ComputeEnvironment(name="cheap", resource_type="SPOT", root_volume_size=200)
FARGATE = ComputeEnvironment(name="light", resource_type="FARGATE")
QUEUES = [JobQueue(name="ml-queue", compute_environment=["ml", "cheap"])]
DEFAULT = Settings(batch=Batch(compute_environments=[ML, SPOT], job_queues=QUEUES))
TRAIN = JobDefinition(name="train", image="train:1")
CHECK = JobDefinition(name="check", image="check:1", resource_type="FARGATE", vcpus=0.25, memory=512)
# All that is off by default, and jobs with a role of their own (P70).
OWN_ROLES = Batch(
    service_role="custom",
    jobs_use_instance_role=False,
    deletion_policy="Retain",
    compute_environments=[ML, FARGATE],
    job_queues=QUEUES[:0],
    job_definitions=[TRAIN, CHECK],
)
CERTIFICATE = {
    "CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1",
    "DomainName": "mlflow.example.org",
    "HostedZoneId": "Z123",
    "ImageTag": "1",
}
IMAGE = {"ImageTag": "1"}
KEY = {"KmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1"}


class Shape(NamedTuple):
    """Settings, the root that is deployed, and the parameters of its deployments."""

    settings: Settings
    root: str
    deployments: tuple[dict[str, Any], ...]


SHAPES = {
    "both": Shape(DEFAULT, "template", (IMAGE, CERTIFICATE, CERTIFICATE | KEY)),
    "own roles, oidc": Shape(
        Settings(batch=OWN_ROLES, mlflow=Mlflow(auth="oidc", artifacts="proxied", deletion_policy="Retain")),
        "template",
        (CERTIFICATE, CERTIFICATE | KEY),
    ),
    "fargate, basic": Shape(
        Settings(batch=Batch(compute_environments=[ML, FARGATE]), mlflow=Mlflow(auth="basic", internet_facing=True)),
        "template",
        (CERTIFICATE, CERTIFICATE | KEY),
    ),
    "batch alone": Shape(DEFAULT, "batch/template", ({},)),
    "mlflow alone": Shape(DEFAULT, "mlflow/template", (IMAGE, CERTIFICATE)),
    "artifacts": Shape(DEFAULT, "artifacts/template", ({}, KEY)),
    "endpoints": Shape(DEFAULT, "endpoints/template", ({},)),
    "bare": Shape(Settings(), "template", (IMAGE, CERTIFICATE)),
}


@cache
def flat(name: str) -> Body:
    """The one template of a shape, in a stack named hydra; it is shared: change a copy."""
    shape = SHAPES[name]
    body = one_template(flatten(templates(shape.settings), shape.root))
    return dict(json.loads(json.dumps(body).replace('{"Ref": "AWS::StackName"}', '"hydra"')))


def given(name: str) -> dict[str, Any]:
    """A deployment of a shape with all that can be left out: groups, buckets, secrets, names, monitoring."""
    optional = {key: one for key, one in flat(name)["Parameters"].items() if one.get("Default") == ""}
    left = {key for key in optional if "Snapshot" in key or key.endswith("IamPolicyArn") or key == "AllowDataLoss"}
    monitored = {key: 60 for key in flat(name)["Parameters"] if key.endswith("MonitoringInterval")}
    return {key: f"given-{key}" for key in optional.keys() - left} | monitored | CERTIFICATE


def deployed(body: Body, parameters: dict[str, Any]) -> Tree:
    """A flattened template with its defaults, and other parameters."""
    return flatten({"": body}, "", {**defaults({"": body}, ""), **parameters})


def deployments(name: str) -> Iterator[dict[str, Any]]:
    """The parameters of a shape's deployments."""
    yield from [*SHAPES[name].deployments, given(name)]


def trees(name: str) -> Iterator[Tree]:
    """The trees of a shape, one for each deployment."""
    return (deployed(flat(name), parameters) for parameters in deployments(name))
