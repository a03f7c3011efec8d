"""Compute environments, job queues and scheduling policies by Batch's own API.

Mends what ministack lacks: policies at all, a queue's policy and time limits, defaults, deletion, and a look at whether
what one names is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from botocore import xform_name
from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import batch

from local.aws.batch_api import ClientError, Record, register

scheduling_policies = AccountRegionScopedDict()


@dataclass(frozen=True)
class Kind:
    """A kind of resource: what boto3 and the API call it, where its records are, and what holds for one."""

    name: str  # as in "create_job_queue"
    prefix: str  # of jobQueueName and jobQueueArn; a policy's are name and arn
    plural: str
    store: Any
    defaults: Callable[[Record], Record]
    check: Callable[[Record], None] = lambda record: None
    check_delete: Callable[[Record], None] = lambda record: None

    def key(self, what: str) -> str:
        return self.prefix + what if self.prefix else what.lower()

    def find(self, reference: str) -> Record:
        """Return the record of this name or ARN. Raises ClientError where there is none."""
        name = reference.rpartition("/")[2]
        record: Record | None = self.store.get(name)
        if record is None or reference not in (name, record[self.key("Arn")]):
            raise ClientError(f"{self.name.replace('_', ' ').capitalize()} {reference} does not exist")
        return record

    def create(self, request: Record) -> Record:
        name = request[self.key("Name")]
        if name in self.store:
            raise ClientError(f"Object already exists: {name}")
        arn = f"arn:aws:batch:{get_region()}:{get_account_id()}:{self.name.replace('_', '-')}/{name}"
        return self.keep({self.key("Arn"): arn, "tags": {}, **request})

    def update(self, request: Record) -> Record:
        """Change what a request names; of the compute resources, what it names of them."""
        record = self.find(request.pop(self.prefix or "arn"))
        if resources := request.get("computeResources"):
            request["computeResources"] = {**record["computeResources"], **resources}
        return self.keep({**record, **request})

    def keep(self, record: Record) -> Record:
        """Check and keep a record, with defaults for what it does not say."""
        record = {**self.defaults(record), **record}
        self.check(record)
        self.store[record[self.key("Name")]] = record
        return {self.key(what): record[self.key(what)] for what in ("Name", "Arn")}

    def delete(self, request: Record) -> Record:
        record = self.find(request[self.prefix or "arn"])
        if record.get("state") == "ENABLED":
            raise ClientError("Cannot delete, resource state must be DISABLED")
        self.check_delete(record)
        del self.store[record[self.key("Name")]]
        return {}

    def describe(self, request: Record) -> Record:
        asked = request.get(self.plural if self.prefix else "arns")
        names = [reference.rpartition("/")[2] for reference in asked] if asked else self.store.keys()
        return {self.plural: [self.store[name] for name in names if name in self.store]}

    def install(self) -> None:
        for verb in ("create", "update", "delete"):
            register(f"{verb}_{self.name}", getattr(self, verb))
        register(f"describe_{xform_name(self.plural)}", self.describe)


def _environment(record: Record) -> Record:
    account = get_account_id()
    resources = record.get("computeResources", {})
    if resources and "FARGATE" not in resources["type"]:
        own = {"minvCpus": 0, "desiredvCpus": resources.get("minvCpus", 0), "allocationStrategy": "BEST_FIT"}
        resources.update({key: value for key, value in own.items() if key not in resources})
    return {
        "state": "ENABLED",
        "status": "VALID",
        "statusReason": "ComputeEnvironment Healthy",
        "serviceRole": f"arn:aws:iam::{account}:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch",
        "ecsClusterArn": f"arn:aws:ecs:{get_region()}:{account}:cluster/AWSBatch-{record['computeEnvironmentName']}",
        "containerOrchestrationType": "ECS",
        "updatePolicy": {"terminateJobsOnUpdate": False, "jobExecutionTimeoutMinutes": 30},
        "uuid": str(uuid4()),
    }


def _queue(record: Record) -> Record:
    defaults = {"state": "ENABLED", "status": "VALID", "statusReason": "JobQueue Healthy"}
    return {**defaults, "computeEnvironmentOrder": [], "jobStateTimeLimitActions": []}


def _check_queue(queue: Record) -> None:
    for order in queue["computeEnvironmentOrder"]:
        order["computeEnvironment"] = ENVIRONMENTS.find(order["computeEnvironment"])["computeEnvironmentArn"]
    if policy := queue.get("schedulingPolicyArn"):
        POLICIES.find(policy)


def _check_unused(record: Record) -> None:
    for queue in QUEUES.store.values():
        used = [order["computeEnvironment"] for order in queue["computeEnvironmentOrder"]]
        if {record.get("computeEnvironmentArn"), record.get("arn")} & {*used, queue.get("schedulingPolicyArn", "")}:
            raise ClientError(f"Cannot delete, found existing JobQueue relationship: {queue['jobQueueName']}")


ENVIRONMENTS = Kind(
    "compute_environment",
    "computeEnvironment",
    "computeEnvironments",
    batch._compute_envs,
    defaults=_environment,
    check_delete=_check_unused,
)
QUEUES = Kind("job_queue", "jobQueue", "jobQueues", batch._job_queues, defaults=_queue, check=_check_queue)
POLICIES = Kind(
    "scheduling_policy",
    "",
    "schedulingPolicies",
    scheduling_policies,
    defaults=lambda record: {},
    check_delete=_check_unused,
)


def install() -> None:
    for kind in (ENVIRONMENTS, QUEUES, POLICIES):
        kind.install()
    kept, restored = batch.get_state, batch.load_persisted_state

    def get_state() -> Record:
        return {**kept(), "scheduling_policies": scheduling_policies}

    def load(state: Record) -> None:
        restored(state)
        scheduling_policies.update(state.get("scheduling_policies", {}))

    batch.get_state, batch.load_persisted_state = get_state, load
