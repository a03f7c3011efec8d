"""MLflow's image itself, built and tried on this machine; the emulator, in its own environment, needs none of this."""

from __future__ import annotations

import os
import subprocess

from local import run_image
from local.images import StandIn
from local.places import EMULATOR, PROJECT
from mlflow_container import builder, image, publish
from mlflow_container.errors import ImageError


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
