"""When a job of Batch runs: its states from SUBMITTED to its end, its attempts, its place in a compute environment.

No scheduler of its own beyond that: the jobs of the queue of the highest priority first, and in their order.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import AbstractContextManager, suppress
from os import environ
from urllib.request import urlopen

from ministack.core.responses import request_scope

from local.aws import batch_records
from local.aws.batch_api import ClientError, Record
from local.aws.batch_attempts import LOST, begin, record
from local.aws.batch_records import ENDED, change, children, jobs, lock, now
from local.aws.batch_resources import ENVIRONMENTS, QUEUES
from local.aws.job import Attempt

SLOTS = 2  # jobs at once in a compute environment, whatever its vCPUs
STATES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", *ENDED)

_running: dict[str, Attempt] = {}
_ends = threading.Event()  # the emulator's end: what ends now was not the job's own doing
_serves = threading.Event()


def wake() -> None:
    """Take every job as far as it can go."""
    with lock:
        for job in [job for job in jobs.values() if job["status"] in ("SUBMITTED", "PENDING")]:
            _of_array(job) if "size" in job.get("arrayProperties", {}) else _of_dependencies(job)
        if not _serves.is_set() or _ends.is_set():
            return
        for job in sorted((job for job in jobs.values() if job["status"] == "RUNNABLE"), key=_turn):
            with _region_of(job):
                if environment := _with_a_slot(job):
                    _start(job, environment)


def _of_array(job: Record) -> None:
    states = Counter(child["status"] for child in children(job))
    job["arrayProperties"]["statusSummary"] = {state: states[state] for state in STATES}
    if states["SUCCEEDED"] + states["FAILED"] < job["arrayProperties"]["size"]:
        change(job, "PENDING")
    elif states["FAILED"]:
        change(job, "FAILED", stoppedAt=now(), statusReason="Array Child Job failed")
    else:
        change(job, "SUCCEEDED", stoppedAt=now())


def _of_dependencies(job: Record) -> None:
    states = {jobs[needed["jobId"]]["status"] for needed in job["dependsOn"] if needed.get("jobId") in jobs}
    if "FAILED" in states:
        change(job, "FAILED", stoppedAt=now(), statusReason="Dependent Job failed")
    elif states <= {"SUCCEEDED"}:
        change(job, "RUNNABLE")
    elif job["status"] != "PENDING":
        change(job, "PENDING")


def _turn(job: Record) -> tuple[int, int]:
    with _region_of(job), suppress(ClientError):
        return -QUEUES.find(job["jobQueue"])["priority"], job["createdAt"]
    return 0, job["createdAt"]  # its queue is gone


def _with_a_slot(job: Record) -> Record | None:
    """Return the first of the queue's compute environments that has room."""
    try:
        order = QUEUES.find(job["jobQueue"])["computeEnvironmentOrder"]
        environments = [
            ENVIRONMENTS.find(each["computeEnvironment"]) for each in sorted(order, key=lambda each: int(each["order"]))
        ]
    except ClientError:
        return None  # as on AWS, where such a job waits in RUNNABLE
    taken = Counter(attempt.environment["computeEnvironmentArn"] for attempt in _running.values())
    free = (one for one in environments if one["state"] == "ENABLED" and taken[one["computeEnvironmentArn"]] < SLOTS)
    return next(free, None)


def _start(job: Record, environment: Record) -> None:
    begin(job, environment)
    attempt = _running[job["jobId"]] = Attempt(job, environment)
    threading.Thread(target=_run, args=(job, attempt), name=f"job {job['jobId']}", daemon=True).start()


def _run(job: Record, attempt: Attempt) -> None:
    def running() -> None:
        with lock:
            change(job, "RUNNING", startedAt=now())

    with _region_of(job):
        outcome = attempt.run(running)
    with lock:
        if _ends.is_set():
            return  # the next start finds it as it stands
        del _running[job["jobId"]]
        record(job, outcome)
    wake()


def end(job: Record, reason: str) -> None:
    """End a job for good: at once where it waits, else with its process. The lock is held."""
    if job["status"] in ENDED:
        return
    if attempt := _running.get(job["jobId"]):
        attempt.end(reason)
    else:
        change(job, "FAILED", stoppedAt=now(), statusReason=reason)


def resume() -> None:
    """Take up the jobs of the last time; what ran then has lost its host."""
    batch_records.load()
    with lock:
        for job in [job for job in jobs.values() if job["status"] in ("STARTING", "RUNNING")]:
            record(job, LOST)
    threading.Thread(target=_begin, name="jobs", daemon=True).start()


def _begin() -> None:
    """Let jobs start once the emulator answers them."""
    while not (_ends.is_set() or _answers()):
        time.sleep(0.05)
    _serves.set()
    wake()


def _answers() -> bool:
    with suppress(OSError), urlopen(f"{environ['AWS_ENDPOINT_URL']}/_ministack/health", timeout=10):  # ours  # nosec B310
        return True
    return False


def stop() -> None:
    """Start no more jobs; whoever ends all processes ends those that run."""
    _ends.set()


def _region_of(job: Record) -> AbstractContextManager[None]:
    """Be in the account and the Region of a job, for all that ministack keeps by these."""
    _, _, _, region, account, _ = job["jobArn"].split(":", 5)
    scope: AbstractContextManager[None] = request_scope(account, region)
    return scope
