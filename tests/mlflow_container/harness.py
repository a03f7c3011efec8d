"""The entrypoint as its container runs it: by the server's own environment, against a real database."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Self

import pytest

from local.debian import locked
from local.mysql import Server

ROOT = Path(__file__).parents[2]
CONTAINER = ROOT / "mlflow_container"
PYTHON = ROOT / ".local/mlflow/bin/python"
PATIENCE = 180  # seconds for whatever a busy machine takes long over
RUNNING = count()
SECRETS = {"AUTH_ADMIN_PASSWORD": "an admin's password", "AUTH_SECRET_KEY": "a key of all tasks"}


def set_up() -> None:
    """Set up the server's own environment where it is not, once for all workers."""
    variables = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    with locked("mlflow"):
        line = ["make", "--silent", ".local/mlflow/.ready"]
        done = subprocess.run(line, cwd=ROOT, env=variables, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"MLflow's environment cannot be set up: {done.stderr.strip().splitlines()[-1]}")


def variables_of(server: Server, database: str) -> dict[str, str]:
    """What the task definition gives the container, for a database here."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(CONTAINER),
        "PYTHONUNBUFFERED": "1",
        "HOME": "/nonexistent",
        "DB_HOST": server.host,
        "DB_PORT": str(server.port),
        "DB_NAME": database,
        "DB_USERNAME": server.user,
        "DB_PASSWORD": server.password,
        "DB_CA_FILE": str(server.ca),
        "ARTIFACT_ROOT": "s3://artifacts/mlflow",
        "ALLOWED_HOSTS": "MLflow.Example.com,localhost,127.0.0.1",
    }


@dataclass(frozen=True)
class Result:
    """How one run ended; `code` is negative where a signal ended it."""

    code: int
    output: str

    @property
    def statements(self) -> int:
        """How many statements changed something."""
        found = re.search(r"^statements: (\d+)$", self.output, re.M)
        assert found, self.output
        return int(found[1])


@dataclass
class Forge:
    """A process that has imported MLflow, and forks for each run."""

    process: subprocess.Popen[str]
    folder: Path

    @classmethod
    @contextmanager
    def started(cls, folder: Path) -> Iterator[Self]:
        variables = {**os.environ, "PYTHONPATH": str(CONTAINER), "MLFLOW_DISABLE_TELEMETRY": "true"}
        with subprocess.Popen(
            [str(PYTHON), str(Path(__file__).with_name("forge.py"))],
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                assert process.stdout and process.stdout.readline() == "ready\n"
                yield cls(process, folder)
            finally:
                process.kill()

    def run(self, function: str, *arguments: str, variables: Mapping[str, str], **how: Any) -> list[Result]:
        asked = {"function": function, "arguments": arguments, "environment": dict(variables)}
        asked |= {"times": 1, "die_at": 0, "after": False, "folder": str(self.folder), **how}
        assert self.process.stdin and self.process.stdout
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        said = json.loads(self.process.stdout.readline())
        return [Result(*pair) for pair in zip(said["codes"], said["outputs"], strict=True)]


@dataclass
class Running:
    """A server that runs, and what it has printed."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    def get(self, path: str, host: str = "localhost", **headers: str) -> tuple[int, bytes]:
        """Ask for a page; (0, ...) where nobody answers."""
        return self.ask("GET", path, host=host, headers=headers)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        host: str = "localhost",
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Send one request over a connection of its own; (0, ...) where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {"Host": host, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error).encode()
        finally:
            connection.close()

    @property
    def status(self) -> int:
        """What the API answers, 0 where it does not."""
        return self.get(API)[0]

    @property
    def text(self) -> str:
        return self.output.read_text(errors="replace")

    def workers(self) -> list[int]:
        """The IDs of its worker processes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def terminate(self) -> int:
        """End it as ECS does, and return its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


API = "/api/2.0/mlflow/experiments/get?experiment_id=0"


def until(condition: Any, what: str) -> Any:
    """Wait until a condition holds, and return what it said."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE} s"
        time.sleep(0.05)
    return value


@dataclass
class Entrypoint:
    """The container's command in one environment."""

    server: Server
    database: str
    forge: Forge
    variables: dict[str, str]
    folder: Path

    def having(self, **changes: str) -> Entrypoint:
        """The same with other variables; an empty one is absent."""
        return replace(self, variables={**self.variables, **changes})

    def migrate(self, *arguments: str, **how: Any) -> Result:
        """Run `migrate` in a child of the forge, to its end or its death."""
        return self.forge.run("entrypoint", "migrate", *arguments, variables=self.variables, **how)[0]

    def run(self, *arguments: str) -> Result:
        """Run a command as the container does."""
        line = [str(PYTHON), "-m", "entrypoint", *arguments]
        done = subprocess.run(line, env=self.variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return Result(done.returncode, done.stdout)

    @contextmanager
    def popen(self, *arguments: str) -> Iterator[Running]:
        """Start a command, and kill all that came of it in the end."""
        output = self.folder / f"running-{next(RUNNING)}"
        line = [str(PYTHON), "-m", "entrypoint", *arguments]
        with output.open("wb") as file:
            process = subprocess.Popen(line, env=self.variables, stdout=file, stderr=file, start_new_session=True)
        try:
            yield Running(process, int(self.variables["PORT"]), output)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    @contextmanager
    def serving(self) -> Iterator[Running]:
        """A server that answers."""
        with self.popen("server") as running:
            until(lambda: running.status or running.process.poll() is not None, "the server answers")
            assert running.process.poll() is None, running.text
            yield running

    def rows(self, sql: str, database: str | None = None) -> list[list[str]]:
        """Return what the command-line client answers."""
        done = self.server.client(sql, database or self.database)
        assert not done.returncode, done.stderr
        return [line.split("\t") for line in done.stdout.decode().splitlines()[1:]]

    def contents(self, database: str | None = None) -> list[str]:
        """Return what a database holds, each line with its table: MLflow makes some indexes in any order."""
        table, lines = "", []
        for line in self.dump(database).splitlines():
            table = line if line.startswith("CREATE TABLE") else table
            lines.append(f"{table} {line.rstrip(',')}" if line else "")
        return sorted(filter(None, lines))

    def dump(self, database: str | None = None) -> str:
        """Return a dump without our record, and without the numbers that rolled back rows used up."""
        dump = self.server.dump(database or self.database)
        dump = re.sub(r"(?ms)^DROP TABLE IF EXISTS `hydra_migration`.*?^UNLOCK TABLES;$", "", dump)
        return re.sub(r" AUTO_INCREMENT=\d+", "", dump)
