"""Jobs of Batch, as they are asked for."""

from __future__ import annotations

from copy import deepcopy

from local.aws import batch_records
from local.aws.batch_api import Record
from local.aws.batch_records import children, jobs, lock
from local.aws.batch_resources import QUEUES

SUMMARY = (
    *("jobArn", "jobId", "jobName", "jobDefinition", "arrayProperties"),
    *("status", "statusReason", "createdAt", "startedAt", "stoppedAt"),
)


def describe_jobs(request: Record) -> Record:
    with lock:  # and a copy: the answer is written down without the lock
        return {"jobs": [deepcopy(jobs[job_id]) for job_id in request["jobs"] if job_id in jobs]}


def list_jobs(request: Record) -> Record:
    with lock:
        found = [_summary(job) for job in _asked(request)]
    start, most = int(request.get("nextToken") or 0), request.get("maxResults", 100)
    more = {"nextToken": str(start + most)} if len(found) > start + most else {}
    return {"jobSummaryList": found[start : start + most], **more}


def _asked(request: Record) -> list[Record]:
    if parent := request.get("arrayJobId"):
        found = children(batch_records.find(parent))
    else:
        queue = QUEUES.find(request.get("jobQueue", ""))["jobQueueArn"]
        found = [job for job in jobs.values() if job["jobQueue"] == queue and ":" not in job["jobId"]]
    if filters := request.get("filters"):
        return [job for job in found if all(_fits(job, one["name"], one["values"]) for one in filters)]
    return [job for job in found if job["status"] == request.get("jobStatus", "RUNNING")]


def _summary(job: Record) -> Record:
    container = {key: job["container"][key] for key in ("exitCode", "reason") if key in job["container"]}
    return {**{key: deepcopy(job[key]) for key in SUMMARY if key in job}, "container": container}


def _fits(job: Record, name: str, values: list[str]) -> bool:
    (value, *_) = values
    if name.endswith("CREATED_AT"):
        return bool(job["createdAt"] < int(value) if name.startswith("BEFORE") else job["createdAt"] > int(value))
    definition = job["jobDefinition"]
    said = {
        "JOB_NAME": job["jobName"],
        "JOB_DEFINITION": definition if value.startswith("arn:") else definition.rpartition("/")[2].partition(":")[0],
        "SHARE_IDENTIFIER": job.get("shareIdentifier", ""),
    }
    text, pattern = str(said[name]).lower(), value.lower()
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
