"""MLflow's service on ECS: one-off runs of its `migrate` container, and why tasks of an image stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from commands import CommandError
from commands.stack import CLUSTER, SERVICE

if TYPE_CHECKING:
    import boto3

    from commands.progress import Progress
    from commands.stack import Stack

MIGRATE = "migrate"  # the container's name, as templates_py/mlflow/containers.py gives it
# What `entrypoint migrate` ends with.
UP_TO_DATE, NEEDS_UPGRADE, SCHEMA_IS_NEWER = 0, 3, 4

Answer = dict[str, Any]


@dataclass(frozen=True)
class Stopped:
    """How a container ended: its exit code (None: it never ran), ECS's reason, and the last lines that it said."""

    exit_code: int | None
    reason: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        said = "; ".join(part for part in (self.reason, *self.lines) if part)
        return said or f"exit code {self.exit_code}, and it said nothing"


class Service:
    """The service of an MLflow stack. Raises CommandError where the stack has none."""

    def __init__(self, session: boto3.Session, mlflow: Stack) -> None:
        self._ecs: Any = session.client("ecs")
        self._logs: Any = session.client("logs")
        self.cluster, self.name = mlflow.output(CLUSTER), mlflow.output(SERVICE)

    def migrate(self, image: str, progress: Progress, *arguments: str) -> Stopped:
        """Run the `migrate` container of the service's task by itself, with another image, and wait for its end.

        The run goes on where this is interrupted: a migration is never stopped half-way.
        """
        service: Answer = self._ecs.describe_services(cluster=self.cluster, services=[self.name])["services"][0]
        revision = self._revision(service["taskDefinition"], image, arguments)
        try:
            started: Answer = self._ecs.run_task(
                cluster=self.cluster,
                taskDefinition=revision["taskDefinitionArn"],
                launchType="FARGATE",
                networkConfiguration=service["networkConfiguration"],
                startedBy="hydra-commands",
                count=1,
            )
            if not started["tasks"]:
                reasons = "; ".join(failure.get("reason", "") for failure in started["failures"])
                raise CommandError(f"{' '.join((MIGRATE, *arguments))}: ECS starts no task: {reasons}")
            arn = started["tasks"][0]["taskArn"]
            said = f"Running {' '.join((MIGRATE, *arguments))} of image {image.rpartition(':')[2]}"
            task = progress.until(lambda: self._stopped(arn), said)
        finally:
            self._ecs.deregister_task_definition(taskDefinition=revision["taskDefinitionArn"])
        return self._ending(task, revision["containerDefinitions"][0])

    def _revision(self, definition: str, image: str, arguments: tuple[str, ...]) -> Answer:
        """Register a task of the service's `migrate` container alone, as it is but for its image and arguments."""
        current: Answer = self._ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
        taken = self._ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape.members
        container = next(one for one in current["containerDefinitions"] if one["name"] == MIGRATE)
        command = [*container["command"], *arguments]
        alone = {**container, "image": image, "command": command, "essential": True}
        same = {key: value for key, value in current.items() if key in taken}
        family = f"{current['family']}-{MIGRATE}"
        answer = self._ecs.register_task_definition(**{**same, "family": family, "containerDefinitions": [alone]})
        return dict(answer["taskDefinition"])

    def _stopped(self, arn: str) -> Answer | None:
        (task,) = self._ecs.describe_tasks(cluster=self.cluster, tasks=[arn])["tasks"]
        return task if task["lastStatus"] == "STOPPED" else None

    def _ending(self, task: Answer, definition: Answer) -> Stopped:
        container = next(one for one in task["containers"] if one["name"] == definition["name"])
        lines = self._last_lines(definition, task["taskArn"].rpartition("/")[2])
        code = container.get("exitCode")
        # The task's reason is no news where the container itself ended.
        return Stopped(
            code, container.get("reason") or ("" if code is not None else task.get("stoppedReason", "")), lines
        )

    def _last_lines(self, definition: Answer, task_id: str, count: int = 3) -> tuple[str, ...]:
        options = definition.get("logConfiguration", {}).get("options", {})
        if "awslogs-group" not in options:
            return ()
        stream = f"{options.get('awslogs-stream-prefix')}/{definition['name']}/{task_id}"
        try:
            events = self._logs.get_log_events(
                logGroupName=options["awslogs-group"], logStreamName=stream, limit=count, startFromHead=False
            )["events"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":  # it never ran
                return ()
            raise
        return tuple(event["message"].strip() for event in events)

    def why_stopped(self, image: str) -> str:
        """Return why the newest stopped task of an image stopped, in one line; empty where ECS knows of none."""
        arns = self._ecs.list_tasks(cluster=self.cluster, desiredStatus="STOPPED")["taskArns"][:100]
        tasks = self._ecs.describe_tasks(cluster=self.cluster, tasks=arns)["tasks"] if arns else []
        for task in sorted(tasks, key=lambda task: task["createdAt"], reverse=True):
            definition = self._ecs.describe_task_definition(taskDefinition=task["taskDefinitionArn"])["taskDefinition"]
            containers = definition["containerDefinitions"]
            if image in (container["image"] for container in containers):
                endings = {container["name"]: self._ending(task, container) for container in containers}
                bad = {name: end for name, end in endings.items() if end.exit_code not in (None, UP_TO_DATE)}
                said = [f"{name} ended with {end.exit_code}: {end}" for name, end in bad.items()]
                said = said or [str(end) for end in endings.values() if end.exit_code is None][:1]
                return " - ".join(dict.fromkeys([task.get("stoppedReason", "stopped"), *said]))
        return ""
