"""podman and buildah on this machine, also where much is forbidden; images in .local/containers, without a registry."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from local.apt import installed
from local.debian import KEYRING, LOCAL, UnavailableError, locked, mirror
from mlflow_container.image import DOCKERFILE, ROOT

FOLDER = LOCAL / "containers"
PACKAGES = {name: name for name in ("podman", "buildah", "runc", "mmdebstrap")}

# The host's network needs no firewall. crun refuses this mix of cgroups, and a container here may not set limits.
SETTINGS = """\
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[containers]
netns = "host"
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
"""
STORAGE = f"""\
[storage]
driver = "overlay"
graphroot = "{FOLDER}/storage"
runroot = "{FOLDER}/run"
"""
UNUSED = ("doc", "info", "locale", "man")  # of /usr/share: the official image has none of it either


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """Give what the environment has to hold for podman and buildah to work; nothing stays mounted after the block.

    Raises UnavailableError, with what to install.
    """
    installed(PACKAGES)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "containers.conf").write_text(SETTINGS)
    (FOLDER / "storage.conf").write_text(STORAGE)
    try:
        yield {
            "CONTAINERS_CONF": str(FOLDER / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(FOLDER / "storage.conf"),
        }
    finally:
        # podman mounts it onto itself, and leaves it so.
        subprocess.run(["umount", str(FOLDER / "storage/overlay")], capture_output=True)


def base_image(variables: dict[str, str]) -> str:
    """Return the Dockerfile's base by the digest that it has here, where mmdebstrap made it, once.

    Its name is the public image's, so that podman finds it and asks no registry. Raises UnavailableError.
    """
    (name,) = re.findall(r"^ARG BASE_IMAGE=(\S+)$", (ROOT / DOCKERFILE).read_text(), re.MULTILINE)
    repository, _, tag = name.rpartition(":")
    inspect = ("podman", "image", "inspect", "--format={{.Digest}}", name)
    with locked("containers"):
        if subprocess.run(inspect, capture_output=True, env={**os.environ, **variables}).returncode:
            print(f"Making {name} of Debian's packages, some 30 s", file=sys.stderr)
            _make(name, tag.partition("-")[0], variables)
    return f"{repository}@{_run(*inspect, **variables).strip()}"


def _make(name: str, suite: str, variables: dict[str, str]) -> None:
    if not KEYRING.exists():
        raise UnavailableError("Debian's signatures cannot be checked here: install debian-archive-keyring")
    excluded = (f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in UNUSED)
    options = ["--quiet", "--variant=minbase", f"--keyring={KEYRING}", *excluded]
    with tempfile.TemporaryDirectory(dir=FOLDER) as work:
        _run("mmdebstrap", *options, suite, f"{work}/base.tar", mirror())
        _run("podman", "import", "--quiet", "--change=CMD bash", f"{work}/base.tar", name, **variables)


def _run(*line: str, **variables: str) -> str:
    environment = {**os.environ, **variables}
    done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
        raise UnavailableError(f"{line[0]} failed: {said[-1]}")
    return done.stdout
