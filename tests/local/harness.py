"""The whole platform in a copy of this project, brought up as README says: by make, with nothing but what git knows."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any
from urllib.request import urlopen

from local.emulator import REGION, client
from local.emulator import environment as client_environment
from local.files import read
from local.places import PROJECT
from local.programs import Programs, mysql
from tests.build.project import environment
from tests.servers import memory_folder

# What takes a download or minutes, and is the same for every copy.
CACHES = ("mysql", "haproxy", "emulator", "mlflow")
# Other copies, and these very tests, run with them too: they are not set up again, whatever the times of files say.
MADE = (".venv/.dev", ".venv/.synth", ".venv/.uv", ".local/emulator/.ready", ".local/mlflow/.ready")
PATIENCE = 300  # seconds for one command, on a machine that is busy with other things


class Platform:
    """A copy of the project with a platform of its own; what it runs ends with it."""

    def __init__(self) -> None:
        self.folder = memory_folder() / "hydra"
        git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(git, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, names.split("\0")):
            if (PROJECT / name).is_file():
                target = self.folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(PROJECT / name, target)
        (self.folder / ".venv").symlink_to(PROJECT / ".venv")
        (self.folder / ".local").mkdir()
        caches = [*CACHES, *(path.name for path in (PROJECT / ".local").glob("data-*") if path.suffix != ".partial")]
        for name in caches:
            if (PROJECT / ".local" / name).exists():
                (self.folder / ".local" / name).symlink_to(PROJECT / ".local" / name)

    @property
    def state(self) -> Path:
        """Where it keeps its things."""
        return self.folder / ".local/platform"

    def start(self, *command: str, **variables: str) -> subprocess.Popen[str]:
        """Start a make target, in a session of its own as a terminal would have it."""
        line = [
            "make",
            *(f"--old-file={name}" for name in MADE),
            *command,
            *(f"{name}={value}" for name, value in variables.items()),
        ]
        return subprocess.Popen(
            line,
            cwd=self.folder,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # what runs in the background ignores it
        )

    def make(self, *command: str, answer: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a make target to its end, and return what it said."""
        started = self.start(*command, **variables)
        said, _ = started.communicate(answer, timeout=PATIENCE)
        return subprocess.CompletedProcess(started.args, started.returncode, said)

    def command(self, target: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command on it, with what `make up` tells one to export, and return what it said."""
        aws = {name: value for name, value in client_environment(self.address).items() if name.startswith("AWS_")}
        return self.make(target, SYSTEM="local", **aws, **variables)

    def up(self, **parameters: str) -> str:
        """Bring it up with these parameters, and return what it said."""
        done = self.make("up", PARAMETERS=" ".join(f"{name}={value}" for name, value in parameters.items()))
        assert done.returncode == 0, f"{done.stdout}\n{self.log()}"
        return done.stdout

    def end(self) -> None:
        """Take it down, and all of the copy away."""
        done = self.make("down")
        shutil.rmtree(self.folder.parent)
        assert done.returncode == 0, done.stdout

    @contextmanager
    def changed(self, **parameters: str) -> Iterator[str]:
        """Have it up with these parameters for a while, then with those of before."""
        before = {name: self.parameters()[name] for name in parameters}
        try:
            yield self.up(**parameters)
        finally:
            self.up(**before)

    @contextmanager
    def edited(self, name: str, edit: Callable[[str], str]) -> Iterator[None]:
        """Have a file of the copy changed (or made, out of nothing) for a while, and deployed as before afterwards."""
        path = self.folder / name
        before = path.read_text() if path.exists() else None
        path.write_text(edit(before or ""))
        try:
            yield
        finally:
            if before is None:
                path.unlink()
            else:
                path.write_text(before)
            self.up()

    @contextmanager
    def asked_all_the_time(self) -> Iterator[None]:
        """Ask the API through the load balancer, from two threads, until the block ends. A lost request raises."""
        url = f"{self.outputs()['TrackingUri']}/api/2.0/mlflow/experiments/get?experiment_id=0"
        over, heard = Event(), Event()

        def ask() -> None:
            while not over.is_set():
                with urlopen(url, timeout=PATIENCE) as answer:
                    assert json.load(answer)["experiment"]["name"] == "Default"
                heard.set()
                over.wait(0.05)

        with ThreadPoolExecutor(2) as pool:
            asking = [pool.submit(ask) for _ in range(2)]
            try:
                yield
            finally:
                over.set()
            for each in asking:
                each.result()
        assert heard.is_set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.record['port']}"

    @property
    def record(self) -> dict[str, Any]:
        """Port and process of the emulator."""
        return read(self.state / "emulator.json")

    def client(self, service: str) -> Any:
        return client(service, self.address)

    def stack(self, name: str = "hydra") -> dict[str, Any]:
        stack: dict[str, Any] = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        return stack

    def outputs(self) -> dict[str, str]:
        return {output["OutputKey"]: output["OutputValue"] for output in self.stack()["Outputs"]}

    def parameters(self) -> dict[str, str]:
        return {given["ParameterKey"]: given["ParameterValue"] for given in self.stack()["Parameters"]}

    def secret(self, output: str) -> str:
        value = self.client("secretsmanager").get_secret_value(SecretId=self.outputs()[output])
        return str(value["SecretString"])

    def database(self, system: str) -> dict[str, Any]:
        """Return what RDS says of the instance of `batch` or `mlflow`."""
        instances = self.client("rds").describe_db_instances()["DBInstances"]
        (found,) = (one for one in instances if one["DBInstanceIdentifier"].startswith(f"hydra-{system}-"))
        return dict(found)

    def sql(self, script: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run SQL on the job database by the command-line client, as whoever has read the secrets would."""
        return query(mysql(), self.state / "ca.pem", self.database("batch"), self.credentials(), script, *options)

    def credentials(self) -> tuple[str, str]:
        return self.secret("UsernameSecret"), self.secret("PasswordSecret")

    def rows(self, script: str) -> list[list[str]]:
        done = self.sql(script)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def processes(self) -> list[str]:
        """Return the command lines of all that it runs, by its mark in their environment."""
        return list(marked(self.state).values())

    def log(self) -> str:
        log = self.state / "emulator.log"
        return log.read_text()[-3000:] if log.exists() else ""


def query(
    programs: Programs, ca: Path, instance: dict[str, Any], credentials: tuple[str, str], script: str, *options: str
) -> subprocess.CompletedProcess[str]:
    """Run SQL on an RDS instance by the command-line client, certificate and name of the server verified."""
    user, password = credentials
    verified = "ssl-verify-server-cert" if programs.is_mariadb else "ssl-mode=VERIFY_IDENTITY"
    endpoint = instance["Endpoint"]
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(
            f"[client]\nhost={endpoint['Address']}\nport={endpoint['Port']}\nprotocol=TCP\nuser={user}\n"
            f'password="{password}"\nssl-ca={ca}\n{verified}\n'
        )
        file.flush()
        line = [*programs.client, f"--defaults-file={file.name}", "--batch", "--skip-column-names", *options]
        return subprocess.run(line, input=script, capture_output=True, text=True)


def marked(state: Path) -> dict[int, str]:
    """Return the command lines, by ID, of the processes that carry the mark of the platform of this folder."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"HYDRA_PLATFORM={state}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found[int(process.name)] = (process / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue  # it has ended meanwhile
    return found


__all__ = ["REGION", "Platform", "marked", "query"]
