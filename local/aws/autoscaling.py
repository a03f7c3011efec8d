"""Application Auto Scaling of ECS services, which ministack lacks: the API and its two types of CloudFormation.

A target is registered for a service that is there, whose desired count is brought within the target's bounds; policies
are kept and described. Nothing scales by them: there are no metrics here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core import router
from ministack.core.responses import (
    AccountRegionScopedDict,
    error_response_json,
    get_account_id,
    get_region,
    json_response,
    new_uuid,
)
from ministack.services import ecs

from local.aws.tasks import Record

NAME = "application-autoscaling"
KEYS = ("ServiceNamespace", "ResourceId", "ScalableDimension")

targets = AccountRegionScopedDict()
policies = AccountRegionScopedDict()


class AutoscalingError(Exception):
    """What the API refuses; its code, and a message."""


def register(data: Record) -> Record:
    """Register a target, or change its bounds."""
    key = key_of(data)
    target: Record = dict(targets.get(key, {}))
    target |= {name: data[name] for name in KEYS}
    target |= {name: int(data[name]) for name in ("MinCapacity", "MaxCapacity") if data.get(name) is not None}
    if not {"MinCapacity", "MaxCapacity"} <= set(target):
        raise AutoscalingError("ValidationException", "MinCapacity and MaxCapacity are required for a new target")
    least, most = target["MinCapacity"], target["MaxCapacity"]
    if least < 0 or least > most:
        raise AutoscalingError(
            "ValidationException", f"Minimum capacity cannot be greater than maximum capacity: {least}, {most}"
        )
    cluster, service = _service(data["ResourceId"])
    target.setdefault("ScalableTargetARN", _arn(f"scalable-target/{new_uuid()}", NAME))
    target.setdefault("CreationTime", ecs._ts())
    role = (
        "aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
    )
    target["RoleARN"] = data.get("RoleARN") or f"arn:aws:iam::{get_account_id()}:role/{role}"
    targets[key] = target
    wanted = min(max(int(service["desiredCount"]), least), most)
    if wanted != service["desiredCount"]:
        ecs._update_service({"cluster": cluster, "service": service["serviceName"], "desiredCount": wanted})
    return {"ScalableTargetARN": target["ScalableTargetARN"]}


def deregister(data: Record) -> Record:
    """Forget a target and its policies."""
    key = _known(data)
    del targets[key]
    for name in [name for name in policies.keys() if name.startswith(f"{key}|")]:  # noqa: SIM118
        del policies[name]
    return {}


def put_policy(data: Record) -> Record:
    """Keep a policy of a target that is there."""
    name = f"{_known(data)}|{data['PolicyName']}"
    resource = f"{data['ServiceNamespace']}/{data['ResourceId']}:policyName/{data['PolicyName']}"
    arn = _arn(f"scalingPolicy:{new_uuid()}:resource/{resource}", "autoscaling")
    policy = {"PolicyARN": arn, "CreationTime": ecs._ts(), "Alarms": [], **policies.get(name, {})}
    known = (*KEYS, "PolicyName", "PolicyType", "TargetTrackingScalingPolicyConfiguration")
    policies[name] = policy | {field: data[field] for field in known if field in data}
    return {"PolicyARN": policy["PolicyARN"], "Alarms": []}


def delete_policy(data: Record) -> Record:
    name = f"{_known(data)}|{data['PolicyName']}"
    if name not in policies:
        raise AutoscalingError("ObjectNotFoundException", f"No scaling policy found: {data['PolicyName']}")
    del policies[name]
    return {}


def describe_targets(data: Record) -> Record:
    wanted = data.get("ResourceIds") or []
    found = [target for target in targets.values() if _matches(target, data)]
    return {"ScalableTargets": [target for target in found if not wanted or target["ResourceId"] in wanted]}


def describe_policies(data: Record) -> Record:
    wanted = data.get("PolicyNames") or []
    found = [policy for policy in policies.values() if _matches(policy, data)]
    return {"ScalingPolicies": [policy for policy in found if not wanted or policy["PolicyName"] in wanted]}


OPERATIONS: dict[str, Callable[[Record], Record]] = {
    "RegisterScalableTarget": register,
    "DeregisterScalableTarget": deregister,
    "PutScalingPolicy": put_policy,
    "DeleteScalingPolicy": delete_policy,
    "DescribeScalableTargets": describe_targets,
    "DescribeScalingPolicies": describe_policies,
    "DescribeScalingActivities": lambda data: {"ScalingActivities": []},
}


async def handle_request(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
    """Answer the API, as ministack asks a service's module to."""
    operation = (headers.get("x-amz-target") or "").rpartition(".")[2]
    if operation not in OPERATIONS:
        return error_response_json("UnknownOperationException", f"{operation} is not there locally", 400)
    try:
        return json_response(OPERATIONS[operation](json.loads(body or b"{}")))
    except AutoscalingError as error:
        return error_response_json(*error.args, 400)


def get_state() -> Record:
    return {"targets": targets, "policies": policies}


def load_persisted_state(data: Record) -> None:
    targets.update(data["targets"])
    policies.update(data["policies"])


def install() -> None:
    from local.aws import autoscaling_types  # it needs what is here

    app._loaded_modules["application_autoscaling"] = sys.modules[__name__]
    app._state_map["application_autoscaling"] = "application_autoscaling"
    app.SERVICE_HANDLERS[NAME] = handle_request
    router.SERVICE_PATTERNS[NAME] = {"target_prefixes": ["AnyScaleFrontendService"], "credential_scope": NAME}
    autoscaling_types.install()


def key_of(data: Record) -> str:
    """Return what CloudFormation calls a target by."""
    return "|".join(data[name] for name in ("ResourceId", "ScalableDimension", "ServiceNamespace"))


def _known(data: Record) -> str:
    key = key_of(data)
    if key not in targets:
        raise AutoscalingError("ObjectNotFoundException", f"No scalable target registered: {data['ResourceId']}")
    return key


def _service(resource: str) -> tuple[str, Record]:
    """Return the cluster and the service of a ResourceId, which is service/CLUSTER/SERVICE."""
    kind, _, name = resource.partition("/")
    service = ecs._services.get(name) if kind == "service" else None
    if not service or service["status"] != "ACTIVE":
        raise AutoscalingError("ValidationException", f"ECS service doesn't exist: {resource}")
    return name.partition("/")[0], service


def _matches(record: Record, data: Record) -> bool:
    return all(record[name] == data[name] for name in KEYS if data.get(name))


def _arn(resource: str, service: str) -> str:
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{resource}"
