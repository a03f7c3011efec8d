"""A container of MLflow's image as a process: `python -m local.run_image podman IMAGE COMMAND`, in its task's folder.

It gets the task's variables, ends with the container's code, and stops the container where it is told to end. What
docker and podman leave running when they are killed carries the platform's folder for a label, and is ended by that.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from local import files
from local.places import IMAGES, MARK, PLATFORM

# As the task definition has it: nothing but /tmp can be written, and nothing gained. SELinux would hide the authority.
CONFINED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges")
ELSE = ("--rm", "--pull=never", "--network=host", "--log-driver=none", "--security-opt=label=disable")
LABEL = "hydra.platform"

OF_THE_HOST = ("HOME", "LANG", "PATH", "PYTHONPATH", "TMPDIR")
PREFIXES = ("CONTAINER", "DBUS_", "DOCKER_", "LC_", "STORAGE_", "XDG_")

# Seconds from SIGTERM to SIGKILL: a little less than the task definition gives, after which nobody stops a container.
SERVER, OTHERS = 85, 25


class _ToldError(Exception):
    """SIGTERM."""


def of_the_host(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that docker and podman themselves go by: no container sees them."""
    return {name: value for name, value in variables.items() if name in OF_THE_HOST or name.startswith(PREFIXES)}


def line(program: str, image: str, *options: str) -> list[str]:
    """Return the command line that runs a container of an image here, to which its command is to be added."""
    # podman would have /run and /var/tmp written to as well.
    own = ["--read-only-tmpfs=false"] if Path(program).name == "podman" else []
    return [program, "run", *CONFINED, *own, *ELSE, *options, image]


def run(program: str, image: str, *command: str) -> int:
    """Run a container to its end; return its exit code, 128 and more where a signal ended it."""
    if command == ("health",):
        os.execvpe(program, [program, "exec", _name(), "entrypoint", *command], _environment())
    variables = os.environ.keys() - of_the_host(os.environ).keys() - {MARK}
    options = [f"--name={_name()}", f"--label={LABEL}={PLATFORM}"]
    options += [f"--env={name}" for name in sorted(variables)]  # by name: no value is in an argument
    if authority := os.environ.get("DB_CA_FILE"):
        options.append(f"--mount=type=bind,source={authority},target={authority},readonly")
    client = subprocess.Popen([*line(program, image, *options), *command], env=_environment())
    try:
        signal.signal(signal.SIGTERM, _told)
        client.wait()
    except _ToldError:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _stop(client, program, SERVER if command == ("server",) else OTHERS)
    if client.returncode < 0:  # somebody killed it
        _quietly(program, "rm", "--force", _name())
    return client.returncode if client.returncode >= 0 else 128 - client.returncode


def remove_all() -> None:
    """End every container of this platform, whatever became of who looked after it."""
    runs = {known["container"]: known["environment"] for known in files.read(IMAGES).values() if "container" in known}
    for program, variables in runs.items():
        environment = {**_environment(), **variables}
        every = [program, "ps", "--all", "--quiet", f"--filter=label={LABEL}={PLATFORM}"]
        with suppress(OSError):  # it is not installed any more
            found = subprocess.run(every, env=environment, capture_output=True, text=True).stdout.split()
            if found:
                subprocess.run([program, "rm", "--force", *found], env=environment, stdout=subprocess.DEVNULL)


def _name() -> str:
    """Name the container: a task has a folder of its own, and each of its containers another port."""
    return f"hydra-{Path.cwd().name}-{os.environ.get('PORT', '')}"


def _stop(client: subprocess.Popen[bytes], program: str, seconds: int) -> None:
    while client.poll() is None:  # it may still be making the container
        _quietly(program, "stop", "-t", str(seconds), _name())
        with suppress(subprocess.TimeoutExpired):
            client.wait(0.5)


def _quietly(*command: str) -> None:
    subprocess.run(command, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True)


def _environment() -> dict[str, str]:
    """What docker and podman run with: without the mark, as podman may start what is there for all of its user."""
    return {name: value for name, value in os.environ.items() if name != MARK}


def _told(*_: object) -> NoReturn:
    raise _ToldError


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
