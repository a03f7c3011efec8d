"""What is written down of a job's attempts: where one begins, how it ended, and whether there is another one."""

from __future__ import annotations

from fnmatch import fnmatchcase
from uuid import uuid4

from local.aws.batch_api import Record
from local.aws.batch_records import change, now
from local.aws.job import Outcome

LOST = Outcome(None, "Host EC2 (instance i-00000000000000000) terminated.")


def begin(job: Record, environment: Record) -> None:
    """Give a job its place in a compute environment: a task, and the log stream named after it."""
    definition = job["jobDefinition"].rpartition("/")[2].partition(":")[0]
    logs = job["container"].get("logConfiguration", {}).get("options", {})
    task = uuid4().hex
    cluster = environment["ecsClusterArn"].rpartition("/")[2]
    container = {key: value for key, value in job["container"].items() if key not in ("exitCode", "reason")}
    container["logStreamName"] = f"{logs.get('awslogs-stream-prefix', definition)}/default/{task}"
    container["taskArn"] = f"{environment['ecsClusterArn'].rpartition(':')[0]}:task/{cluster}/{task}"
    change(job, "STARTING", container=container, statusReason=None, startedAt=None, stoppedAt=None)


def record(job: Record, outcome: Outcome) -> None:
    """Write down how an attempt ended, and whether there is another one."""
    ended = {"exitCode": outcome.exit_code, "reason": outcome.reason}
    told = {key: value for key, value in ended.items() if value is not None}
    container = {**job["container"], **told}
    about = {key: container[key] for key in ("taskArn", "logStreamName") if key in container}
    attempt = {
        "container": {**about, **told, "networkInterfaces": []},
        "startedAt": job.get("startedAt"),
        "stoppedAt": now(),
        "statusReason": outcome.status_reason,
    }
    job["attempts"].append({key: value for key, value in attempt.items() if value is not None})
    retried = outcome.exit_code != 0 and not outcome.is_final and _retried(job["retryStrategy"], outcome, job)
    state = "SUCCEEDED" if outcome.exit_code == 0 and not outcome.is_final else "RUNNABLE" if retried else "FAILED"
    change(job, state, container=container, stoppedAt=None if retried else now(), statusReason=outcome.status_reason)


def _retried(strategy: Record, outcome: Outcome, job: Record) -> bool:
    if len(job["attempts"]) >= strategy["attempts"]:
        return False
    code = "" if outcome.exit_code is None else str(outcome.exit_code)
    for rule in strategy["evaluateOnExit"]:
        patterns = {"onExitCode": code, "onReason": outcome.reason or "", "onStatusReason": outcome.status_reason}
        if all(key not in rule or fnmatchcase(said, rule[key]) for key, said in patterns.items()):
            return bool(rule["action"].upper() == "RETRY")
    return True
