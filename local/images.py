"""What stands for MLflow's image here: the entrypoint of these very sources, or containers of the image itself."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from local import files, run_image
from local.debian import LOCAL
from local.places import EMULATOR, IMAGES, PROJECT
from mlflow_container import builder, image, publish
from mlflow_container.errors import ImageError

SOURCES = PROJECT / "mlflow_container"
PYTHON = LOCAL / "mlflow/bin/python"
ENTRYPOINT = {"entrypoint": [str(PYTHON), "-m", "entrypoint"], "environment": {"PYTHONPATH": str(SOURCES)}}


@dataclass(frozen=True)
class StandIn:
    """The program that stands for the image of a tag, and what that is to a reader; no tag: there is no image."""

    tag: str
    program: dict[str, Any]
    what: str

    def __str__(self) -> str:
        return self.what


def tag() -> str:
    """Return the tag of what is here now, another one after each change; an empty one where there are no sources.

    Not that of a real image, which names its base too, and asks a registry for that.
    """
    if not SOURCES.is_dir():
        return ""
    digest = sha256()
    for path in [SOURCES / "requirements.txt", *sorted((SOURCES / "entrypoint").rglob("*.py"))]:
        digest.update(f"{path.relative_to(SOURCES)}:{sha256(path.read_bytes()).hexdigest()}\n".encode())
    return f"local-{digest.hexdigest()[:12]}"


def sources() -> StandIn:
    return StandIn(tag(), ENTRYPOINT, "a process of mlflow_container/entrypoint (IMAGE=1: a container of the image)")


def container() -> StandIn:
    """Build the image where it is not here yet, and see that it runs as it is to run. Raises ImageError."""
    runner = builder.find()
    if runner.kind == "buildah":
        raise ImageError(f"IMAGE: buildah builds images, and runs none: {builder.INSTALL}")
    made = image.current()
    name = publish.build(made, runner)
    tried = [*run_image.line(runner.program, name), "--help"]
    done = subprocess.run(tried, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise ImageError(f"IMAGE: {runner.program} cannot run {name} here: {said[-1]}")
    line = [str(EMULATOR / "bin/python"), "-m", "local.run_image", runner.program, name]
    environment = {**run_image.of_the_host(os.environ), "PYTHONPATH": str(PROJECT)}
    program = {"entrypoint": line, "environment": environment, "container": runner.program}
    return StandIn(made.tag, program, f"a container of {name}, run by {runner.program}")


def know(it: StandIn) -> None:
    """Let tasks start from the image that it stands for; the tags of before stay known, and no other is."""
    if it.tag:
        files.write(IMAGES, {**files.read(IMAGES), f"*:{it.tag}": it.program})
