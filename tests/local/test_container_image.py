"""`make up IMAGE=1`: the tasks are containers of the very image, and none outlives its platform."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from local.places import PLATFORM, PROJECT
from mlflow_container.image import Image
from tests.images import podman
from tests.local.checkout import until
from tests.local.harness import Platform, marked
from tests.local.test_crash import kill
from tests.local.test_mlflow import credentials

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]

PATIENCE = 120  # seconds that a container may take to end


def containers(platform: Path) -> set[str]:
    """Return the names of all containers of the platform of this folder, whatever their state."""
    label = f"--filter=label=hydra.platform={platform}"
    return set(podman("ps", "--all", "--format={{.Names}}", label).stdout.split())


def lines() -> dict[int, str]:
    """Return the command lines of all processes here, by ID."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found[int(path.parent.name)] = path.read_text(errors="replace").replace("\0", " ")
        except OSError:
            continue  # it has ended meanwhile
    return found


def is_healthy(platform: Platform) -> bool:
    """Tell whether its one task is HEALTHY, as the command says that ECS runs in the container."""
    ecs, cluster = platform.client("ecs"), platform.outputs()["EcsClusterName"]
    arns = ecs.list_tasks(cluster=cluster, desiredStatus="RUNNING")["taskArns"]
    (task,) = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
    return bool(task["healthStatus"] == "HEALTHY")


def up(platform: Platform) -> str:
    done = platform.make("up", IMAGE="1")
    assert done.returncode == 0, f"{done.stdout}\n{platform.log()}"
    return done.stdout


def test_a_task_is_a_container_in_place_of_the_process_and_back(own_platform: Platform, built_image: Image) -> None:
    with own_platform.asked_all_the_time():
        assert f"a container of {built_image.name}, run by podman" in up(own_platform)
    assert own_platform.parameters()["ImageTag"] == built_image.tag
    assert not [line for line in own_platform.processes() if "-m entrypoint" in line]
    (first,) = containers(own_platform.state)
    podman("exec", first, "test", "-x", "/usr/local/bin/entrypoint")
    with pytest.raises(AssertionError, match="Read-only file system"):
        podman("exec", first, "touch", "/run/written")
    until(lambda: is_healthy(own_platform), "the health check")
    assert not [line for line in lines().values() if credentials(own_platform)[1] in line]

    kill(own_platform)
    (runner,) = (pid for pid, line in marked(own_platform.state).items() if "local.run_image" in line)
    os.kill(runner, signal.SIGKILL)  # nobody but the label knows of it now
    assert "unchanged" in up(own_platform)
    (second,) = containers(own_platform.state)
    assert second != first

    with own_platform.asked_all_the_time():
        assert "a process of mlflow_container/entrypoint" in own_platform.up()
    assert containers(own_platform.state) == set()
    assert [line for line in own_platform.processes() if "-m entrypoint" in line]


def test_where_nothing_runs_the_image_it_says_so_and_changes_nothing(own_platform: Platform) -> None:
    before = own_platform.parameters()
    done = own_platform.make("up", IMAGE="1", BUILDER="/nowhere/podman")
    assert done.returncode == 2
    assert "\nBUILDER: /nowhere/podman does not work here: not installed\n" in done.stdout
    assert own_platform.parameters() == before


@contextmanager
def waiting(image: Image, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a container that waits for a database which never comes."""
    settings = {"DB_HOST": "127.0.0.1", "DB_PORT": "1", "DB_NAME": "a", "DB_USERNAME": "b", "DB_PASSWORD": "c"}
    process = subprocess.Popen(
        [sys.executable, "-m", "local.run_image", "podman", image.name, "migrate"],
        cwd=folder,
        env={**os.environ, **settings, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        podman("rm", "--force", "--ignore", f"hydra-{folder.name}-")


def client(folder: Path) -> int | None:
    """Return the process ID of podman, once it runs."""
    return next((pid for pid, line in lines().items() if f"--name=hydra-{folder.name}-" in line), None)


@pytest.mark.parametrize("moment", ["being made", "running"])
def test_told_to_end_it_has_its_container_stopped(built_image: Image, tmp_path: Path, moment: str) -> None:
    with waiting(built_image, tmp_path) as process:
        until(lambda: client(tmp_path), "podman")
        if moment == "running":
            assert process.stdout
            assert process.stdout.readline().startswith("waiting for 127.0.0.1:1, 0 s: ")
        process.terminate()
        code = process.wait(PATIENCE)
        assert code == 143 or moment == "being made"
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # as the emulator does
        assert f"hydra-{tmp_path.name}-" not in containers(PLATFORM)


def test_a_container_ends_with_what_watches_it(built_image: Image, tmp_path: Path) -> None:
    with waiting(built_image, tmp_path) as process:
        pid = until(lambda: client(tmp_path), "podman")
        assert process.stdout
        assert process.stdout.readline().startswith("waiting for ")
        os.kill(pid, signal.SIGKILL)
        assert process.wait(PATIENCE) == 137
        assert f"hydra-{tmp_path.name}-" not in containers(PLATFORM)
