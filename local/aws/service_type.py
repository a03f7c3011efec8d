"""CloudFormation's AWS::ECS::Service and ::TaskDefinition, whole: it waits for a steady state, and hands all on.

ministack answers at once, does not take over HealthCheckGracePeriodSeconds and some more of a service, and of a
container definition's secrets, dependencies and health check it keeps names that ECS does not have.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ministack.services import ecs
from ministack.services.cloudformation import provisioners, stacks

from local.aws.tasks import CHANGED, Record

SERVICE = "AWS::ECS::Service"
PATIENCE = 3 * 60 * 60  # seconds, as CloudFormation's own
BROKEN = "Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'."
AS_THEY_ARE = ("options", "dockerLabels")  # whose keys are the user's

# What CreateService takes and ministack's create handler leaves out.
LEFT_OUT = (
    "HealthCheckGracePeriodSeconds",
    "PropagateTags",
    "EnableExecuteCommand",
    "EnableECSManagedTags",
    "PlatformVersion",
)


def install() -> None:
    handlers = provisioners._RESOURCE_HANDLERS[SERVICE]
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def created(logical_id: str, properties: Record, stack: str) -> Any:
        made_by, name = f"{stack}/{logical_id}", f"{stack}-{logical_id}"  # the name is ministack's default
        with CHANGED:
            there = ecs._services.get(f"{properties.get('Cluster', 'default')}/{properties.get('ServiceName') or name}")
            if there and there["status"] == "ACTIVE" and there.get("_made_by") == made_by:
                # The emulator was killed before the stack heard of it.
                done = update(there["serviceArn"], {}, properties, stack)
            else:
                done = create(logical_id, properties, stack)
            service = _find(done[0])
            service |= {key[0].lower() + key[1:]: properties[key] for key in LEFT_OUT if key in properties}
            service["_made_by"] = made_by
            deployment = _primary(service)
        try:
            _settle(service, deployment)
        except ValueError:
            deleted(done[0], properties)  # CloudFormation does it with its own knowledge of the ARN; ministack has none
            raise
        return done

    def updated(arn: str, old: Record, new: Record, stack: str) -> Any:
        with CHANGED:
            done = update(arn, old, new, stack)
            deployment = _primary(_find(arn))
        _settle(_find(arn), deployment)
        return done

    def deleted(arn: str, properties: Record) -> None:
        service = _find(arn)
        delete(arn, {**properties, "ServiceName": service["serviceName"]})
        _wait(lambda: service["status"] == "INACTIVE")

    provisioners._REPLACING_PROPERTIES[SERVICE] = ("Cluster", "LaunchType", "Role", "SchedulingStrategy", "ServiceName")
    provisioners._RESOURCE_HANDLERS[SERVICE] = {**handlers, "create": created, "update": updated, "delete": deleted}
    provisioners._normalize_container_defs = lambda definitions: [_camel(definition) for definition in definitions]
    blocks, sends_back = stacks._runs_on_worker_thread, stacks._sends_back_failed_update
    stacks._runs_on_worker_thread = lambda kind: kind == SERVICE or blocks(kind)
    stacks._sends_back_failed_update = lambda kind: kind == SERVICE or sends_back(kind)


def _settle(service: Record, deployment: Record) -> None:
    """Wait for the service's steady state; raises ValueError where its deployment failed."""
    service["_steady"] = False

    def settled() -> bool:
        return service["status"] != "ACTIVE" or bool(service["_steady"]) or failed()

    def failed() -> bool:
        return bool(deployment["rolloutState"] == "FAILED")

    _wait(settled)
    if failed():
        reason = next((e["message"] for e in service["events"] if "has stopped" in e["message"]), "")
        raise ValueError(
            f'Resource handler returned message: "{BROKEN} {reason}" (HandlerErrorCode: GeneralServiceException)'
        )


def _wait(settled: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    with CHANGED:
        while not settled():
            if time.monotonic() > deadline:
                raise ValueError("Resource timed out waiting for completion (HandlerErrorCode: NotStabilized)")
            CHANGED.wait(1)


def _primary(service: Record) -> Record:
    found: Record = next(d for d in service["deployments"] if d["status"] == "PRIMARY")
    return found


def _find(arn: str) -> Record:
    """Return a service's record; of one that is not there, one that says so."""
    gone = {"serviceName": arn.rpartition("/")[2], "status": "INACTIVE"}
    found: Record = next((service for service in ecs._services.values() if service["serviceArn"] == arn), gone)
    return found


def _camel(value: Any) -> Any:
    """Return a value with the keys that ECS has for CloudFormation's."""
    if isinstance(value, list):
        return [_camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    keys = {key: key[:1].lower() + key[1:] for key in value}
    return {name: value[key] if name in AS_THEY_ARE else _camel(value[key]) for key, name in keys.items()}
