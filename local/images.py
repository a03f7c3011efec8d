"""What stands for MLflow's image here: the entrypoint of these very sources, or what local/built_image.py makes."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from local import files
from local.debian import LOCAL
from local.places import IMAGES, PROJECT

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


def know(it: StandIn) -> None:
    """Let tasks start from the image that it stands for; the tags of before stay known, and no other is."""
    if it.tag:
        files.write(IMAGES, {**files.read(IMAGES), f"*:{it.tag}": it.program})
