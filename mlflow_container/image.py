"""What the image is made of, and the tag that follows from it."""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCKERFILE = "mlflow_container/Dockerfile"
CA_BUNDLE = "functions/db_init/rds-ca.pem"  # one for the function and the image
ENTRYPOINT = "mlflow_container/entrypoint"
PLATFORM = "linux/amd64"
NAME = "hydra-mlflow"  # what an image is called on the machine that builds it

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def files(root: Path = ROOT) -> dict[str, bytes]:
    """Return all that a build reads, by its path in the project, as it is on any machine: lines end in a line feed."""
    modules = (path.relative_to(root).as_posix() for path in (root / ENTRYPOINT).rglob("*.py"))
    paths = [DOCKERFILE, "mlflow_container/requirements.txt", CA_BUNDLE, *modules]
    return {path: (root / path).read_bytes().replace(b"\r\n", b"\n") for path in sorted(paths)}


def base_image() -> str:
    """Return the name of the image that ours begins with: BASE_IMAGE of the environment, else the Dockerfile's."""
    if given := os.environ.get("BASE_IMAGE"):
        return given
    (name,) = re.findall(r"^ARG BASE_IMAGE=(\S+)$", (ROOT / DOCKERFILE).read_text(), re.MULTILINE)
    return str(name)


def tag_of(contents: dict[str, bytes], base: str, platform: str) -> str:
    """Return the tag of an image of these files on a base, whose name ends in its digest: 16 hexadecimal digits.

    Not the base's name: a mirror's image is the same. Raises ValueError where a name has no digest.
    """
    if not (digest := DIGEST.search(base)):
        raise ValueError(f"BASE_IMAGE: {base!r} is not a name with a digest (NAME@sha256:...)")
    parts = [digest[0].encode(), platform.encode()]
    for path, content in sorted(contents.items()):
        parts += [path.encode(), content]
    return sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).hexdigest()[:16]


def write(folder: Path, contents: dict[str, bytes]) -> None:
    """Write the files below an empty folder, for a builder to read nothing else."""
    for path, content in contents.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o644)
