"""`make events`: the first cause, what to do about it, and the way on from the state that the stack is in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from commands.__main__ import main
from commands.events import EVER, cause
from commands.stack import Stack
from commands.way_on import DEAD_ENDS, way_on
from tests.commands.conftest import Make
from tests.commands.test_stack import Events

GONE = "arn:aws:cloudformation:us-east-1:123456789012:stack/hydra-Mlflow-1/2"


@pytest.fixture
def events() -> Events:
    """A create that fails, and its rollback."""
    events = Events()
    events.add("root", "root", "CREATE_IN_PROGRESS")
    events.add("root", "Bucket", "CREATE_FAILED", "hydra already exists", "AWS::S3::Bucket")
    events.add("root", "root", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Bucket]")
    events.add("root", "root", "ROLLBACK_COMPLETE")
    return events


def said(events: Events, **since: Any) -> str:
    return cause(events.stack.session.client("cloudformation"), "root", **since)


def test_a_deletion_that_went_well_hides_no_failure_before_it(events: Events) -> None:
    events.add("root", "root", "DELETE_IN_PROGRESS", "User Initiated")
    events.add("root", "root", "DELETE_COMPLETE")
    assert said(events) == "Bucket (AWS::S3::Bucket): hydra already exists"


def test_a_deletion_that_fails_has_a_cause_of_its_own(events: Events) -> None:
    events.add("root", "root", "DELETE_IN_PROGRESS", "User Initiated")
    events.add("root", "Repository", "DELETE_FAILED", "it still contains images", "AWS::ECR::Repository")
    events.add("root", "root", "DELETE_FAILED", "The following resource(s) failed to delete: [Repository]")
    assert said(events) == "Repository (AWS::ECR::Repository): it still contains images"


def test_what_was_before_a_time_is_another_story(events: Events) -> None:
    assert said(events, since=EVER)
    assert said(events, since=events.stacks["root"][0]["Timestamp"]) == ""


class Stuck(Stack):
    """A stack whose rollback failed, in itself and in one below."""

    def __init__(self) -> None:
        self.name = "hydra"

    def stacks(self, above: str = "") -> Iterator[tuple[str, Any, dict[str, Any]]]:
        below = Stuck()
        below.name = GONE
        failed = {"ResourceStatus": "UPDATE_FAILED"}
        nested = {**failed, "ResourceType": "AWS::CloudFormation::Stack"}
        yield "", self, {"Mlflow": nested, "Topic": {**failed, "ResourceType": "AWS::SNS::Topic"}}
        service = {**failed, "ResourceType": "AWS::ECS::Service"}
        yield "Mlflow/", below, {"Service": service, "Role": {**service, "ResourceStatus": "UPDATE_COMPLETE"}}


def test_a_rollback_that_failed_goes_on_or_leaves_what_it_cannot_mend() -> None:
    way = way_on(Stuck(), "UPDATE_ROLLBACK_FAILED")
    assert "aws cloudformation continue-update-rollback --stack-name hydra)" in way
    assert way.endswith("--resources-to-skip Topic hydra-Mlflow-1.Service")


@pytest.mark.parametrize("status", [*DEAD_ENDS, "UPDATE_ROLLBACK_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_FAILED"])
def test_each_state_that_is_not_good_has_a_way_on(status: str) -> None:
    assert way_on(Stuck(), status)


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"])
def test_a_good_one_has_none(status: str) -> None:
    assert way_on(Stuck(), status) == ""


@pytest.mark.slow
def test_a_stack_that_stands_one_that_is_gone_and_one_that_never_was(
    session: boto3.Session,
    make: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    stack = make(tag="one")
    settings = f'version = 0.1\n[default.deploy.parameters]\nstack_name = "{stack.name}"\n'
    (tmp_path / "samconfig.toml").write_text(settings)
    assert main(["events"]) == 0
    assert capsys.readouterr().out == f"{stack.name} is in CREATE_COMPLETE: nothing failed in its last operation\n"
    session.client("cloudformation").delete_stack(StackName=stack.name)
    assert main(["events"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{stack.name} is in DELETE_COMPLETE: nothing failed in its last operation",
        "The way on: deploy again: it is made anew",
    ]
    (tmp_path / "samconfig.toml").write_text(settings.replace(stack.name, "nowhere"))
    assert main(["events"]) == 1
    assert capsys.readouterr().err == "There is no stack nowhere, and none was deleted in the last 90 days\n"
