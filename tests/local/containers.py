"""Stacks of ECS for the tests, with a program of theirs for an image."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.balancer import haproxy
from local.debian import LOCAL
from tests.local.checkout import Checkout, until

Resources = dict[str, Any]
PROGRAM = Path(__file__).with_name("program.py")
IMAGE = "mlflow:known"


@contextmanager
def emulator(**environment: str) -> Iterator[Checkout]:
    """Run an emulator that knows one image."""
    haproxy()  # fetched for all checkouts, where it must be
    checkout = Checkout(CONTAINER_IMAGES="images.json", **environment)
    known = {"entrypoint": [sys.executable, str(PROGRAM)], "environment": {"OF_THE_IMAGE": "yes"}}
    (checkout.folder / "images.json").write_text(json.dumps({f"*/{IMAGE}": known}))
    (checkout.folder / ".local").mkdir()
    if (LOCAL / "haproxy").exists():
        (checkout.folder / ".local/haproxy").symlink_to(LOCAL / "haproxy")
    with checkout:
        yield checkout


def container(name: str, *command: str, environment: dict[str, str] | None = None, **more: Any) -> Resources:
    options = {"awslogs-group": {"Ref": "Logs"}, "awslogs-region": {"Ref": "AWS::Region"}}
    return {
        "Name": name,
        "Image": f"registry.example/{IMAGE}",
        "Command": list(command),
        "Environment": [{"Name": key, "Value": value} for key, value in (environment or {}).items()],
        "Secrets": [{"Name": "SECRET", "ValueFrom": {"Ref": "Secret"}}],
        "LogConfiguration": {"LogDriver": "awslogs", "Options": options | {"awslogs-stream-prefix": "it"}},
        **more,
    }


def definition(*containers: Resources) -> Resources:
    """A task definition, and what it refers to."""
    properties = {
        "Family": "task",
        "RequiresCompatibilities": ["FARGATE"],
        "NetworkMode": "awsvpc",
        "Cpu": "256",
        "Memory": "512",
        "ContainerDefinitions": list(containers),
    }
    return {
        "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "sesame"}},
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "tasks"}},
        "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "cluster"}},
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": properties},
    }


def log(checkout: Checkout, task: str, name: str) -> list[str]:
    """What a task's container has said so far."""
    logs = checkout.client("logs")
    stream = f"it/{name}/{task.rpartition('/')[2]}"
    found = logs.describe_log_streams(logGroupName="tasks", logStreamNamePrefix=stream)["logStreams"]
    events = logs.get_log_events(logGroupName="tasks", logStreamName=stream)["events"] if found else []
    return [event["message"] for event in events]


def described(checkout: Checkout, task: str) -> Resources:
    (found,) = checkout.client("ecs").describe_tasks(cluster="cluster", tasks=[task])["tasks"]
    return dict(found)


def stopped(checkout: Checkout, task: str) -> Resources:
    """The task once it has stopped."""

    def state() -> Resources | None:
        found = described(checkout, task)
        return found if found["lastStatus"] == "STOPPED" else None

    found = until(state, f"the end of {task}")
    assert found is not None
    return found
