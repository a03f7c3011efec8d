"""The program that builds and pushes: docker, podman or buildah, whichever works here."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mlflow_container.errors import ImageError
from mlflow_container.image import DOCKERFILE, Image
from mlflow_container.registry import Login

NAMES = ("docker", "podman", "buildah")
VERSION = "org.opencontainers.image.version"  # a label: as an argument, buildah's layers would keep an older one
INSTALL = (
    "install podman (Debian, Ubuntu: apt-get install podman; macOS: brew install podman, then podman machine init and "
    "podman machine start) or Docker"
)


@dataclass(frozen=True)
class Builder:
    """One of NAMES, by its name or path. What it prints goes to the file `output`, else where errors go."""

    program: str
    output: IO[bytes] | None = None

    @property
    def kind(self) -> str:
        return Path(self.program).name

    def build(self, image: Image, *given: str) -> None:
        """Build an image under its name. Options of the builder may follow. Raises ImageError where that fails."""
        options = [f"--build-arg=BASE_IMAGE={image.base}", f"--label={VERSION}={image.tag}"]
        options += [f"--platform={image.platform}", f"--tag={image.name}", *_secrets()]
        if self.kind != "docker":  # which has no such option: its images differ by their times
            options += ["--timestamp=0", "--layers"]
        with tempfile.TemporaryDirectory(prefix="hydra-") as folder:
            image.write(Path(folder))
            # What BuildKit attests would make an index of the image, in which ECR's lists show it twice.
            self._run(
                "build", *options, *given, f"--file={folder}/{DOCKERFILE}", folder, BUILDX_NO_DEFAULT_ATTESTATIONS="1"
            )

    def has(self, image: Image) -> bool:
        """Tell whether an image of this name is on this machine."""
        line = [self.program, "inspect", "--type=image", image.name]
        return not subprocess.run(line, capture_output=True).returncode

    def push(self, image: Image, login: Login, repository: str) -> None:
        """Push an image that was built, by the tag that it has. Raises ImageError where that fails."""
        target = f"{login.host}/{repository}:{image.tag}"
        with self._logged_in(login) as environment:
            if self.kind == "docker":
                self._run("tag", image.name, target)
                self._run("push", target)
            else:
                plain = ["--tls-verify=false"] if login.plain_http else []
                self._run("push", *plain, image.name, f"docker://{target}", **environment)

    @contextmanager
    def _logged_in(self, login: Login) -> Iterator[dict[str, str]]:
        """Log in for as long as the block lasts, in a file of our own; docker keeps its logins in its own place."""
        with tempfile.TemporaryDirectory(prefix="hydra-") as folder:
            environment = {} if self.kind == "docker" else {"REGISTRY_AUTH_FILE": f"{folder}/auth.json"}
            plain = ["--tls-verify=false"] if login.plain_http and self.kind != "docker" else []
            line = ["login", *plain, f"--username={login.username}", "--password-stdin", login.host]
            self._run(*line, entered=login.password, **environment)
            try:
                yield environment
            finally:
                if self.kind == "docker":
                    self._run("logout", login.host)

    def _run(self, *line: str, entered: str = "", **environment: str) -> None:
        output = self.output or 2
        done = subprocess.run(
            [self.program, *line],
            input=entered.encode(),
            stdout=output,
            stderr=output,
            env={**os.environ, **environment},
        )
        if done.returncode:
            raise ImageError(f"{self.kind} {line[0]} failed (exit code {done.returncode}): what it said is above")


def find() -> Builder:
    """Return the builder that BUILDER names, else the first that works here. Raises ImageError: what to install."""
    if program := os.environ.get("BUILDER"):
        if Path(program).name not in NAMES:
            raise ImageError(f"BUILDER: {program!r} is none of {', '.join(NAMES)}")
        if said := _broken(program):
            raise ImageError(f"BUILDER: {program} does not work here: {said}")
        return Builder(program)
    problems = {name: _broken(name) for name in NAMES}
    for name, problem in problems.items():
        if not problem:
            return Builder(name)
    raise ImageError(f"Nothing here builds images: {INSTALL} ({'; '.join(map(': '.join, problems.items()))})")


def _broken(program: str) -> str:
    """Return why a builder does not work, in one line, or nothing. `version` asks its daemon or machine as well."""
    try:
        done = subprocess.run([program, "version"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError:
        return "not installed"
    said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return said[-1] if done.returncode else ""


def _secrets() -> Iterator[str]:
    """Yield what a company's network wants of pip, its settings and authorities: the build sees them and keeps none."""
    for name, variable in (("pip_conf", "PIP_CONFIG_FILE"), ("ca_bundle", "SSL_CERT_FILE")):
        if path := os.environ.get(variable):
            yield f"--secret=id={name},src={path}"
