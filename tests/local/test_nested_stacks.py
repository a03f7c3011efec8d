"""Nested stacks, seen from above: there while they are made, and each failure by its own cause."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.local.checkout import PATIENCE, Checkout, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ecs")]

HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
WAIT = {
    "Type": "AWS::CloudFormation::WaitCondition",
    "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": str(PATIENCE)},
}
NAME = "above"


class Nested:
    """A stack that nests another, which waits to be told to go on."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout, self.client = checkout, checkout.client("cloudformation")
        checkout.client("s3").create_bucket(
            Bucket="templates", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )

    def resources(self, key: str, **more: Any) -> dict[str, Any]:
        """Return what the stack above has, when the one below has more than what it waits for."""
        body = json.dumps({"Resources": {"Handle": HANDLE, "Wait": WAIT, **more}})
        self.checkout.client("s3").put_object(Bucket="templates", Key=key, Body=body.encode())
        url = f"https://s3.eu-west-1.amazonaws.com/templates/{key}"
        return {"Below": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}

    def row(self) -> dict[str, Any]:
        """Return what is listed of the one below; nothing where it is not."""
        rows = self.client.list_stack_resources(StackName=NAME)["StackResourceSummaries"]
        return dict(next(iter(rows), {}))

    def go_on(self) -> None:
        below = self.row()["PhysicalResourceId"]

        def url() -> str:
            rows = self.client.list_stack_resources(StackName=below)["StackResourceSummaries"]
            return next((row["PhysicalResourceId"] for row in rows if row["LogicalResourceId"] == "Handle"), "")

        signal = {"Status": "SUCCESS", "UniqueId": "1", "Data": "", "Reason": "told"}
        requests.put(until(url, "the handle"), data=json.dumps(signal)).raise_for_status()

    def failure(self) -> dict[str, Any]:
        """Return the newest event that says that the one below failed."""
        events = self.client.describe_stack_events(StackName=NAME)["StackEvents"]
        return next(e for e in events if e["LogicalResourceId"] == "Below" and e["ResourceStatus"].endswith("_FAILED"))


@pytest.fixture
def nested() -> Iterator[Nested]:
    with Checkout() as checkout:
        yield Nested(checkout)


def unscalable(service: str) -> dict[str, Any]:
    target = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
    bounds = {"ResourceId": f"service/none/{service}", "MinCapacity": 1, "MaxCapacity": 1}
    return {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {**target, **bounds}}


def test_one_is_listed_while_it_is_made_and_each_failure_has_its_own_cause(nested: Nested) -> None:
    body = json.dumps({"Resources": nested.resources("first.json")})
    nested.client.create_stack(StackName=NAME, TemplateBody=body)
    until(lambda: nested.row().get("PhysicalResourceId"), "the nested stack")
    assert nested.row()["ResourceStatus"] == "CREATE_IN_PROGRESS"
    nested.go_on()
    assert nested.checkout.settled(NAME)["status"] == "CREATE_COMPLETE"
    below = nested.row()
    for service in ("one", "two"):
        wanted = nested.resources(f"{service}.json", Scaling=unscalable(service))
        assert nested.checkout.stack(NAME, wanted)["status"] == "UPDATE_ROLLBACK_COMPLETE"
        assert f"ECS service doesn't exist: service/none/{service}" in nested.failure()["ResourceStatusReason"]
        assert nested.failure()["PhysicalResourceId"] == below["PhysicalResourceId"]
    assert nested.row()["PhysicalResourceId"] == below["PhysicalResourceId"]
    assert nested.row()["ResourceStatus"] == "UPDATE_COMPLETE"
