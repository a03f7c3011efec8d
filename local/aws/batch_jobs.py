"""Jobs of Batch, which really run: what is asked of them by API.

Mends what ministack pretends: a job that it is given has SUCCEEDED at once. Here its command runs as a process, in
local/aws/batch_scheduler.py's time.
"""

from __future__ import annotations

import re
from copy import deepcopy
from uuid import uuid4

from local.aws import batch_definitions, batch_records, batch_scheduler, batch_types
from local.aws.batch_api import ClientError, Record, register
from local.aws.batch_queries import describe_jobs, list_jobs
from local.aws.batch_records import children, jobs, lock
from local.aws.batch_resources import QUEUES

OVERRIDDEN = ("command", "instanceType", "vcpus", "memory")


def submit_job(request: Record) -> Record:
    if not re.fullmatch(r"[A-Za-z0-9][\w-]{0,127}", request["jobName"]):
        raise ClientError(f"Job name {request['jobName']} should match ^[A-Za-z0-9][A-Za-z0-9_-]{{0,127}}$")
    queue = QUEUES.find(request["jobQueue"])
    if queue["state"] != "ENABLED":
        raise ClientError(f"JobQueue {queue['jobQueueArn']} is DISABLED")
    definition = batch_definitions.find(request["jobDefinition"])
    if "containerProperties" not in definition:
        raise ClientError("Of job definitions, those of type container with containerProperties alone run here")
    with lock:
        for needed in request.get("dependsOn", []):
            if "jobId" in needed:
                batch_records.find(needed["jobId"])
        job = _submitted(_job(request, definition, queue), request.get("arrayProperties", {}).get("size"))
    batch_scheduler.wake()
    return {key: job[key] for key in ("jobArn", "jobName", "jobId")}


def _job(request: Record, definition: Record, queue: Record) -> Record:
    retries = request.get("retryStrategy") or definition.get("retryStrategy") or {}
    job = {
        "jobName": request["jobName"],
        "jobQueue": queue["jobQueueArn"],
        "jobDefinition": definition["jobDefinitionArn"],
        "parameters": {**definition.get("parameters", {}), **request.get("parameters", {})},
        "retryStrategy": {"attempts": 1, "evaluateOnExit": [], **retries},
        "timeout": request.get("timeout") or definition.get("timeout"),
        "dependsOn": request.get("dependsOn", []),
        "attempts": [],
        "container": _container(definition["containerProperties"], request.get("containerOverrides", {})),
        "platformCapabilities": definition.get("platformCapabilities", ["EC2"]),
        "propagateTags": request.get("propagateTags", definition.get("propagateTags", False)),
        "schedulingPriority": request.get("schedulingPriorityOverride", definition.get("schedulingPriority")),
        "shareIdentifier": request.get("shareIdentifier"),
        "tags": request.get("tags", {}),
        "isCancelled": False,
        "isTerminated": False,
    }
    if job["timeout"] and job["timeout"]["attemptDurationSeconds"] < 60:
        raise ClientError("Timeout of a job has to be at least 60 seconds")
    if not 1 <= job["retryStrategy"]["attempts"] <= 10:
        raise ClientError("Attempts of a job have to be between 1 and 10")
    return {key: value for key, value in job.items() if value is not None}


def _container(properties: Record, overrides: Record) -> Record:
    """Return the container of a definition with what the job has otherwise."""
    container = {**properties, **{key: overrides[key] for key in OVERRIDDEN if key in overrides}}
    for key, name in (("environment", "name"), ("resourceRequirements", "type")):
        merged = {entry[name]: entry for entry in (*properties.get(key, []), *overrides.get(key, []))}
        container[key] = list(merged.values())
    return {"command": [], **container}


def _submitted(job: Record, size: int | None) -> Record:
    if size is None:
        return batch_records.add(job)
    if not 2 <= size <= 10_000:
        raise ClientError("Array size has to be between 2 and 10,000")
    job_id = str(uuid4())
    for index in range(size):
        needed = [_needed(each, job_id, index) for each in job["dependsOn"]]
        child = {**deepcopy(job), "dependsOn": [each for each in needed if each], "arrayProperties": {"index": index}}
        batch_records.add(child, f"{job_id}:{index}")
    # After its children: the scheduler looks at them in this order.
    return batch_records.add({**job, "arrayProperties": {"size": size, "statusSummary": {}}}, job_id)


def _needed(dependency: Record, job_id: str, index: int) -> Record:
    """Return what the child of an array waits for, by its parent's dependency."""
    match dependency.get("type"):
        case "SEQUENTIAL":
            return {"jobId": f"{job_id}:{index - 1}"} if index else {}
        case "N_TO_N":
            return {"jobId": f"{dependency['jobId']}:{index}"}
    return dependency


def cancel_job(request: Record) -> Record:
    """Cancel what has not started; what has goes on, and that is no error."""
    return _end(request, "isCancelled", ("SUBMITTED", "PENDING", "RUNNABLE"))


def terminate_job(request: Record) -> Record:
    return _end(request, "isTerminated", ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING"))


def _end(request: Record, mark: str, among: tuple[str, ...]) -> Record:
    with lock:
        job = batch_records.find(request["jobId"].rpartition("/")[2])
        array = "size" in job.get("arrayProperties", {})
        for each in (*(children(job) if array else ()), job):
            if each["status"] in among:
                each[mark] = True
                batch_scheduler.end(each, request["reason"])
    batch_scheduler.wake()
    return {}


def delete_job_queue(request: Record) -> Record:
    """Delete a queue, and end its jobs with it."""
    queue = QUEUES.find(request["jobQueue"])["jobQueueArn"]
    deleted = QUEUES.delete(request)
    with lock:
        for job in jobs.values():
            if job["jobQueue"] == queue:
                batch_scheduler.end(job, "JobQueue was deleted")
    batch_scheduler.wake()
    return deleted


def install() -> None:
    batch_types.install()
    operations = (submit_job, cancel_job, terminate_job, describe_jobs, list_jobs, delete_job_queue)
    for operation in operations:
        register(operation.__name__, operation)


resume, stop = batch_scheduler.resume, batch_scheduler.stop
