"""A container of an ECS task, as a process: ministack would ask Docker for it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Thread
from time import time
from typing import IO, Any

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch_logs, ecs

from local.aws import processes
from local.aws.health import UNKNOWN, Check
from local.aws.images import StartError, program

STOP_TIMEOUT = 30  # seconds, where the definition has none
LONGEST = 16384  # bytes of a line, as Docker has it


class Container:
    """One container definition of a task: `record` is what DescribeTasks says of it."""

    def __init__(
        self, definition: dict[str, Any], record: dict[str, Any], override: dict[str, Any], task: str, folder: Path
    ) -> None:
        self.definition, self.record, self.override = definition, record, override
        self.name: str = definition["name"]
        self.task, self.folder = task, folder
        self.essential = str(definition.get("essential", True)).lower() == "true"
        self.depends_on: dict[str, str] = {d["containerName"]: d["condition"] for d in definition.get("dependsOn", [])}
        ports = definition.get("portMappings", [])
        self.port: int = int(ports[0]["containerPort"]) if ports else 0
        self.process: subprocess.Popen[bytes] | None = None
        self.health: Check | None = None
        self._program: dict[str, Any] = {}
        self._environment: dict[str, str] = {}

    def prepare(self, port: int) -> None:
        """Find what it runs and with what, before any container of the task starts; raises StartError."""
        self._program = program(self.definition["image"])
        try:
            secrets = ecs._resolve_container_secrets(self.definition)
        except ecs._SecretResolutionError as error:
            raise StartError(
                "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
                f"failed: {error}"
            ) from None
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            **self._program.get("environment", {}),
            **_pairs(self.definition),
            **secrets,
            **_pairs(self.override),
            **of_this_machine(),
        }
        if self.port:
            self._environment |= {"HOST": "127.0.0.1", "PORT": str(port)}
            binding = {"bindIP": "127.0.0.1", "containerPort": self.port, "hostPort": port, "protocol": "tcp"}
            self.record["networkBindings"] = [binding]

    def start(self) -> None:
        """Start its process, its log and its health check."""
        stream = self._log_stream()
        line = self._entry_point() + (self.override.get("command") or self.definition.get("command") or [])
        try:
            self.process = processes.start(line, self.folder, self._environment, subprocess.PIPE)
        except OSError as error:
            raise StartError(f"CannotStartContainerError: {error.strerror}") from None
        self.record.update(lastStatus="RUNNING", runtimeId=str(self.process.pid))
        scope = get_account_id(), get_region()
        Thread(target=log, args=(self.process.stdout, stream, *scope), daemon=True, name=f"log {self.name}").start()
        if check := self.definition.get("healthCheck"):
            self.health = Check(
                passes=lambda: self._passes(check["command"], float(check.get("timeout", 5))),
                changed=lambda state: self.record.update(healthStatus=state),
                interval=float(check.get("interval", 30)),
                failures=int(check.get("retries", 3)),
                grace=float(check.get("startPeriod", 0)),
                eager=min(2, float(check.get("interval", 30))),
            )
            self.health.begin()

    def poll(self) -> int | None:
        """Return its exit code once it has ended; 137 where it was killed, as Docker says it."""
        code = processes.poll(self.process) if self.process else None
        if code is not None and self.record["lastStatus"] != "STOPPED":
            code = 128 - code if code < 0 else code
            self.record.update(lastStatus="STOPPED", exitCode=code)
            if self.health:
                self.health.end()
        return self.record.get("exitCode")

    def stop(self) -> None:
        """Stop it with SIGTERM, and with SIGKILL when it has not ended within its StopTimeout."""
        if self.process and self.poll() is None:
            processes.end(self.process, float(self.definition.get("stopTimeout") or STOP_TIMEOUT))
        self.poll()

    @property
    def state(self) -> str:
        return self.health.state if self.health else UNKNOWN

    def _entry_point(self) -> list[str]:
        line: list[str] = self.definition.get("entryPoint") or self._program["entrypoint"]
        return line

    def _passes(self, command: list[str], timeout: float) -> bool:
        kind, *line = command
        if kind == "CMD-SHELL":
            line = ["/bin/sh", "-c", *line]
        elif line[0] == "entrypoint":  # the image has it on its PATH
            line = [*self._entry_point(), *line[1:]]
        where = {"cwd": self.folder, "env": self._environment}
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        try:
            return subprocess.run(line, timeout=timeout, **where, **quiet).returncode == 0  # type: ignore[call-overload, no-any-return]
        except (OSError, subprocess.TimeoutExpired):
            return False

    def _log_stream(self) -> dict[str, Any] | None:
        config: dict[str, Any] | None = ecs._awslogs_config(self.definition, self.task, self.task)
        if config:
            with request_scope(get_account_id(), config["region"] or get_region()):
                if not ecs._ensure_awslogs_stream(config):
                    raise StartError(
                        "ResourceInitializationError: failed to validate logger args: The specified log group does not "
                        f"exist: {config['group']}"
                    )
        return config


def _pairs(definition: Mapping[str, Any]) -> dict[str, str]:
    return {pair["name"]: str(pair["value"]) for pair in definition.get("environment", [])}


def of_this_machine() -> dict[str, str]:
    """Return what leads a container to the emulator, where AWS would be."""
    endpoint = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
    authority = os.environ.get("DB_CA_FILE") or os.environ.get("DATABASE_CA_FILE")
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "MLFLOW_S3_ENDPOINT_URL": endpoint,
        # The emulator's own: it checks the signature of a link to an object, which MLflow hands to its clients.
        "AWS_ACCESS_KEY_ID": os.environ.get("AWS_ACCESS_KEY_ID", "test"),
        "AWS_SECRET_ACCESS_KEY": os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
        "AWS_REGION": get_region(),
        "AWS_DEFAULT_REGION": get_region(),
        **({"DB_CA_FILE": authority} if authority else {}),
    }


def log(output: IO[bytes], stream: dict[str, Any] | None, account: str, region: str) -> None:
    """Send what a container says to CloudWatch Logs, a line an event."""
    with output, request_scope(account, (stream and stream["region"]) or region):
        for lines in _lines(output.fileno()):
            if stream and stream["group"] in cloudwatch_logs._log_groups:
                at = int(time() * 1000)
                events = [{"timestamp": at, "message": line.decode(errors="replace")} for line in lines]
                where = {"logGroupName": stream["group"], "logStreamName": stream["stream"]}
                cloudwatch_logs._put_log_events({**where, "logEvents": events})


def _lines(output: int) -> Iterator[list[bytes]]:
    """Yield the lines of a file descriptor, as many at once as are there; a long one comes in pieces."""
    rest = b""
    while chunk := os.read(output, 65536):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > LONGEST:
            lines, rest = [*lines, rest], b""
        if lines:
            yield lines
    if rest:
        yield [rest]
