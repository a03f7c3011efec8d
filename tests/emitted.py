"""The emitted templates, as the tests look at them: JSON, never troposphere's objects (P76)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from templates_py.emission import emit
from templates_py.settings import (
    Batch,
    ComputeEnvironment,
    JobDefinition,
    JobQueue,
    Mlflow,
    SchedulingPolicy,
    Settings,
    Share,
    TimeLimit,
)
from templates_py.synthesis import stacks

Body = dict[str, Any]

ML = ComputeEnvironment(name="ml")
GPU = ComputeEnvironment(name="gpu", instance_type=["g5"], max_vcpus=64)
QUEUES = [
    JobQueue(name="hydra-ml-queue", compute_environment="ml"),
    JobQueue(name="hydra-gpu-queue", compute_environment="gpu"),
]
DEFAULT = Settings(batch=Batch(compute_environments=[ML, GPU], job_queues=QUEUES))
# Everything that is off by default, on.
WHOLE = Settings(
    batch=Batch(
        service_role="custom",
        jobs_use_instance_role=False,
        deletion_policy="Retain",
        compute_environments=[
            ML,
            ComputeEnvironment(name="cheap", resource_type="SPOT", bid_percentage=60, root_volume_size=200),
            ComputeEnvironment(name="light", resource_type="FARGATE"),
            ComputeEnvironment(name="lightest", resource_type="FARGATE_SPOT"),
            ComputeEnvironment(name="own", type="UNMANAGED"),
        ],
        scheduling_policies=[SchedulingPolicy(name="fair", shares=[Share(share_identifier="team*")])],
        job_queues=[
            JobQueue(
                name="hydra-ml-queue",
                compute_environment=["ml", "cheap"],
                scheduling_policy="fair",
                job_state_time_limits=[
                    TimeLimit(reason="MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT", max_time_seconds=600)
                ],
            ),
            JobQueue(name="light-queue", compute_environment="light", state="DISABLED"),
        ],
        job_definitions=[
            JobDefinition(name="train", image="train:1", gpus=1, retries=3, timeout=600, environment={"A": "b"}),
            JobDefinition(name="check", image="check:1", resource_type="FARGATE", vcpus=0.25, memory=512),
        ],
    ),
    mlflow=Mlflow(auth="oidc", artifacts="proxied"),
    tags={"team": "research"},
)
# What excludes part of that.
BASIC = msgspec.structs.replace(DEFAULT, mlflow=Mlflow(auth="basic"))


def emitted(settings: Settings = DEFAULT, system: str | None = None) -> dict[str, Body]:
    """Return what `settings` emit: path without its ending -> template."""
    return {
        path.removesuffix(".json"): json.loads(text)
        for path, text in emit(stacks(settings, system), settings.tags).items()
    }


def with_batch(settings: Settings = DEFAULT, **changes: Any) -> Settings:
    """Return the settings with another `[batch]`."""
    return msgspec.structs.replace(settings, batch=msgspec.structs.replace(settings.batch, **changes))


def with_mlflow(settings: Settings = DEFAULT, **changes: Any) -> Settings:
    """Return the settings with another `[mlflow]`."""
    return msgspec.structs.replace(settings, mlflow=msgspec.structs.replace(settings.mlflow, **changes))


def resources(body: Body, kind: str) -> dict[str, Body]:
    """Return the resources of a type, whole: logical ID -> resource."""
    return {title: made for title, made in body["Resources"].items() if made["Type"] == kind}


def only(body: Body, kind: str) -> Body:
    """Return the properties of the one resource of a type."""
    (made,) = resources(body, kind).values()
    return dict(made["Properties"])


def nested(body: Body) -> dict[str, Body]:
    """Return the nested stacks of a template: logical ID -> resource."""
    return resources(body, "AWS::CloudFormation::Stack")


def keyless(node: Any) -> Any:
    """Return a part of a template as it is where no KMS key is given."""
    if isinstance(node, list):
        return [made for item in node if (made := keyless(item)) != {"Ref": "AWS::NoValue"}]
    if not isinstance(node, dict):
        return node
    if node.get("Fn::If", [""])[0] == "KmsKeyArnGiven":
        return keyless(node["Fn::If"][2])
    return {key: made for key, value in node.items() if (made := keyless(value)) != {"Ref": "AWS::NoValue"}}


def walk(node: Any) -> Iterator[Any]:
    """Yield a node of a template and all below it."""
    yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from walk(child)


def gets(node: Any) -> Iterator[tuple[str, str]]:
    """Yield (logical ID, attribute) of each Fn::GetAtt below a node."""
    for below in walk(node):
        if isinstance(below, dict) and "Fn::GetAtt" in below:
            yield tuple(below["Fn::GetAtt"])


def refs(node: Any) -> set[str]:
    """Return what is referred to by Ref, or by name in an Fn::Sub, below a node."""
    found = {below["Ref"] for below in walk(node) if isinstance(below, dict) and isinstance(below.get("Ref"), str)}
    return {name for name in found if not name.startswith("AWS::")}


def statements(body: Body, role: str) -> list[Body]:
    """What the policies of a template let one of its roles do, where no KMS key is given."""
    made = resources(body, "AWS::IAM::ManagedPolicy").values()
    policies = [policy for policy in made if policy.get("Condition") != "KmsKeyArnGiven"]
    roles = [(made["Properties"], made["Properties"].get("Roles", [])) for made in policies]
    of_role = [properties for properties, given in roles if isinstance(given, list) and {"Ref": role} in given]
    return [row for policy in of_role for row in policy["PolicyDocument"]["Statement"]]
