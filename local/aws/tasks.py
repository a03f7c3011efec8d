"""The life of an ECS task: its containers in the order of DependsOn, until it is told to stop or one of them ends it.

ministack says RUNNING of a task that has no process. It still answers RunTask and keeps the records; each task's worker
thread, and StopTask, are these here.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Condition, RLock
from typing import Any

from ministack.core.responses import error_response_json, json_response, now_iso, request_scope
from ministack.services import ecs

from local.aws import processes, targets
from local.aws.container import Container
from local.aws.health import HEALTHY, UNHEALTHY
from local.aws.images import StartError
from local.ports import free

Record = dict[str, Any]

# Held for each change of a record here or in services; whoever waits for one is told.
CHANGED = Condition(RLock())

MET: dict[str, Callable[[Container], bool]] = {
    "START": lambda container: container.process is not None,
    "COMPLETE": lambda container: container.poll() is not None,
    "SUCCESS": lambda container: container.poll() == 0,
    "HEALTHY": lambda container: container.state == HEALTHY,
}


def stop(task: Record, reason: str, code: str = "UserInitiated") -> None:
    """Tell a task to stop; its own thread does it."""
    with CHANGED:
        if task["desiredStatus"] != "STOPPED":
            task.update(desiredStatus="STOPPED", stoppedReason=reason, stopCode=code, stoppingAt=now_iso())
            CHANGED.notify_all()


def become(task: Record, status: str, **more: Any) -> None:
    with CHANGED:
        ecs._bump_task_version(task)
        task.update(lastStatus=status, **more)
        CHANGED.notify_all()


class Life:
    """One task, from its start to its end, in its thread."""

    def __init__(self, task: Record, definition: Record, overrides: list[Record]) -> None:
        self.task = task
        number = task["taskArn"].rpartition("/")[2]
        self.folder = processes.folder(f"tasks/{number}")
        self.containers = {
            d["name"]: Container(d, record, ecs._container_override_for(overrides, d["name"]), number, self.folder)
            for d, record in zip(definition["containerDefinitions"], task["containers"], strict=True)
        }
        self.port = free(number)

    def live(self) -> None:
        """Run it to its end, which is always STOPPED."""
        try:
            become(self.task, "PENDING")
            for container in self.containers.values():
                container.prepare(self.port)
            while self.task["desiredStatus"] != "STOPPED":
                self._step()
                with CHANGED:
                    CHANGED.wait(0.1)  # processes tell nobody when they end
        except StartError as error:
            stop(self.task, str(error), "TaskFailedToStart")
        except processes.EndedError:
            stop(self.task, "The emulator ends", "ServiceSchedulerInitiated")
        except Exception as error:
            stop(self.task, f"InternalError: {error}", "TaskFailedToStart")
            raise
        finally:
            self._end()

    def _step(self) -> None:
        """Start what may start by now, and look at how all are doing."""
        for container in self.containers.values():
            if container.process is None and self._may_start(container):
                container.start()
        if self.task["lastStatus"] == "PENDING" and all(c.process for c in self.containers.values()):
            # With its targets at once: without any, its service would take it as ready.
            become(self.task, "RUNNING", startedAt=now_iso(), _targets=list(self._targets()))
            for group, port in self.task["_targets"]:
                targets.register(group, port)
        for container in self.containers.values():
            if container.poll() is not None and container.essential:
                stop(self.task, "Essential container in task exited", "EssentialContainerExited")
        self._look_at_health()
        if all(container.poll() is not None for container in self.containers.values()):
            stop(self.task, "All containers in task exited", "EssentialContainerExited")

    def _may_start(self, container: Container) -> bool:
        needed = {self.containers[name]: condition for name, condition in container.depends_on.items()}
        for other, condition in needed.items():
            if other.poll() not in (None, 0) and condition in ("SUCCESS", "HEALTHY"):
                raise StartError(
                    f"DependencyFailed: container {container.name} needs {condition} of {other.name}, "
                    f"which exited with {other.poll()}"
                )
        return all(MET[condition](other) for other, condition in needed.items())

    def _look_at_health(self) -> None:
        checked = [c.state for c in self.containers.values() if c.essential and c.health]
        if not checked:
            return
        worst = next((state for state in (UNHEALTHY, "UNKNOWN") if state in checked), HEALTHY)
        if self.task["healthStatus"] != worst:
            with CHANGED:
                self.task["healthStatus"] = worst
                CHANGED.notify_all()

    def _targets(self) -> Iterator[tuple[str, int]]:
        """Yield the target groups of its service, and its port in each."""
        cluster, name = self.task["clusterArn"].rpartition("/")[2], self.task["group"].removeprefix("service:")
        for balancer in ecs._services.get(f"{cluster}/{name}", {}).get("loadBalancers", []):
            if self.task["group"] != name and self.containers[balancer["containerName"]].port:
                yield balancer["targetGroupArn"], self.port

    def _end(self) -> None:
        """Let requests under way finish, then stop the containers, the last that started first."""
        become(self.task, "DEACTIVATING")
        with suppress(Exception):  # the load balancer may be gone by now
            for group, port in self.task.get("_targets", []):
                targets.deregister(group, port)
        become(self.task, "STOPPING")
        for container in reversed(self.containers.values()):
            container.stop()
            container.record["lastStatus"] = "STOPPED"
        shutil.rmtree(self.folder, ignore_errors=True)
        now = now_iso()
        become(self.task, "STOPPED", stoppedAt=now, executionStoppedAt=now)


def worker(
    task: Record, definition: Record, overrides: list[Record], docker: object, account: str, region: str
) -> None:
    with request_scope(account, region):
        Life(task, definition, overrides).live()


def stop_task(data: Record) -> Any:
    """StopTask: it answers at once, and the task stops by and by."""
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    task = ecs._resolve_task(data.get("task", ""), cluster)
    if not task:
        return error_response_json("InvalidParameterException", "The referenced task was not found.", 400)
    stop(task, data.get("reason") or "Task stopped by user")
    return json_response({"task": ecs._sanitize(task)})


def install() -> None:
    ecs._get_docker = lambda: "processes"  # what ministack asks before it hands a task to its worker
    ecs._ensure_ecs_reaper_thread = lambda: None
    ecs._run_task_worker = worker
    ecs._stop_task = ecs._ACTION_MAP["StopTask"] = stop_task
