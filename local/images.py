"""What stands for MLflow's image here: the entrypoint of these very sources, with the packages of its lock."""

from __future__ import annotations

from hashlib import sha256

from local import files
from local.debian import LOCAL
from local.places import IMAGES, PROJECT

SOURCES = PROJECT / "mlflow_container"
PYTHON = LOCAL / "mlflow/bin/python"
ENTRYPOINT = {"entrypoint": [str(PYTHON), "-m", "entrypoint"], "environment": {"PYTHONPATH": str(SOURCES)}}


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


def know(name: str) -> None:
    """Let tasks start from an image of this tag; the tags of before stay known, and no other is."""
    files.write(IMAGES, {**files.read(IMAGES), f"*:{name}": ENTRYPOINT})
