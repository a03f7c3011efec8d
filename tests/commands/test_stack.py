"""A deployed stack, by itself or nested by the root, and the first cause of a failure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from commands import CommandError
from commands.events import first_cause, latest
from commands.stack import Stack
from tests.commands.conftest import Make

slow = pytest.mark.slow


@slow
@pytest.mark.parametrize("root", [True, False], ids=["root", "mlflow alone"])
def test_mlflow_and_its_repository_are_found_wherever_they_stand(make: Make, root: bool) -> None:
    stack = make(root=root, tag="one")
    assert stack.status == "CREATE_COMPLETE"
    assert stack.parameters == {"ImageTag": "one"}
    assert stack.mlflow
    assert stack.mlflow.output("TrackingUri") == "http://mlflow"
    assert stack.repository_url.endswith(f"/{stack.name}/mlflow")
    assert [path for path, _ in stack.tree()] == (
        ["Mlflow", "Mlflow/ContainerRepository"] if root else ["ContainerRepository"]
    )
    assert latest(stack)
    with pytest.raises(CommandError, match=f"{stack.name}.* has no output Missing"):
        stack.output("Missing")


@slow
def test_a_stack_that_is_not_there(session: boto3.Session) -> None:
    stack = Stack(session, "nowhere")
    assert stack.description is None
    assert (stack.status, stack.parameters, stack.resources, stack.mlflow, stack.repository_url) == (
        "",
        {},
        {},
        None,
        "",
    )
    assert latest(stack) == ""


class Events:
    """CloudFormation's events as AWS words and orders them: the emulators here word their own."""

    def __init__(self) -> None:
        self.stacks: dict[str, list[dict[str, Any]]] = {}
        self._clock = datetime(2026, 1, 1, tzinfo=UTC)

    def add(self, stack: str, title: str, status: str, reason: str = "", kind: str = "", physical: str = "x") -> None:
        self._clock += timedelta(seconds=1)
        event = {
            "StackId": stack,
            "LogicalResourceId": title,
            "PhysicalResourceId": stack if title == stack else physical,
            "ResourceType": kind or "AWS::CloudFormation::Stack",
            "ResourceStatus": status,
            "Timestamp": self._clock,
            **({"ResourceStatusReason": reason} if reason else {}),
        }
        self.stacks.setdefault(stack, []).insert(0, event)

    def paginate(self, StackName: str) -> list[dict[str, Any]]:  # noqa: N803
        events = self.stacks[StackName]
        return [{"StackEvents": events[:2]}, {"StackEvents": events[2:]}]

    @property
    def stack(self) -> Any:
        client = SimpleNamespace(get_paginator=lambda _: self)
        return SimpleNamespace(name="root", session=SimpleNamespace(client=lambda _: client))


@pytest.fixture
def events() -> Events:
    """An update that fails in a nested stack, after a create that failed for another reason."""
    events = Events()
    events.add("root", "root", "CREATE_IN_PROGRESS")
    events.add("root", "Older", "CREATE_FAILED", "an old story", "AWS::S3::Bucket")
    events.add("root", "root", "UPDATE_IN_PROGRESS", "User Initiated")
    events.add("root", "Mlflow", "UPDATE_IN_PROGRESS", physical="mlflow")
    events.add("mlflow", "mlflow", "UPDATE_IN_PROGRESS")
    events.add("mlflow", "Database", "UPDATE_IN_PROGRESS", physical="database")
    events.add("database", "database", "CREATE_IN_PROGRESS")
    events.add("database", "Instance", "CREATE_FAILED", "no such class:\n db.t2.micro", "AWS::RDS::DBInstance")
    events.add("database", "Group", "CREATE_FAILED", "Resource creation cancelled", "AWS::RDS::DBSubnetGroup")
    events.add("mlflow", "Database", "CREATE_FAILED", "Embedded stack database was not", physical="database")
    events.add("database", "database", "DELETE_IN_PROGRESS")
    events.add("mlflow", "Bucket", "UPDATE_FAILED", "a later one", "AWS::S3::Bucket")
    events.add("mlflow", "mlflow", "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed: [Database]")
    events.add("root", "Mlflow", "UPDATE_FAILED", "Embedded stack mlflow was not", physical="mlflow")
    events.add("root", "root", "UPDATE_ROLLBACK_COMPLETE")
    return events


def test_the_first_cause_is_found_in_the_nested_stack(events: Events) -> None:
    assert first_cause(events.stack) == "Mlflow/Database/Instance (AWS::RDS::DBInstance): no such class: db.t2.micro"


def test_the_cause_of_an_operation_before_is_none_of_this_one(events: Events) -> None:
    events.add("root", "root", "UPDATE_IN_PROGRESS", "User Initiated")
    events.add("root", "root", "UPDATE_COMPLETE")
    assert first_cause(events.stack) == ""


def test_a_nested_stack_that_gives_no_cause_is_one_itself(events: Events) -> None:
    events.add("root", "root", "UPDATE_IN_PROGRESS", "User Initiated")
    events.add("root", "Batch", "CREATE_FAILED", "Template format error")
    events.stacks["x"] = []
    assert first_cause(events.stack) == "Batch (AWS::CloudFormation::Stack): Template format error"


def test_a_rollback_that_is_an_update_of_its_own_below_hides_no_cause(events: Events) -> None:
    events.add("mlflow", "mlflow", "UPDATE_IN_PROGRESS")
    events.add("mlflow", "mlflow", "UPDATE_COMPLETE")
    assert first_cause(events.stack).startswith("Mlflow/Database/Instance ")
