"""A copy of this project, AWS without a stack, and a registry for ECR's: what `make start` begins with."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import requests
import tomlkit

from commands.configuration import Configuration
from local import emulator
from local.files import read, write
from local.registry import Registry
from tests.build.project import environment
from tests.local.harness import MADE, Platform

PATIENCE = 600  # seconds that a command may take, on a machine that is busy with other things
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Stage:
    """The commands, as a person runs them in the project's folder: `make start` and the others."""

    def __init__(self, platform: Platform, registry: Registry) -> None:
        self.platform, self.registry = platform, registry
        self.samconfig = platform.folder / "samconfig.toml"
        started = subprocess.run(
            [sys.executable, "-c", "from local import emulator; print(emulator.start())"],
            cwd=platform.folder,
            env=environment(REGISTRY_HOST=registry.host, REGISTRY_PASSWORD=registry.password),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert started.returncode == 0, started.stderr
        self._environment = emulator.environment(started.stdout.strip())

    def make(self, target: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run a make target to its end, and return what it said."""
        return subprocess.run(
            ["make", *(f"--old-file={name}" for name in MADE), target, *options],
            cwd=self.platform.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    def done(self, target: str, *options: str) -> list[str]:
        """Return the lines that a target said and succeeded; what `make build` makes is there already."""
        made = self.make(target, "--old-file=build", *options)
        assert made.returncode == 0, f"{made.stdout}\n{made.stderr}\n{self.platform.log()}"
        return made.stdout.splitlines()

    def refused(self, target: str, *options: str) -> str:
        """Return the one line of error that a target failed with, make's own after it left out."""
        lines = self.lines(target, *options)
        assert len(lines) == 1, lines
        line = lines[0]
        return line

    def lines(self, target: str, *options: str) -> list[str]:
        """Return the lines of error that a target failed with, make's own after them left out."""
        made = self.make(target, "--old-file=build", *options)
        assert made.returncode == 2, f"{made.stdout}\n{made.stderr}"
        return made.stderr.splitlines()[:-1]

    def configure(self, **parameters: str) -> None:
        """Give the default environment of samconfig.toml the values of this machine's, and these."""
        document: Any = tomlkit.parse(self.samconfig.read_text())
        given = [f'{name}="{value}"' for name, value in parameters.items()]
        overrides = [*document["local"]["deploy"]["parameters"]["parameter_overrides"], *given]
        document["default"]["deploy"]["parameters"]["parameter_overrides"] = overrides
        self.samconfig.write_text(tomlkit.dumps(document))

    def write(self, **parameters: str) -> None:
        """Write values of parameters to samconfig.toml, beside those that are there."""
        Configuration(self.samconfig, "default").write(**parameters)

    @contextmanager
    def written(self, **parameters: str) -> Iterator[None]:
        """Have them there for a while."""
        before = self.samconfig.read_text()
        self.write(**parameters)
        try:
            yield
        finally:
            self.samconfig.write_text(before)

    def events(self, *path: str) -> list[tuple[str, str]]:
        """Return the events of a nested stack, the first first: logical ID, status."""
        client, name = self.platform.client("cloudformation"), "hydra"
        for title in path:
            name = client.describe_stack_resource(StackName=name, LogicalResourceId=title)["StackResourceDetail"][
                "PhysicalResourceId"
            ]
        found = client.describe_stack_events(StackName=name)["StackEvents"]
        return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in reversed(found)]

    @property
    def kept(self) -> str:
        """The tag that samconfig.toml keeps."""
        words = tomlkit.parse(self.samconfig.read_text()).unwrap()["default"]["deploy"]["parameters"]
        (found,) = (word for word in words["parameter_overrides"] if word.startswith("ImageTag="))
        return str(found).partition("=")[2].strip('"')

    @property
    def serving(self) -> str:
        """The tag of the image that the service's tasks run."""
        ecs, cluster = self.platform.client("ecs"), self.platform.outputs()["EcsClusterName"]
        arns = ecs.list_tasks(cluster=cluster, desiredStatus="RUNNING")["taskArns"]
        tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
        (tag,) = {container["image"].rpartition(":")[2] for task in tasks for container in task["containers"]}
        return str(tag)

    @property
    def pushed(self) -> set[str]:
        """The tags that the registry has."""
        return {path.name for path in self.registry.folder.glob("**/_manifests/tags/*")}

    def edit(self, remark: str) -> None:
        """Change what the image is made of, and so its tag."""
        with (self.platform.folder / "mlflow_container/entrypoint/errors.py").open("a") as module:
            module.write(f"# {remark}\n")

    def push_stand_in(self, tag: str, script: str) -> None:
        """Push what serves now by another tag, with a script of the shell's for its entrypoint."""
        host, _, repository = self.platform.outputs()["ContainerRepositoryUrl"].partition("/")
        url, login = f"http://{host}/v2/{repository}/manifests", (self.registry.username, self.registry.password)
        found = requests.get(f"{url}/{self.serving}", headers={"Accept": MANIFEST}, auth=login)
        pushed = requests.put(f"{url}/{tag}", data=found.content, headers={"Content-Type": MANIFEST}, auth=login)
        assert pushed.status_code == 201, pushed.text
        images = self.platform.state / "images.json"
        write(images, {**read(images), f"*:{tag}": {"entrypoint": ["/bin/sh", "-c", script, "entrypoint"]}})

    def asked_all_the_time(self) -> AbstractContextManager[None]:
        return self.platform.asked_all_the_time()
