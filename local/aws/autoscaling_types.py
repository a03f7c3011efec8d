"""CloudFormation's AWS::ApplicationAutoScaling types, as calls of the API."""

from __future__ import annotations

from collections.abc import Callable

from ministack.services.cloudformation import provisioners

from local.aws.autoscaling import AutoscalingError, deregister, key_of, policies, put_policy, register, targets
from local.aws.tasks import Record

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"


def install() -> None:
    handlers = provisioners._RESOURCE_HANDLERS
    handlers[TARGET] = {"create": _create_target, "update": _update_target, "delete": _delete_target}
    handlers[POLICY] = {"create": _create_policy, "update": _update_policy, "delete": _delete_policy}


def _create_target(logical_id: str, properties: Record, stack: str) -> tuple[str, Record]:
    arn = _called(register, properties)["ScalableTargetARN"]
    return key_of(properties), {"Id": key_of(properties), "ScalableTargetARN": arn}


def _update_target(identifier: str, old: Record, new: Record, stack: str) -> tuple[str, Record]:
    return _create_target("", new, stack)


def _delete_target(identifier: str, properties: Record) -> None:
    if identifier in targets:
        deregister(_of(identifier))


def _create_policy(logical_id: str, properties: Record, stack: str) -> tuple[str, Record]:
    target = _of(properties["ScalingTargetId"]) if "ScalingTargetId" in properties else {}
    arn = _called(put_policy, {**properties, **target})["PolicyARN"]
    return arn, {"Arn": arn, "PolicyName": properties["PolicyName"]}


def _update_policy(arn: str, old: Record, new: Record, stack: str) -> tuple[str, Record]:
    """A policy of another name or target is another policy: CloudFormation deletes the earlier one after this."""
    return _create_policy("", new, stack)


def _delete_policy(arn: str, properties: Record) -> None:
    for name, policy in policies.items():
        if policy["PolicyARN"] == arn:
            del policies[name]


def _called(do: Callable[[Record], Record], data: Record) -> Record:
    try:
        return do(data)
    except AutoscalingError as error:
        raise ValueError(f"{error.args[1]} (Service: ApplicationAutoScaling, Error Code: {error.args[0]})") from None


def _of(identifier: str) -> Record:
    return dict(zip(("ResourceId", "ScalableDimension", "ServiceNamespace"), identifier.split("|"), strict=True))
