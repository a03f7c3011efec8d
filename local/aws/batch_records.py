"""The records of jobs, as DescribeJobs answers them: a file each, written at each change: a crash loses none."""

from __future__ import annotations

import shutil
import threading
import time
from uuid import uuid4

from ministack.core.responses import get_account_id, get_region

from local import files
from local.aws.batch_api import ClientError, Record
from local.places import PLATFORM

FOLDER = PLATFORM / "batch"
KEPT = 7 * 24 * 3600 * 1000  # milliseconds for which AWS, too, knows a job that has ended
ENDED = ("SUCCEEDED", "FAILED")

jobs: dict[str, Record] = {}
lock = threading.RLock()  # of all records


def now() -> int:
    return int(time.time() * 1000)


def arn(kind: str, name: str) -> str:
    return f"arn:aws:batch:{get_region()}:{get_account_id()}:{kind}/{name}"


def find(job_id: str) -> Record:
    """Return the record of a job. Raises ClientError where there is none."""
    if job_id not in jobs:
        raise ClientError(f"Job {job_id} does not exist")
    return jobs[job_id]


def add(job: Record, job_id: str = "") -> Record:
    job_id = job_id or str(uuid4())
    job = {**job, "jobId": job_id, "jobArn": arn("job", job_id), "status": "SUBMITTED", "createdAt": now()}
    jobs[job_id] = job
    save(job)
    return job


def change(job: Record, status: str, **changes: object) -> None:
    """Change a job's status, and what else is given; None takes a key away."""
    job.update(changes, status=status)
    for key in [key for key, value in job.items() if value is None]:
        del job[key]
    save(job)


def save(job: Record) -> None:
    files.write(FOLDER / f"{job['jobId']}.json", job)


def children(job: Record) -> list[Record]:
    """Return the jobs of an array job, in order."""
    return [jobs[f"{job['jobId']}:{index}"] for index in range(job["arrayProperties"]["size"])]


def load() -> None:
    """Read all records that are there, in the order in which they came; those that ended long ago go."""
    FOLDER.mkdir(parents=True, exist_ok=True, mode=0o700)  # a job's environment is its owner's business
    for left in FOLDER.glob("*/"):  # of an attempt, when the emulator was killed
        shutil.rmtree(left)
    read = {job["jobId"]: job for job in map(files.read, FOLDER.glob("*.json"))}
    for job in sorted(read.values(), key=_order):
        whole = read.get(job["jobId"].partition(":")[0])  # none: the emulator was killed while it took the array
        if whole and whole.get("stoppedAt", now()) > now() - KEPT:
            jobs[job["jobId"]] = job
        else:
            (FOLDER / f"{job['jobId']}.json").unlink()


def _order(job: Record) -> tuple[int, float]:
    array = job.get("arrayProperties", {})
    return job["createdAt"], array.get("index", float("inf"))
