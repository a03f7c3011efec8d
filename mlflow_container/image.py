"""What the image is made of, and the tag that follows from it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from mlflow_container import registry

ROOT = Path(__file__).parents[1]
DOCKERFILE = "mlflow_container/Dockerfile"
CA_BUNDLE = "functions/db_init/rds-ca.pem"  # one for the function and the image
ENTRYPOINT = "mlflow_container/entrypoint"
PLATFORM = "linux/amd64"

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Image:
    """An image to be: its base, a name that ends in a digest; its platform; all files that the build reads."""

    base: str
    platform: str
    files: Mapping[str, bytes]

    @property
    def tag(self) -> str:
        """The tag: 16 hexadecimal digits of a hash over all of it; of the base, its digest, as mirrors have it."""
        parts = [DIGEST.findall(self.base)[0].encode(), self.platform.encode()]
        for path, content in sorted(self.files.items()):
            parts += [path.encode(), content]
        return sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).hexdigest()[:16]

    @property
    def name(self) -> str:
        """What it is called on the machine that builds it."""
        return f"hydra-mlflow:{self.tag}"

    def write(self, folder: Path) -> None:
        """Write its files below an empty folder, for a builder to read nothing else."""
        for path, content in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(0o644)


def current(platform: str = PLATFORM) -> Image:
    """Return the image that this checkout makes. Raises ImageError where nobody says the base's digest."""
    return Image(registry.resolved(base_image()), platform, files())


def tag(platform: str = PLATFORM) -> str:
    """Return the tag of the image that this checkout makes: the same inputs have the same tag on any machine."""
    return current(platform).tag


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
