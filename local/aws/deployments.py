"""What a service's record asks for, and its tasks as they are: one step nearer, each time.

ECS's rules of a rolling deployment. As many new tasks start as MaximumPercent leaves room for, and as many old ones
stop as MinimumHealthyPercent can spare; after so many failures the circuit breaker ends it.
"""

from __future__ import annotations

import json
import math
import time
from typing import Any

from ministack.core.responses import new_uuid, now_iso
from ministack.services import ecs

from local.aws import targets, tasks
from local.aws.health import HEALTHY, UNHEALTHY
from local.aws.tasks import CHANGED, Record

MOST_WAIT = 60  # seconds before the next try of a service whose tasks fail over and over


class Service:
    """One look at one service, with tasks.CHANGED held."""

    def __init__(self, key: str, record: Record) -> None:
        self.key, self.record = key, record
        self.name = record["serviceName"]
        self.all = [
            task
            for task in ecs._tasks.values()
            if task["group"] == f"service:{self.name}" and task["clusterArn"] == record["clusterArn"]
        ]
        self.live = [task for task in self.all if task["lastStatus"] != "STOPPED"]
        self.wanted = [task for task in self.live if task["desiredStatus"] == "RUNNING"]
        self.primary: Record = next(d for d in record["deployments"] if d["status"] == "PRIMARY")
        self.desired = int(record["desiredCount"])

    def step(self) -> None:
        if self.record["status"] == "ACTIVE":
            self._count_failures()
            self._stop_unhealthy()
            self._start_missing()
            self._stop_surplus()
            self._complete()
        elif self.record["status"] == "DRAINING":
            for task in self.wanted:
                tasks.stop(task, "Service deleted", "ServiceSchedulerInitiated")
            if not self.live:
                self.record["status"] = "INACTIVE"
                CHANGED.notify_all()
        self._count()

    def _current(self) -> list[Record]:
        return [task for task in self.wanted if task["_deployment_id"] == self.primary["id"]]

    def _ready(self, task: Record) -> bool:
        """Tell whether a task does its work: it runs, and whatever checks it says so."""
        checked = task["healthStatus"] if self._has_check(task) else HEALTHY
        found = {targets.health(*target) for target in task.get("_targets", [])}
        return task["lastStatus"] == "RUNNING" and checked == HEALTHY and found <= {"healthy"}

    def _has_check(self, task: Record) -> bool:
        definition = ecs._task_defs[task["taskDefinitionArn"].rpartition("/")[2]]
        return any("healthCheck" in c and c.get("essential", True) for c in definition["containerDefinitions"])

    def _count_failures(self) -> None:
        """Take note of tasks that ended unasked; enough of them break a deployment."""
        for task in self.all:
            failed = task.get("stopCode") in ("TaskFailedToStart", "EssentialContainerExited") or "_unhealthy" in task
            if not failed or task.get("_counted") or task["desiredStatus"] != "STOPPED":
                continue
            task["_counted"] = True
            codes = "".join(f", {c['name']} with {c['exitCode']}" for c in task["containers"] if c.get("exitCode"))
            self._event(f"has stopped 1 running tasks: (task {_number(task)}): {task['stoppedReason']}{codes}")
            if task["_deployment_id"] != self.primary["id"]:
                continue
            self.primary["_failures"] = failures = self.primary.get("_failures", 0) + 1
            self.primary["_not_before"] = time.time() + min(MOST_WAIT, 2 ** min(failures, 6) / 2 - 1)
            if self.primary["rolloutState"] == "IN_PROGRESS":
                self.primary["failedTasks"] += 1
                breaker = self.record["deploymentConfiguration"].get("deploymentCircuitBreaker") or {}
                enough = self.primary["failedTasks"] >= ecs._circuit_breaker_threshold(self.record)
                if enough and _true(breaker.get("enable")):
                    self._fail(_true(breaker.get("rollback")))

    def _fail(self, roll_back: bool) -> None:
        failed = self.primary
        reason = "ECS deployment circuit breaker: tasks failed to start."
        failed.update(rolloutState="FAILED", rolloutStateReason=reason, desiredCount=0, updatedAt=now_iso())
        self._event(f"(deployment {failed['id']}) deployment failed: tasks failed to start.")
        completed = [d for d in self.record["deployments"] if d["rolloutState"] == "COMPLETED"]
        if roll_back and completed:
            self.primary = completed[0]
            self._event(f"rolling back to deployment {self.primary['id']}.")
            reason = f"ECS deployment circuit breaker: rolling back to deploymentId {self.primary['id']}."
            failed["status"] = "ACTIVE"
            self.primary.update(status="PRIMARY", rolloutState="IN_PROGRESS", rolloutStateReason=reason)
            self.primary.update(desiredCount=self.desired, failedTasks=0, updatedAt=now_iso())
            self.record["taskDefinition"] = self.primary["taskDefinition"]

    def _stop_unhealthy(self) -> None:
        """Stop tasks that checks find unhealthy, the grace period over."""
        grace = float(self.record.get("healthCheckGracePeriodSeconds") or 0)
        for task in self.wanted:
            bad = [group for group, port in task.get("_targets", []) if targets.health(group, port) == "unhealthy"]
            reason = f"Task failed ELB health checks in (target-group {bad[0]})" if bad else ""
            if task["healthStatus"] == UNHEALTHY:
                reason = "Task failed container health checks"
            if reason and time.time() >= ecs._ts_to_epoch(task["startedAt"]) + grace:
                task["_unhealthy"] = True
                tasks.stop(task, reason, "ServiceSchedulerInitiated")

    def _start_missing(self) -> None:
        """Start tasks of the primary deployment, as many as MaximumPercent leaves room for."""
        if self.primary["rolloutState"] == "FAILED" or time.time() < self.primary.get("_not_before", 0):
            return
        most = max(1, self.desired * self._percent("maximumPercent", 200) // 100)
        number = min(self.desired - len(self._current()), most - len(self.wanted))
        if number > 0:
            request = {key: self.record.get(key) for key in ("launchType", "platformVersion", "networkConfiguration")}
            request |= {"capacityProviderStrategy": self.record.get("capacityProviderStrategy")}
            request |= {"cluster": self.record["clusterArn"], "taskDefinition": self.record["taskDefinition"]}
            request |= {"count": number, "group": f"service:{self.name}", "startedBy": self.primary["id"]}
            status, _, body = ecs._run_task({**request, "_deploymentId": self.primary["id"]})
            if status == 200:
                self._event(f"has started {number} tasks.")
            else:
                self._event(f"was unable to place a task: {json.loads(body)['message']}")
                self.primary["_not_before"] = time.time() + MOST_WAIT

    def _stop_surplus(self) -> None:
        """Stop tasks of earlier deployments, as far as MinimumHealthyPercent keeps enough that do their work."""
        current = self._current()
        for task in sorted(current, key=self._ready)[: max(0, len(current) - self.desired)]:
            tasks.stop(task, "Scaling activity initiated by deployment", "ServiceSchedulerInitiated")
        least = math.ceil(self.desired * self._percent("minimumHealthyPercent", 100) / 100)
        spare = sum(self._ready(task) for task in self.wanted) - least
        for task in sorted((task for task in self.wanted if task not in current), key=self._ready):
            if not self._ready(task) or spare > 0:
                spare -= self._ready(task)
                tasks.stop(task, "Scaling activity initiated by deployment", "ServiceSchedulerInitiated")

    def _complete(self) -> None:
        """Call the primary deployment completed once its tasks are all there is, and do their work."""
        current = self._current()
        if len(self.live) == len(current) == self.desired and all(map(self._ready, current)):
            self.primary["_failures"] = 0
            if self.primary["rolloutState"] == "IN_PROGRESS":
                reason = f"ECS deployment {self.primary['id']} completed."
                self.primary.update(rolloutState="COMPLETED", rolloutStateReason=reason, updatedAt=now_iso())
                self.record["deployments"] = [self.primary]
                self._event(f"(deployment {self.primary['id']}) deployment completed.")
            if not self.record.get("_steady"):
                self._event("has reached a steady state.")
                self.record["_steady"] = True
                CHANGED.notify_all()
        else:
            self.record["_steady"] = False

    def _count(self) -> None:
        """Write down how many tasks there are."""
        for deployment in self.record["deployments"]:
            own = [task for task in self.live if task["_deployment_id"] == deployment["id"]]
            running = sum(task["lastStatus"] == "RUNNING" for task in own)
            pending = sum(task["lastStatus"] in ("PROVISIONING", "PENDING", "ACTIVATING") for task in own)
            deployment.update(runningCount=running, pendingCount=pending)
        for key in ("runningCount", "pendingCount"):
            self.record[key] = sum(deployment[key] for deployment in self.record["deployments"])
        ecs._recount_cluster(self.key.partition("/")[0])

    def _percent(self, key: str, default: int) -> int:
        value = (self.record["deploymentConfiguration"] or {}).get(key)
        return default if value is None else int(value)

    def _event(self, message: str) -> None:
        event = {"id": new_uuid(), "createdAt": now_iso(), "message": f"(service {self.name}) {message}"}
        self.record["events"] = [event, *self.record["events"]][:100]


def _number(task: Record) -> str:
    return str(task["taskArn"].rpartition("/")[2])


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
