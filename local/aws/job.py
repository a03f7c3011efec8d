"""One attempt of a job: its command as a process, with what a container of Batch finds around it.

The image is not pulled: the command runs with the programs on the emulator's CONTAINER_PATH, or else with those of the
environment that MLflow's server has here (a Python with mlflow, boto3 and PyMySQL) and of the system; its folder goes
with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ministack.core.responses import get_account_id, get_region
from ministack.services import ecs

from local.aws import batch_records, container, processes
from local.aws.batch_api import Record
from local.aws.images import StartError
from local.debian import LOCAL

EXITED = "Essential container in task exited"
TIMED_OUT = "Job attempt duration exceeded timeout"
GROUP = "/aws/batch/job"
PROGRAMS = LOCAL / "mlflow/bin"
GRACE = 30  # seconds from SIGTERM to SIGKILL
POLLED = 0.05  # seconds


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: with an exit code, or with none where nothing ran or its host went away."""

    exit_code: int | None
    status_reason: str
    reason: str | None = None  # of the container
    is_final: bool = False  # ended on purpose, and so not tried again


@dataclass
class Attempt:
    """An attempt of a job in a compute environment, which `end()` ends before its time."""

    job: Record
    environment: Record
    _why: str = ""  # it is ended, where it is
    _ended: threading.Event = field(default_factory=threading.Event)

    def end(self, why: str) -> None:
        self._why = self._why or why
        self._ended.set()

    def run(self, running: Callable[[], None]) -> Outcome:
        """Run the command to its end, and say when it runs."""
        folder = batch_records.FOLDER / self.job["jobId"]
        folder.mkdir(exist_ok=True)
        try:
            stream, line, environment = self._stream(), self._line(), self._environment(folder)
            if not shutil.which(line[0], path=environment["PATH"]):
                raise StartError(f"CannotStartContainerError: {line[0]}: executable file not found in $PATH")
            process = processes.start(line, folder, environment, subprocess.PIPE)
            running()
            return self._outcome(process, stream)
        except (StartError, ecs._SecretResolutionError, processes.EndedError, OSError) as error:
            return Outcome(None, self._why or "Task failed to start", str(error), is_final=bool(self._why))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _outcome(self, process: subprocess.Popen[bytes], stream: Record) -> Outcome:
        scope = get_account_id(), get_region()
        reader = threading.Thread(target=container.log, args=(process.stdout, stream, *scope), daemon=True)
        reader.start()
        seconds = self.job.get("timeout", {}).get("attemptDurationSeconds", float("inf"))
        deadline = time.monotonic() + seconds
        while processes.poll(process) is None:
            if self._ended.wait(POLLED) or time.monotonic() > deadline:
                self.end(TIMED_OUT)
                processes.end(process, GRACE)
        reader.join(GRACE)  # a process that left the group may still hold the output
        code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        return Outcome(code, self._why or EXITED, is_final=bool(self._why))

    def _stream(self) -> Record:
        """Make the log stream; the group has to be there, where it is not Batch's own."""
        options = self.job["container"].get("logConfiguration", {}).get("options", {})
        group = options.get("awslogs-group", GROUP)
        stream = {"group": group, "stream": self.job["container"]["logStreamName"], "region": None}
        stream["create_group"] = group == GROUP or options.get("awslogs-create-group") == "true"
        if not ecs._ensure_awslogs_stream(stream):
            raise StartError(
                "ResourceInitializationError: failed to validate logger args: The specified log group does not exist: "
                f"{group}"
            )
        return stream

    def _line(self) -> list[str]:
        parameters = {f"Ref::{name}": value for name, value in self.job["parameters"].items()}
        line = [parameters.get(word, word) for word in self.job["container"]["command"]]
        if not line:
            raise StartError("CannotStartContainerError: no command is given, and the image's own is not pulled")
        return line

    def _environment(self, folder: Path) -> dict[str, str]:
        definition = self.job["container"]
        return {
            "PATH": os.environ.get("CONTAINER_PATH") or f"{PROGRAMS}:{os.environ['PATH']}",
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "LANG": "C.UTF-8",
            **container.of_this_machine(),
            **ecs._resolve_container_secrets(definition),
            **{pair["name"]: pair.get("value", "") for pair in definition["environment"]},
            **self._batchs_own(),
        }

    def _batchs_own(self) -> dict[str, str]:
        own = {
            "AWS_BATCH_JOB_ID": self.job["jobId"],
            "AWS_BATCH_JOB_ATTEMPT": str(len(self.job["attempts"]) + 1),
            "AWS_BATCH_JQ_NAME": self.job["jobQueue"].rpartition("/")[2],
            "AWS_BATCH_CE_NAME": self.environment["computeEnvironmentName"],
        }
        if "arrayProperties" in self.job:
            array = batch_records.jobs[self.job["jobId"].partition(":")[0]]
            own["AWS_BATCH_JOB_ARRAY_INDEX"] = str(self.job["arrayProperties"]["index"])
            own["AWS_BATCH_JOB_ARRAY_SIZE"] = str(array["arrayProperties"]["size"])
        return own
