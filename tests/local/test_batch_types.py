"""AWS::Batch::* in a stack: seen by Batch's own API as given, changed, replaced and deleted as on AWS."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from tests.local.checkout import Checkout

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("batch-types")]

NUMBERS = count()
ACCOUNT = "arn:aws:batch:eu-west-1:000000000000"


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    with Checkout() as made:
        yield made


@pytest.fixture(scope="module")
def batch(checkout: Checkout) -> Any:
    return checkout.client("batch")


@pytest.fixture
def stack() -> str:
    """The name of a stack of this test's own, which is part of the names in it."""
    return f"s{next(NUMBERS)}"


def environment(*, replace: bool = False, **resources: Any) -> dict[str, Any]:
    given = {
        "Type": "EC2",
        "MaxvCpus": "16",
        "InstanceTypes": ["optimal"],
        "InstanceRole": "profile",
        "Subnets": ["subnet-1"],
        "SecurityGroupIds": ["sg-1"],
        "AllocationStrategy": "BEST_FIT_PROGRESSIVE",
        **resources,
    }
    return {
        "Type": "AWS::Batch::ComputeEnvironment",
        "Properties": {"Type": "MANAGED", "ReplaceComputeEnvironment": replace, "ComputeResources": given},
    }


def queue(stack: str, **properties: Any) -> dict[str, Any]:
    order = [{"Order": 1, "ComputeEnvironment": {"Ref": "Environment"}}]
    given = {"JobQueueName": f"{stack}-queue", "Priority": "1", "ComputeEnvironmentOrder": order, **properties}
    return {"Type": "AWS::Batch::JobQueue", "Properties": given}


def definition(stack: str, *command: str) -> dict[str, Any]:
    container = {"Image": "it", "Command": list(command), "Environment": [{"Name": "A", "Value": "b"}]}
    given = {"JobDefinitionName": f"{stack}-job", "Type": "container", "ContainerProperties": container}
    return {"Type": "AWS::Batch::JobDefinition", "Properties": {**given, "RetryStrategy": {"Attempts": "3"}}}


POLICY = {
    "Type": "AWS::Batch::SchedulingPolicy",
    "Properties": {"FairsharePolicy": {"ShareDistribution": [{"ShareIdentifier": "a", "WeightFactor": "0.5"}]}},
}


def test_all_are_seen_as_given(checkout: Checkout, batch: Any, stack: str) -> None:
    limit = {"Action": "CANCEL", "State": "RUNNABLE", "Reason": "MISCONFIGURATION:X", "MaxTimeSeconds": "600"}
    made = checkout.stack(
        stack,
        {
            "Policy": POLICY,
            "Environment": environment(),
            "Queue": queue(stack, SchedulingPolicyArn={"Ref": "Policy"}, JobStateTimeLimitActions=[limit]),
            "Job": definition(stack, "echo", "hello"),
        },
    )
    assert made["status"] == "CREATE_COMPLETE", made["reasons"]

    (found,) = batch.describe_compute_environments(computeEnvironments=[made["Environment"]])["computeEnvironments"]
    assert found["computeEnvironmentArn"] == made["Environment"]
    assert found["computeResources"] == {
        "type": "EC2",
        "allocationStrategy": "BEST_FIT_PROGRESSIVE",
        "minvCpus": 0,
        "desiredvCpus": 0,
        "maxvCpus": 16,
        "instanceTypes": ["optimal"],
        "instanceRole": "profile",
        "subnets": ["subnet-1"],
        "securityGroupIds": ["sg-1"],
    }
    assert [found[key] for key in ("type", "state", "status")] == ["MANAGED", "ENABLED", "VALID"]
    assert found["serviceRole"].endswith("AWSServiceRoleForBatch")

    (found,) = batch.describe_job_queues(jobQueues=[f"{stack}-queue"])["jobQueues"]
    assert found["jobQueueArn"] == made["Queue"] == f"{ACCOUNT}:job-queue/{stack}-queue"
    assert (found["priority"], found["state"], found["status"]) == (1, "ENABLED", "VALID")
    assert found["computeEnvironmentOrder"] == [{"order": 1, "computeEnvironment": made["Environment"]}]
    assert found["schedulingPolicyArn"] == made["Policy"]
    assert found["jobStateTimeLimitActions"][0]["maxTimeSeconds"] == 600
    assert found["tags"]["aws:cloudformation:stack-name"] == stack

    (found,) = batch.describe_scheduling_policies(arns=[made["Policy"]])["schedulingPolicies"]
    assert found["fairsharePolicy"] == {"shareDistribution": [{"shareIdentifier": "a", "weightFactor": 0.5}]}

    (found,) = batch.describe_job_definitions(jobDefinitionName=f"{stack}-job")["jobDefinitions"]
    assert found["jobDefinitionArn"] == made["Job"] == f"{ACCOUNT}:job-definition/{stack}-job:1"
    assert (found["revision"], found["status"], found["type"]) == (1, "ACTIVE", "container")
    assert found["retryStrategy"] == {"attempts": 3}
    assert found["containerProperties"]["environment"] == [{"name": "A", "value": "b"}]


def test_what_can_be_is_changed_in_place(checkout: Checkout, batch: Any, stack: str) -> None:
    before = checkout.stack(stack, {"Environment": environment(), "Queue": queue(stack), "Job": definition(stack, "a")})
    after = checkout.stack(
        stack,
        {
            "Environment": environment(MaxvCpus=32, InstanceTypes=["c5"]),
            "Queue": queue(stack, Priority=7, State="DISABLED"),
            "Job": definition(stack, "b"),
        },
    )
    assert after["status"] == "UPDATE_COMPLETE", after["reasons"]
    assert [before[key] for key in ("Environment", "Queue")] == [after[key] for key in ("Environment", "Queue")]

    (found,) = batch.describe_compute_environments(computeEnvironments=[after["Environment"]])["computeEnvironments"]
    assert found["computeResources"]["maxvCpus"] == 32
    assert found["computeResources"]["instanceTypes"] == ["c5"]
    (found,) = batch.describe_job_queues(jobQueues=[f"{stack}-queue"])["jobQueues"]
    assert (found["priority"], found["state"]) == (7, "DISABLED")

    assert after["Job"] == before["Job"].removesuffix("1") + "2"
    revisions = batch.describe_job_definitions(jobDefinitionName=f"{stack}-job")["jobDefinitions"]
    assert [(each["revision"], each["status"]) for each in revisions] == [(1, "INACTIVE"), (2, "ACTIVE")]


def test_an_environment_is_replaced_under_its_queue(checkout: Checkout, batch: Any, stack: str) -> None:
    before = checkout.stack(stack, {"Environment": environment(replace=True), "Queue": queue(stack)})
    after = checkout.stack(
        stack, {"Environment": environment(replace=True, Subnets=["subnet-2"]), "Queue": queue(stack)}
    )
    assert after["status"] == "UPDATE_COMPLETE", after["reasons"]
    assert after["Environment"] != before["Environment"]
    assert after["Queue"] == before["Queue"]
    (found,) = batch.describe_job_queues(jobQueues=[after["Queue"]])["jobQueues"]
    assert [order["computeEnvironment"] for order in found["computeEnvironmentOrder"]] == [after["Environment"]]
    assert not batch.describe_compute_environments(computeEnvironments=[before["Environment"]])["computeEnvironments"]


def test_one_with_a_name_of_its_own_is_not_replaced(checkout: Checkout, batch: Any, stack: str) -> None:
    first, second = environment(replace=True), environment(replace=True, Subnets=["subnet-2"])
    for each in (first, second):
        each["Properties"]["ComputeEnvironmentName"] = f"{stack}-ml"
    checkout.stack(stack, {"Environment": first})
    failed = checkout.stack(stack, {"Environment": second})
    assert failed["status"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "cannot update a stack when a custom-named resource requires replacing" in failed["reasons"]
    (found,) = batch.describe_compute_environments(computeEnvironments=[f"{stack}-ml"])["computeEnvironments"]
    assert found["computeResources"]["subnets"] == ["subnet-1"]


def test_a_failed_update_goes_back(checkout: Checkout, batch: Any, stack: str) -> None:
    before = checkout.stack(stack, {"Environment": environment(), "Queue": queue(stack), "Job": definition(stack, "a")})
    failed = checkout.stack(
        stack,
        {
            "Environment": environment(MaxvCpus=32),
            "Job": {**definition(stack, "b"), "DependsOn": "Environment"},
            "Queue": {**queue(stack, SchedulingPolicyArn=f"{ACCOUNT}:scheduling-policy/none"), "DependsOn": "Job"},
        },
    )
    assert failed["status"] == "UPDATE_ROLLBACK_COMPLETE"
    (found,) = batch.describe_compute_environments(computeEnvironments=[before["Environment"]])["computeEnvironments"]
    assert found["computeResources"]["maxvCpus"] == 16
    active = batch.describe_job_definitions(jobDefinitionName=f"{stack}-job", status="ACTIVE")["jobDefinitions"]
    assert [each["containerProperties"]["command"] for each in active] == [["a"]]


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"ComputeEnvironmentOrder": [{"Order": 1, "ComputeEnvironment": "none"}]}, "none does not exist"),
        ({"SchedulingPolicyArn": "none"}, "none does not exist"),
        ({"Priority": "high"}, "[Priority] is 'high', no integer"),
        ({"State": "ON"}, "[State] is 'ON', not one of ENABLED, DISABLED"),
        ({"Colour": "red"}, "extraneous key [Colour]"),
        ({"ComputeEnvironmentOrder": [{"Order": 1}]}, "required key [ComputeEnvironmentOrder/0/ComputeEnvironment]"),
    ],
)
def test_a_wrong_queue_fails(checkout: Checkout, batch: Any, stack: str, properties: Any, reason: str) -> None:
    failed = checkout.stack(stack, {"Environment": environment(), "Queue": queue(stack, **properties)})
    assert failed["status"] == "ROLLBACK_COMPLETE"
    assert reason in failed["reasons"]
    assert not batch.describe_job_queues(jobQueues=[f"{stack}-queue"])["jobQueues"]


def test_instances_of_best_fit_are_not_changed_in_place(checkout: Checkout, stack: str) -> None:
    checkout.stack(stack, {"Environment": environment(AllocationStrategy="BEST_FIT")})
    failed = checkout.stack(stack, {"Environment": environment(AllocationStrategy="BEST_FIT", Subnets=["subnet-2"])})
    assert failed["status"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "not with BEST_FIT" in failed["reasons"]


def test_what_a_stack_made_before_it_heard_of_it_is_its_own(stack: str) -> None:
    with Checkout() as own:
        before = own.stack(stack, {"Environment": environment(), "Queue": queue(stack)})
        own.end(signal.SIGTERM)
        forget(own, stack, "Queue", "Environment")
        own.start()
        after = own.stack(stack, {"Environment": environment(), "Queue": queue(stack, Priority=7)})
        assert after["status"] == "UPDATE_COMPLETE", after["reasons"]
        assert [before[key] for key in ("Environment", "Queue")] == [after[key] for key in ("Environment", "Queue")]
        (found,) = own.client("batch").describe_job_queues()["jobQueues"]
        assert found["priority"] == 7


def forget(checkout: Checkout, stack: str, *resources: str) -> None:
    """Take resources out of what CloudFormation knows of a stack, as a kill at the wrong moment would."""
    file = checkout.state / "state/cloudformation.json"
    state = json.loads(file.read_text())
    (record,) = (each for key, each in state["payload"]["stacks"]["data"].items() if f"'{stack}'" in key)
    for name in resources:
        del record["_resources"][name]
    file.write_text(json.dumps(state))


def test_a_deleted_stack_leaves_nothing(checkout: Checkout, batch: Any, stack: str) -> None:
    template = {"Policy": POLICY, "Environment": environment(), "Job": definition(stack, "a")}
    made = checkout.stack(stack, {**template, "Queue": queue(stack, SchedulingPolicyArn={"Ref": "Policy"})})
    checkout.client("cloudformation").delete_stack(StackName=stack)
    assert checkout.settled(made["id"])["status"] == "DELETE_COMPLETE"
    assert not batch.describe_job_queues(jobQueues=[made["Queue"]])["jobQueues"]
    assert not batch.describe_compute_environments(computeEnvironments=[made["Environment"]])["computeEnvironments"]
    assert not batch.describe_scheduling_policies(arns=[made["Policy"]])["schedulingPolicies"]
    found = batch.describe_job_definitions(jobDefinitionName=f"{stack}-job", status="ACTIVE")["jobDefinitions"]
    assert not found


def test_an_environment_that_a_queue_uses_stays(checkout: Checkout, batch: Any, stack: str) -> None:
    made = checkout.stack(stack, {"Environment": environment()})
    order = [{"order": 1, "computeEnvironment": made["Environment"]}]
    batch.create_job_queue(jobQueueName=f"{stack}-other", priority=1, computeEnvironmentOrder=order)
    checkout.client("cloudformation").delete_stack(StackName=stack)
    failed = checkout.settled(stack)
    assert failed["status"] == "DELETE_FAILED"
    assert f"found existing JobQueue relationship: {stack}-other" in failed["reasons"]
