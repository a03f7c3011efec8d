"""A checkout of its own for a test: a copy of local/, and so a platform and an emulator apart."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen

import boto3

from local.debian import locked
from local.places import EMULATOR, PROJECT
from local.ports import FIRST, MANY, is_free
from tests.servers import memory_folder

PATIENCE = 90  # seconds, on a machine that is busy with other things
T = TypeVar("T")


def until(ready: Callable[[], T], what: str = "it") -> T:
    """Wait until something holds, and return it."""
    deadline = time.monotonic() + PATIENCE
    while not (found := ready()):
        assert time.monotonic() < deadline, f"{what} did not come within {PATIENCE} s"
        time.sleep(0.05)
    return found


def is_alive(pid: int) -> bool:
    """Tell whether a process runs: one that has ended and that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Checkout:
    """An emulator in a folder of its own; as a context, it runs for that long."""

    def __init__(self, **environment: str) -> None:
        with locked("emulator-set-up"):
            subprocess.run(["make", "--quiet", ".local/emulator/.ready"], cwd=PROJECT, check=True)
        self.folder = memory_folder()
        shutil.copytree(PROJECT / "local", self.folder / "local", ignore=shutil.ignore_patterns("__pycache__"))
        self.state = self.folder / ".local/platform"
        self._port = next(port for port in range(FIRST + os.getpid() % MANY, 65000) if is_free(port))
        python = Path(sys.executable).parent
        self._environment = {**os.environ, "CONTAINER_PATH": f"{python}:{os.environ['PATH']}", **environment}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Checkout:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGTERM)
        shutil.rmtree(self.folder)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        line = [EMULATOR / "bin/python", "-m", "local.aws", str(self._port)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                line, cwd=self.folder, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        until(self._answers, "the emulator")

    def end(self, number: int) -> None:
        """End the emulator by a signal."""
        if self._process:
            self._process.send_signal(number)
            try:
                self._process.wait(PATIENCE)
            finally:
                self._process.kill()

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.url,
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def stack(self, name: str, resources: dict[str, Any]) -> dict[str, Any]:
        """Create or update a stack, and return what became of it; its outputs are the Ref of each resource."""
        cloudformation, body = self.client("cloudformation"), self.body(resources)
        there = name in (stack["StackName"] for stack in cloudformation.describe_stacks()["Stacks"])
        getattr(cloudformation, "update_stack" if there else "create_stack")(StackName=name, TemplateBody=body)
        return self.settled(name)

    @staticmethod
    def body(resources: dict[str, Any]) -> str:
        """Return the template of these resources; its outputs are the Ref of each."""
        outputs = {key: {"Value": {"Ref": key}} for key in resources}
        return json.dumps({"Resources": resources, "Outputs": outputs})

    def settled(self, name: str) -> dict[str, Any]:
        """Return a stack once nothing happens to it, with its outputs by name and all reasons that were given."""
        cloudformation = self.client("cloudformation")

        def end() -> dict[str, Any] | None:
            (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
            return None if stack["StackStatus"].endswith("_IN_PROGRESS") else stack

        stack = until(end, f"the end of {name}")
        events = cloudformation.describe_stack_events(StackName=stack["StackId"])["StackEvents"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        reasons = "\n".join(event.get("ResourceStatusReason", "") for event in events)
        return {"status": stack["StackStatus"], "id": stack["StackId"], "reasons": reasons, **outputs}

    def _answers(self) -> bool:
        assert self._process
        assert self._process.poll() is None, (self.folder / "log").read_text()
        with suppress(OSError), urlopen(f"{self.url}/_ministack/ready", timeout=10):
            return True
        return False
