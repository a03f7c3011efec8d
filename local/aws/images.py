"""Images are not pulled here: a program stands for each.

A file of the emulator's (CONTAINER_IMAGES) says which, by patterns of an image's name and tag:
    {"*:4f2a91c0": {"entrypoint": ["python", "-m", "entrypoint"], "environment": {"PYTHONPATH": "mlflow_container"}}}
It is read at each start. For an image that a registry on this machine has, the entrypoint of this checkout stands. No
other can be pulled, as one that was never pushed on AWS.
"""

from __future__ import annotations

import json
import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from local.aws import repositories
from local.images import ENTRYPOINT


class StartError(Exception):
    """Why a task does not start: ECS's own reason, for stoppedReason."""


def program(image: str) -> dict[str, Any]:
    """Return what stands for an image; raises StartError."""
    path = os.environ.get("CONTAINER_IMAGES")
    known = json.loads(Path(path).read_text()) if path and Path(path).exists() else {}
    for pattern, program in known.items():
        if fnmatchcase(image, pattern):
            return dict(program)
    if repositories.has(image):
        return ENTRYPOINT
    raise StartError(f"CannotPullContainerError: pull image manifest has been retried 1 time(s): {image}: not found")
