"""ECS services: as many tasks as wanted, deployments that roll, and a circuit breaker that rolls back.

ministack counts a task as steady after a second, whatever its health, and CloudFormation does not wait. It still
answers CreateService, UpdateService and DescribeServices and keeps the records; one thread here brings the tasks of
every service in line with its record, a step at a time and never waiting in it.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from threading import Thread
from typing import Any

from ministack.core.responses import error_response_json, json_response, now_iso, request_scope
from ministack.services import ecs

from local.aws import autoscaling, load_balancer, processes, service_type, tasks
from local.aws.deployments import Service
from local.aws.tasks import CHANGED, Record

REMEMBERED = 60 * 60  # seconds that a stopped task is described

LOGGER = logging.getLogger(__name__)

_ended = False


def install() -> None:
    """Install this, and all that services stand on or that stands on them."""
    for part in (load_balancer, tasks, service_type, autoscaling):
        part.install()
    make = ecs._make_deployment
    ecs._make_deployment = lambda *given: {**make(*given), "rolloutState": "IN_PROGRESS", "rolloutStateReason": ""}
    ecs._reconcile_service_tasks = lambda cluster, key: None  # the thread does it
    ecs._sync_service_targets = lambda cluster, service: None  # each task does it
    ecs._start_restored_service_reconciler = lambda: None
    ecs.get_state = _unchanged(ecs.get_state)
    ecs._delete_service = _delete_service
    for action in ("CreateService", "UpdateService"):
        ecs._ACTION_MAP[action] = _told(ecs._ACTION_MAP[action])
    ecs._ACTION_MAP["DeleteService"] = _delete_service
    ecs._create_service, ecs._update_service = ecs._ACTION_MAP["CreateService"], ecs._ACTION_MAP["UpdateService"]


def resume() -> None:
    """Start the services' tasks again: those of the last time went with the emulator."""
    for _, task in ecs._tasks.all_items():
        if task["desiredStatus"] != "STOPPED":
            task.update(desiredStatus="STOPPED", stoppedAt=now_iso(), stoppedReason="The emulator was stopped")
            for container in task["containers"]:
                container["lastStatus"] = "STOPPED"
    shutil.rmtree(processes.folder("tasks"))
    load_balancer.resume()
    Thread(target=_schedule, daemon=True, name="ecs services").start()


def stop() -> None:
    global _ended
    with CHANGED:
        _ended = True
        CHANGED.notify_all()
    load_balancer.stop()
    processes.stop()


def _schedule() -> None:
    while not _ended:
        with CHANGED:
            for (account, region, key), service in list(ecs._services.all_items()):
                with request_scope(account, region):
                    try:
                        Service(key, service).step()
                    except Exception:
                        LOGGER.exception("ECS service %s", key)
            _forget()
            CHANGED.wait(0.5)


def _forget() -> None:
    """Forget tasks that stopped an hour ago, as ECS does."""
    for (account, region, arn), task in list(ecs._tasks.all_items()):
        if task["lastStatus"] == "STOPPED" and time.time() - ecs._ts_to_epoch(task.get("stoppedAt") or 0) > REMEMBERED:
            ecs._tasks.pop_scoped(account, region, arn)


def _unchanged(get: Callable[[], Record]) -> Callable[[], Record]:
    """Return the same function, during which no record changes."""

    def got() -> Record:
        with CHANGED:
            return get()

    return got


def _told(do: Callable[[Record], Any]) -> Callable[[Record], Any]:
    def told(data: Record) -> Any:
        with CHANGED:
            if "desiredCount" in data and data["desiredCount"] is not None:  # CloudFormation may have it as a string
                data["desiredCount"] = int(data["desiredCount"])
            done = do(data)
            CHANGED.notify_all()
            return done

    return told


def _delete_service(data: Record) -> Any:
    """DeleteService: it is DRAINING until its tasks have stopped, and INACTIVE then."""
    with CHANGED:
        name, _ = ecs._resolve_service_ref(data["service"]) or ("", None)
        service = ecs._services.get(f"{ecs._resolve_cluster_name(data.get('cluster'))}/{name}")
        if not service or service["status"] == "INACTIVE":
            return error_response_json("ServiceNotFoundException", "Service not found.", 400)
        if service["desiredCount"] and not data.get("force"):
            said = "The service cannot be stopped while it is scaled above 0."
            return error_response_json("InvalidParameterException", said, 400)
        service.update(status="DRAINING", desiredCount=0)
        CHANGED.notify_all()
        return json_response({"service": ecs._sanitize(service)})
