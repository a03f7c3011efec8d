"""What stands for MLflow's image here: the entrypoint of these very sources, with the packages of its lock."""

from __future__ import annotations

from local import files
from local.debian import LOCAL
from local.places import IMAGES, PROJECT

PYTHON = LOCAL / "mlflow/bin/python"


def know(tag: str) -> None:
    """Let tasks start from an image of this tag; the tags of before stay known, and no other is."""
    program = {
        "entrypoint": [str(PYTHON), "-m", "entrypoint"],
        "environment": {"PYTHONPATH": str(PROJECT / "mlflow_container")},
    }
    files.write(IMAGES, {**files.read(IMAGES), f"*:{tag}": program})
