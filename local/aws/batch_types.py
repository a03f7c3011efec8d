"""The types AWS::Batch::* of CloudFormation, all of which ministack lacks, as calls of Batch's API."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from ministack.services.cloudformation import provisioners

from local.aws import batch_definitions, batch_resources
from local.aws.batch_api import OPERATIONS, ClientError, Record, as_request, model
from local.aws.batch_resources import ENVIRONMENTS, POLICIES, QUEUES, Kind

Made = tuple[str, Record]

# Its type, the property that names one and the attribute with its ARN, which is also its Ref.
TYPES = {
    ENVIRONMENTS: ("ComputeEnvironment", "ComputeEnvironmentName", "ComputeEnvironmentArn"),
    QUEUES: ("JobQueue", "JobQueueName", "JobQueueArn"),
    POLICIES: ("SchedulingPolicy", "Name", "Arn"),
}
CREATE_ONLY = {
    "ComputeEnvironment": ("ComputeEnvironmentName", "Type", "Tags"),
    "JobQueue": ("JobQueueName", "JobQueueType"),
    "SchedulingPolicy": ("Name",),
    "JobDefinition": ("JobDefinitionName",),
}
SCALE = {"MinvCpus", "MaxvCpus", "DesiredvCpus"}  # of compute resources: all else is of the instances themselves
NOT_OF_THE_API = {"ReplaceComputeEnvironment", "UpdatePolicy"}


def _request(operation: str, properties: Record, **name: str) -> Record:
    """Return the request that CloudFormation makes of a resource's properties; ValueError names a wrong one."""
    known = {key: value for key, value in properties.items() if key not in NOT_OF_THE_API}
    return as_request({**name, **known}, model().operation_model(operation).input_shape)


def _call(operation: str, request: Record) -> Record:
    try:
        return OPERATIONS[operation](request)
    except ClientError as error:
        raise ValueError(str(error)) from None


class _Type:
    """CloudFormation's create, update and delete of a kind of resource."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.type, self.name, self.attribute = TYPES[kind]

    def create(self, logical_id: str, properties: Record, stack: str) -> Made:
        name = properties.get(self.name) or provisioners._physical_name(stack, logical_id)
        wanted = {**self._record(properties, name), "madeBy": [stack, logical_id]}
        there = self.kind.store.get(name, {})
        if there.get("madeBy") == wanted["madeBy"]:  # then the emulator was killed before the stack heard
            return self._keep(there, wanted)
        arn = _call(f"create_{self.kind.name}", wanted)[self.kind.key("Arn")]
        return arn, {self.attribute: arn}

    def update(self, arn: str, old: Record, new: Record, stack: str, logical_id: str) -> Made:
        if self.kind is ENVIRONMENTS and _changes_instances(old, new):
            if _is_replaced(new):
                made: Made = provisioners._replace_resource(
                    "AWS::Batch::ComputeEnvironment", arn, old, new, stack, logical_id
                )
                return made
            _check_updatable(new)
        there = self.kind.find(arn)
        return self._keep(there, self._record(new, there[self.kind.key("Name")]))

    def delete(self, arn: str, properties: Record) -> None:
        reference = self.kind.prefix or "arn"
        if arn.rpartition("/")[2] in self.kind.store:
            if self.kind is not POLICIES:
                _call(f"update_{self.kind.name}", {reference: arn, "state": "DISABLED"})
            _call(f"delete_{self.kind.name}", {reference: arn})

    def _keep(self, there: Record, wanted: Record) -> Made:
        arn = there[self.kind.key("Arn")]
        same = {key: there[key] for key in (self.kind.key("Arn"), "uuid", "madeBy") if key in there}
        try:
            self.kind.keep({"tags": {}, **wanted, **same})
        except ClientError as error:
            raise ValueError(str(error)) from None
        return arn, {self.attribute: arn}

    def _record(self, properties: Record, name: str) -> Record:
        record = _request(f"Create{self.type}", properties, **{self.name: name})
        if policy := properties.get("UpdatePolicy"):
            shape = model().operation_model("UpdateComputeEnvironment").input_shape.members["updatePolicy"]
            record["updatePolicy"] = as_request(policy, shape, "UpdatePolicy/")
        return record


def _changes_instances(old: Record, new: Record) -> bool:
    before, after = old.get("ComputeResources", {}), new.get("ComputeResources", {})
    return any(before.get(key) != after.get(key) for key in {*before, *after} - SCALE)


def _is_replaced(properties: Record) -> bool:
    return str(properties.get("ReplaceComputeEnvironment", True)).lower() == "true"


def _check_updatable(properties: Record) -> None:
    strategy = properties["ComputeResources"].get("AllocationStrategy", "BEST_FIT")
    fargate = "FARGATE" in properties["ComputeResources"]["Type"]
    if properties.get("ServiceRole") or (strategy == "BEST_FIT" and not fargate):
        raise ValueError(
            "Compute resources can be updated in place with the service-linked role alone, and not with BEST_FIT: "
            "set ReplaceComputeEnvironment"
        )


def _register(logical_id: str, properties: Record, stack: str) -> Made:
    name = properties.get("JobDefinitionName") or provisioners._physical_name(stack, logical_id)
    made = _call("register_job_definition", _request("RegisterJobDefinition", properties, JobDefinitionName=name))
    return made["jobDefinitionArn"], {"JobDefinitionArn": made["jobDefinitionArn"]}


def _register_again(arn: str, old: Record, new: Record, stack: str, logical_id: str) -> Made:
    """Make a new revision; the stack then deletes the earlier one, as its ARN is another."""
    return _register(logical_id, {**new, "JobDefinitionName": arn.rpartition("/")[2].partition(":")[0]}, stack)


def _deregister(arn: str, properties: Record) -> None:
    with suppress(ClientError):  # somebody else has
        batch_definitions.deregister_job_definition({"jobDefinition": arn})


def install() -> None:
    batch_resources.install()
    batch_definitions.install()
    handlers: dict[str, dict[str, Any]] = {
        "JobDefinition": {"create": _register, "update": _register_again, "delete": _deregister}
    }
    for kind, (type_, *_) in TYPES.items():
        made = _Type(kind)
        handlers[type_] = {"create": made.create, "update": made.update, "delete": made.delete}
    for type_, handler in handlers.items():
        full = f"AWS::Batch::{type_}"
        provisioners._RESOURCE_HANDLERS[full] = {**handler, "update_with_logical_id": True}
        provisioners._REPLACING_PROPERTIES[full] = CREATE_ONLY[type_]
        provisioners._CUSTOM_NAME_REPLACEMENT[full] = {"name": CREATE_ONLY[type_][0]}
        if "Tags" not in CREATE_ONLY[type_]:
            provisioners._STACK_TAG_PROPERTY[full] = ("Tags", "map")
    provisioners._CUSTOM_NAME_REPLACEMENT["AWS::Batch::ComputeEnvironment"]["requires_replacement"] = lambda old, new: (
        _changes_instances(old, new) and _is_replaced(new)
    )
