"""The real image for the tests, built where it is not there yet, and where its containers run: as Fargate runs them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from local import containers
from local.debian import UnavailableError, locked
from mlflow_container import image, publish
from mlflow_container.builder import Builder
from mlflow_container.image import Image

# As mlflow.md has it: nothing but /tmp can be written, and nothing gained.
CONFINED = [
    "--read-only",
    "--read-only-tmpfs=false",  # podman would add /run and /var/tmp
    "--tmpfs=/tmp:rw,size=256m,mode=1777",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
    "--pids-limit=300",
    "--memory=2g",
]


@pytest.fixture(scope="module")
def container_variables() -> Iterator[dict[str, str]]:
    """What the environment holds while podman and buildah are used."""
    try:
        with containers.environment() as variables, pytest.MonkeyPatch.context() as patch:
            variables |= {"BASE_IMAGE": containers.base_image(variables), "BUILDER": "podman"}
            for name, value in variables.items():
                patch.setenv(name, value)
            yield variables
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def built_image(container_variables: dict[str, str]) -> Image:
    made = image.current()
    # Two workers build it once; and who builds another image holds the lock until that is pushed.
    with locked("image"), (containers.FOLDER / "build.log").open("wb") as log:
        publish.build(made, Builder("podman", log))
        for name in podman("images", "--format={{.Repository}}:{{.Tag}}", "hydra-mlflow").stdout.split():
            if not name.endswith(f":{made.tag}"):  # of other tests, and other days
                podman("rmi", name)
    return made


def podman(*line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["podman", *line], capture_output=True, text=True, env={**os.environ, **variables})
    assert not done.returncode, done.stderr
    return done


def inspected(name: str) -> Any:
    return json.loads(podman("image", "inspect", name).stdout)[0]


def run(built: Image, *line: str, program: str = "entrypoint") -> subprocess.CompletedProcess[str]:
    command = ["podman", "run", "--rm", *CONFINED, f"--entrypoint={program}", built.name, *line]
    return subprocess.run(command, capture_output=True, text=True)
