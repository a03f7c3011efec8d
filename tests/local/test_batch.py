"""Jobs of Batch here: their commands run, and come to the ends that AWS gives them."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.checkout import Checkout, is_alive, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("batch")]

NUMBERS = count()
LIMIT = "jobs that run too long"


class Batch:
    """Batch in a checkout, with environments and queues as they are asked for."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout, self.api = checkout, checkout.client("batch")

    def environment(self) -> str:
        name = f"environment{next(NUMBERS)}"
        resources = {"type": "FARGATE", "maxvCpus": 4, "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
        self.api.create_compute_environment(computeEnvironmentName=name, type="MANAGED", computeResources=resources)
        return name

    def queue(self, environment: str = "", priority: int = 1) -> str:
        """Make a queue, for an environment of its own unless one is given; return its name."""
        name = f"queue{next(NUMBERS)}"
        order = [{"order": 1, "computeEnvironment": environment or self.environment()}]
        self.api.create_job_queue(jobQueueName=name, priority=priority, computeEnvironmentOrder=order)
        return name

    def submit(self, queue: str, *command: str, container: Any = None, overrides: Any = None, **job: Any) -> str:
        """Submit a job with a definition of its own; one word is a line for the shell."""
        line = list(command) if len(command) > 1 else ["sh", "-c", *command]
        name = f"job{next(NUMBERS)}"
        properties = {"image": "it", "vcpus": 1, "memory": 128, "command": line, **(container or {})}
        self.api.register_job_definition(jobDefinitionName=name, type="container", containerProperties=properties)
        submitted = self.api.submit_job(
            jobName=name, jobQueue=queue, jobDefinition=name, containerOverrides=overrides or {}, **job
        )
        return str(submitted["jobId"])

    def job(self, job: str) -> dict[str, Any]:
        (found,) = self.api.describe_jobs(jobs=[job])["jobs"]
        return dict(found)

    def reached(self, job: str, *states: str) -> dict[str, Any]:
        """Return a job once it is in one of these states."""

        def there() -> dict[str, Any] | None:
            found = self.job(job)
            if found["status"] in states:
                return found
            assert found["status"] not in ("SUCCEEDED", "FAILED"), found
            return None

        return until(there, f"{states} of {job}")

    def ended(self, job: str) -> dict[str, Any]:
        return self.reached(job, "SUCCEEDED", "FAILED")

    def said(self, job: dict[str, Any], group: str = "/aws/batch/job") -> list[str]:
        """Return the lines that a job's last attempt wrote."""
        stream = job["container"]["logStreamName"]
        events = self.checkout.client("logs").get_log_events(logGroupName=group, logStreamName=stream)["events"]
        return [event["message"] for event in events]


@pytest.fixture(scope="module")
def batch() -> Iterator[Batch]:
    with Checkout() as checkout:
        yield Batch(checkout)


@pytest.fixture(scope="module", autouse=True)
def endless(batch: Batch) -> str:
    """A job that is to be timed out: submitted before all tests, as no time limit may be below a minute."""
    retries = {"attempts": 3}
    return batch.submit(batch.queue(), "sleep", "1000", timeout={"attemptDurationSeconds": 60}, retryStrategy=retries)


@pytest.fixture(scope="module")
def queue(batch: Batch) -> str:
    return batch.queue()


def endless_line(started: Path) -> str:
    """A shell line that never ends, nor does its child, and that first writes the numbers of both."""
    return f"sleep 1000 & echo $$ $! > {shlex.quote(str(started))}.partial; mv {started}.partial {started}; wait"


def numbers(started: Path) -> list[int]:
    until(started.exists, "the start of a job")
    return [int(number) for number in started.read_text().split()]


def test_a_command_runs_with_what_a_container_of_batch_finds(batch: Batch, queue: str) -> None:
    properties = {"environment": [{"name": "A", "value": "a"}, {"name": "B", "value": "b"}]}
    overrides = {"environment": [{"name": "B", "value": "c"}]}
    done = batch.ended(batch.submit(queue, "echo begun >&2; env", container=properties, overrides=overrides))
    first, *variables = batch.said(done)
    assert first == "begun"
    found = dict(line.split("=", 1) for line in variables)
    assert (found["A"], found["B"]) == ("a", "c")
    assert found["AWS_BATCH_JOB_ID"] == done["jobId"]
    assert found["AWS_BATCH_JOB_ATTEMPT"] == "1"
    assert found["AWS_BATCH_JQ_NAME"] == queue
    assert found["AWS_BATCH_CE_NAME"].startswith("environment")
    assert found["AWS_ENDPOINT_URL"] == batch.checkout.url
    assert (found["AWS_ACCESS_KEY_ID"], found["AWS_DEFAULT_REGION"]) == ("test", "eu-west-1")
    assert "GATEWAY_PORT" not in found


def test_a_job_that_succeeds_says_when_and_how(batch: Batch, queue: str) -> None:
    done = batch.ended(batch.submit(queue, "true"))
    assert (done["status"], done["statusReason"]) == ("SUCCEEDED", "Essential container in task exited")
    assert done["createdAt"] <= done["startedAt"] <= done["stoppedAt"]
    assert done["container"]["exitCode"] == 0
    (attempt,) = done["attempts"]
    assert attempt["container"]["exitCode"] == 0
    prefix, container, task = done["container"]["logStreamName"].split("/")
    assert done["jobDefinition"].endswith(f":job-definition/{prefix}:1")
    assert container == "default"
    assert done["container"]["taskArn"].endswith(task)


def test_a_job_speaks_to_the_emulator(batch: Batch, queue: str) -> None:
    line = """
import os, boto3
(job,) = boto3.client("batch").describe_jobs(jobs=[os.environ["AWS_BATCH_JOB_ID"]])["jobs"]
print(job["status"])
"""
    assert batch.said(batch.ended(batch.submit(queue, "python", "-c", line))) == ["RUNNING"]


@pytest.mark.parametrize(("line", "code"), [("exit 3", 3), ("kill -9 $$", 137)])
def test_a_job_that_fails_says_its_exit_code(batch: Batch, queue: str, line: str, code: int) -> None:
    failed = batch.ended(batch.submit(queue, line))
    assert failed["status"] == "FAILED"
    assert failed["container"]["exitCode"] == failed["attempts"][0]["container"]["exitCode"] == code


def test_secrets_are_injected(batch: Batch, queue: str) -> None:
    secret = batch.checkout.client("secretsmanager").create_secret(
        Name=f"secret{next(NUMBERS)}", SecretString='{"user": "hydra"}'
    )["ARN"]
    batch.checkout.client("ssm").put_parameter(Name="/uri", Value="http://mlflow", Type="String")
    wanted = [{"name": "WHO", "valueFrom": f"{secret}:user::"}, {"name": "WHERE", "valueFrom": "/uri"}]
    done = batch.ended(batch.submit(queue, "echo $WHO $WHERE", container={"secrets": wanted}))
    assert batch.said(done) == ["hydra http://mlflow"]
    assert "hydra" not in str(done)


def test_what_cannot_start_says_why(batch: Batch, queue: str) -> None:
    def reason(*command: str, **properties: Any) -> str:
        failed = batch.ended(batch.submit(queue, *command, container=properties))
        assert (failed["status"], failed["statusReason"]) == ("FAILED", "Task failed to start")
        assert "exitCode" not in failed["container"]
        return str(failed["container"]["reason"])

    assert "no-such-program: executable file not found" in reason("no-such-program", "x")
    assert "no command is given" in reason("x", command=[])
    assert "unable to" in reason("true", secrets=[{"name": "A", "valueFrom": "/no/such/parameter"}])
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "no-such-group"}}
    assert "log group does not exist: no-such-group" in reason("true", logConfiguration=logs)


def test_logs_go_where_the_definition_says(batch: Batch, queue: str) -> None:
    batch.checkout.client("logs").create_log_group(logGroupName="jobs")
    options = {"awslogs-group": "jobs", "awslogs-stream-prefix": "mine"}
    logs = {"logConfiguration": {"logDriver": "awslogs", "options": options}}
    done = batch.ended(batch.submit(queue, "echo one; echo; printf two", container=logs))
    assert done["container"]["logStreamName"].startswith("mine/default/")
    assert [line.strip() for line in batch.said(done, "jobs")] == ["one", "", "two"]


def test_a_line_without_an_end_is_logged_in_pieces(batch: Batch, queue: str) -> None:
    done = batch.ended(batch.submit(queue, "head -c 100000 /dev/zero | tr '\\0' x"))
    said = batch.said(done)
    assert len(said) > 1
    assert "".join(said) == "x" * 100_000


def test_parameters_are_put_into_the_command(batch: Batch, queue: str) -> None:
    name = f"job{next(NUMBERS)}"
    properties = {"image": "it", "command": ["echo", "Ref::who", "Ref::what", "Ref::none"]}
    batch.api.register_job_definition(
        jobDefinitionName=name, type="container", containerProperties=properties, parameters={"who": "a", "what": "b"}
    )
    job = batch.api.submit_job(jobName=name, jobQueue=queue, jobDefinition=f"{name}:1", parameters={"what": "c d"})
    done = batch.ended(job["jobId"])
    assert batch.said(done) == ["a c d Ref::none"]
    assert done["parameters"] == {"who": "a", "what": "c d"}


def test_a_job_is_tried_again_as_often_as_it_may_be(batch: Batch, queue: str) -> None:
    line = 'echo attempt $AWS_BATCH_JOB_ATTEMPT; test $AWS_BATCH_JOB_ATTEMPT = "$0"'
    done = batch.ended(batch.submit(queue, "sh", "-c", line, "3", retryStrategy={"attempts": 3}))
    assert done["status"] == "SUCCEEDED"
    assert [attempt["container"]["exitCode"] for attempt in done["attempts"]] == [1, 1, 0]
    assert batch.said(done) == ["attempt 3"]
    failed = batch.ended(batch.submit(queue, "sh", "-c", line, "3", retryStrategy={"attempts": 2}))
    assert (failed["status"], len(failed["attempts"])) == ("FAILED", 2)


@pytest.mark.parametrize(
    ("rules", "attempts"),
    [
        ([{"onExitCode": "3", "action": "RETRY"}, {"onExitCode": "*", "action": "EXIT"}], 3),
        ([{"onExitCode": "4*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}], 1),
        ([{"onExitCode": "4*", "action": "EXIT"}], 3),
        ([{"onStatusReason": "Essential container*", "onExitCode": "3", "action": "exit"}], 1),
    ],
)
def test_what_a_job_ends_with_says_whether_it_is_tried_again(
    batch: Batch, queue: str, rules: list[dict[str, str]], attempts: int
) -> None:
    strategy = {"attempts": 3, "evaluateOnExit": rules}
    failed = batch.ended(batch.submit(queue, "exit 3", retryStrategy=strategy))
    assert (failed["status"], len(failed["attempts"])) == ("FAILED", attempts)


def test_a_job_waits_for_what_it_depends_on(batch: Batch, queue: str, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    first = batch.submit(queue, f"until test -e {gate}; do sleep 0.05; done")
    second = batch.submit(queue, "true", dependsOn=[{"jobId": first}])
    batch.reached(first, "RUNNING")
    assert batch.job(second)["status"] == "PENDING"
    gate.touch()
    assert batch.ended(second)["status"] == "SUCCEEDED"
    assert batch.job(first)["stoppedAt"] <= batch.job(second)["startedAt"]


def test_a_job_fails_with_what_it_depends_on(batch: Batch, queue: str) -> None:
    first = batch.submit(queue, "exit 1")
    second = batch.submit(queue, "true", dependsOn=[{"jobId": first}])
    third = batch.submit(queue, "true", dependsOn=[{"jobId": second}])
    failed = batch.ended(third)
    assert (failed["status"], failed["statusReason"]) == ("FAILED", "Dependent Job failed")
    assert failed["attempts"] == batch.job(second)["attempts"] == []


def test_a_job_that_waits_is_cancelled_and_one_that_runs_is_terminated(
    batch: Batch, queue: str, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    running = batch.submit(queue, endless_line(started), retryStrategy={"attempts": 3})
    waiting = batch.submit(queue, "true", dependsOn=[{"jobId": running}])
    processes = numbers(started)

    batch.api.cancel_job(jobId=waiting, reason="no need")
    cancelled = batch.ended(waiting)
    assert (cancelled["status"], cancelled["statusReason"]) == ("FAILED", "no need")
    assert cancelled["isCancelled"]

    batch.api.cancel_job(jobId=running, reason="no need")
    assert batch.job(running)["status"] == "RUNNING"
    batch.api.terminate_job(jobId=running, reason="enough")
    ended = batch.ended(running)
    assert (ended["status"], ended["statusReason"], len(ended["attempts"])) == ("FAILED", "enough", 1)
    assert ended["container"]["exitCode"] == 143
    assert not any(map(is_alive, processes))


def test_an_array_runs_its_children(batch: Batch, queue: str) -> None:
    line = "echo $AWS_BATCH_JOB_ARRAY_INDEX of $AWS_BATCH_JOB_ARRAY_SIZE; test $AWS_BATCH_JOB_ARRAY_INDEX != $FAILS"
    overrides = {"environment": [{"name": "FAILS", "value": "none"}]}
    first = batch.submit(
        queue, line, overrides=overrides, arrayProperties={"size": 3}, dependsOn=[{"type": "SEQUENTIAL"}]
    )
    done = batch.ended(first)
    assert done["status"] == "SUCCEEDED"
    assert done["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 3
    children = [batch.job(f"{first}:{index}") for index in range(3)]
    assert [batch.said(child) for child in children] == [["0 of 3"], ["1 of 3"], ["2 of 3"]]
    assert all(a["stoppedAt"] <= b["startedAt"] for a, b in pairwise(children))

    overrides["environment"][0]["value"] = "1"
    needed = [{"jobId": first, "type": "N_TO_N"}]
    failed = batch.submit(queue, line, overrides=overrides, arrayProperties={"size": 3}, dependsOn=needed)
    assert batch.ended(failed)["status"] == "FAILED"
    found = batch.api.list_jobs(arrayJobId=failed, jobStatus="FAILED")["jobSummaryList"]
    assert [each["jobId"] for each in found] == [f"{failed}:1"]


def test_where_room_is_short_the_queue_of_higher_priority_comes_first(batch: Batch, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    environment = batch.environment()
    low, high = batch.queue(environment, priority=1), batch.queue(environment, priority=9)
    for _ in range(2):
        batch.reached(batch.submit(low, f"until test -e {gate}; do sleep 0.05; done"), "RUNNING")
    later = [batch.submit(queue, "true") for queue in (low, low, high, high)]
    assert [batch.job(job)["status"] for job in later] == ["RUNNABLE"] * 4
    gate.touch()
    starts = [batch.ended(job)["startedAt"] for job in later]
    assert max(starts[2:]) <= min(starts[:2])


def test_jobs_are_listed_by_queue_and_state(batch: Batch) -> None:
    queue = batch.queue()
    jobs = [batch.submit(queue, line) for line in ("true", "true", "exit 1")]
    done, *_ = [batch.ended(job) for job in jobs]

    def listed(**asked: Any) -> list[str]:
        return [job["jobId"] for job in batch.api.list_jobs(jobQueue=queue, **asked)["jobSummaryList"]]

    assert listed() == []
    assert listed(jobStatus="SUCCEEDED") == jobs[:2]
    assert listed(jobStatus="FAILED") == jobs[2:]
    assert listed(filters=[{"name": "JOB_NAME", "values": [done["jobName"].upper()]}]) == jobs[:1]
    assert listed(filters=[{"name": "AFTER_CREATED_AT", "values": ["0"]}]) == jobs
    pages = batch.api.get_paginator("list_jobs").paginate(
        jobQueue=queue, jobStatus="SUCCEEDED", PaginationConfig={"PageSize": 1}
    )
    assert [[job["jobId"] for job in page["jobSummaryList"]] for page in pages] == [[job] for job in jobs[:2]]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"jobQueue": "none"}, "Job queue none does not exist"),
        ({"jobDefinition": "none"}, "Job definition none does not exist"),
        ({"jobDefinition": "wrong:7"}, "Job definition wrong:7 does not exist"),
        ({"jobName": "a b"}, "Job name a b should match"),
        ({"timeout": {"attemptDurationSeconds": 59}}, "at least 60 seconds"),
        ({"retryStrategy": {"attempts": 11}}, "between 1 and 10"),
        ({"dependsOn": [{"jobId": "none"}]}, "Job none does not exist"),
        ({"arrayProperties": {"size": 1}}, "between 2 and 10,000"),
    ],
)
def test_a_wrong_job_is_refused(batch: Batch, queue: str, wrong: dict[str, Any], reason: str) -> None:
    container = {"image": "it", "command": ["true"]}
    batch.api.register_job_definition(jobDefinitionName="wrong", type="container", containerProperties=container)
    request = {"jobName": "wrong", "jobQueue": queue, "jobDefinition": "wrong", **wrong}
    with pytest.raises(ClientError, match=reason) as error:
        batch.api.submit_job(**request)
    assert error.value.response["Error"]["Code"] == "ClientException"


def test_a_disabled_queue_takes_no_job_and_goes_with_those_it_has(batch: Batch, tmp_path: Path) -> None:
    queue, started = batch.queue(), tmp_path / "started"
    job = batch.submit(queue, endless_line(started))
    processes = numbers(started)
    batch.api.update_job_queue(jobQueue=queue, state="DISABLED")
    with pytest.raises(ClientError, match="DISABLED"):
        batch.submit(queue, "true")
    batch.api.delete_job_queue(jobQueue=queue)
    assert batch.ended(job)["statusReason"] == "JobQueue was deleted"
    assert not any(map(is_alive, processes))


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_jobs_outlive_the_emulator(tmp_path: Path, end: signal.Signals) -> None:
    started = [tmp_path / name for name in ("once", "twice")]
    with Checkout() as checkout:
        batch = Batch(checkout)
        queue = batch.queue()
        before = batch.ended(batch.submit(queue, "true"))
        once = batch.submit(queue, endless_line(started[0]))
        line = f"test $AWS_BATCH_JOB_ATTEMPT = 2 || {{ {endless_line(started[1])}; }}"
        rules = [{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
        twice = batch.submit(queue, line, retryStrategy={"attempts": 2, "evaluateOnExit": rules})
        waiting = batch.submit(queue, "true", dependsOn=[{"jobId": twice}])
        processes = [*numbers(started[0]), *numbers(started[1])]
        batch.reached(twice, "RUNNING")
        state = checkout.state / "state/batch.json"
        until(lambda: state.exists() and queue in state.read_text(), "the emulator's state on disk")

        checkout.end(end)
        if end == signal.SIGTERM:
            assert not any(map(is_alive, processes))
        checkout.start()
        assert not any(map(is_alive, processes))
        assert not (checkout.state / "batch" / once).exists()

        lost = batch.ended(once)
        assert lost["status"] == "FAILED"
        assert lost["statusReason"].startswith("Host EC2")
        assert "exitCode" not in lost["attempts"][0]["container"]
        assert batch.ended(twice)["status"] == "SUCCEEDED"
        assert len(batch.job(twice)["attempts"]) == 2
        assert batch.ended(waiting)["status"] == "SUCCEEDED"
        assert batch.job(before["jobId"]) == before


def test_a_job_that_runs_too_long_is_ended_and_not_tried_again(batch: Batch, endless: str) -> None:
    ended = batch.ended(endless)
    assert (ended["status"], len(ended["attempts"])) == ("FAILED", 1)
    assert ended["statusReason"] == "Job attempt duration exceeded timeout"
    assert ended["stoppedAt"] - ended["startedAt"] >= 60_000
