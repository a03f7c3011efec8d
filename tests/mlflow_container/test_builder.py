"""The builder: which one is taken, and what is said where there is none. Docker's own line is read off here alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlflow_container import builder
from mlflow_container.__main__ import main
from mlflow_container.builder import Builder
from mlflow_container.errors import ImageError
from mlflow_container.image import ROOT, Image, files
from mlflow_container.registry import Login

IMAGE = Image(f"registry.example/debian@sha256:{'5' * 64}", "linux/arm64", files())
NO_DAEMON = "echo 'Cannot connect to the Docker daemon' >&2; exit 1"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("BUILDER", raising=False)
    return tmp_path


def put(folder: Path, name: str, script: str = "") -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_the_first_that_works_is_taken(programs: Path) -> None:
    put(programs, "buildah")
    assert builder.find() == Builder("buildah")
    put(programs, "podman")
    assert builder.find() == Builder("podman")
    put(programs, "docker", NO_DAEMON)
    assert builder.find() == Builder("podman")
    put(programs, "docker")
    assert builder.find() == Builder("docker")


def test_the_one_that_is_named_is_taken(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(programs, "docker")
    elsewhere = programs / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("BUILDER", str(put(elsewhere, "podman")))
    assert builder.find().kind == "podman"


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("kaniko", "BUILDER: 'kaniko' is none of docker, podman, buildah"),
        ("buildah", "BUILDER: buildah does not work here: not installed"),
        ("docker", "BUILDER: docker does not work here: Cannot connect to the Docker daemon"),
        ("", "Nothing here builds images: install podman (Debian, Ubuntu: apt-get install podman; "),
        ("", "(docker: Cannot connect to the Docker daemon; podman: not installed; buildah: not installed)"),
    ],
)
def test_where_there_is_none_one_line_says_what_to_do(
    programs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], named: str, said: str
) -> None:
    put(programs, "docker", NO_DAEMON)
    monkeypatch.setenv("BASE_IMAGE", IMAGE.base)
    monkeypatch.setenv("BUILDER", named)
    assert main(["build"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


@pytest.fixture
def docker(tmp_path: Path) -> tuple[Builder, Path]:
    """A docker that writes down what it is told, and where."""
    said = tmp_path / "said"
    script = f'echo "$@" >> {said}; [ $1 = login ] && {{ cat; echo; }} >> {said}; exit 0'
    return Builder(str(put(tmp_path, "docker", script))), said


def test_docker_is_told_what_to_build(docker: tuple[Builder, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/etc/company/pip.conf")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    docker[0].build(IMAGE)
    options = docker[1].read_text().split()
    assert options[0] == "build"
    assert {f"--build-arg=BASE_IMAGE={IMAGE.base}", f"--tag=hydra-mlflow:{IMAGE.tag}"} <= set(options)
    assert {"--platform=linux/arm64", "--secret=id=pip_conf,src=/etc/company/pip.conf"} <= set(options)
    assert "ca_bundle" not in docker[1].read_text()
    assert options[-2] == f"--file={options[-1]}/mlflow_container/Dockerfile"
    assert not os.path.exists(options[-1])


def test_docker_reads_the_password_where_nobody_sees_it(docker: tuple[Builder, Path]) -> None:
    docker[0].push(IMAGE, Login("registry.example", "AWS", "secret"), "team/mlflow")
    target = f"registry.example/team/mlflow:{IMAGE.tag}"
    assert docker[1].read_text().splitlines() == [
        "login --username=AWS --password-stdin registry.example",
        "secret",
        f"tag {IMAGE.name} {target}",
        f"push {target}",
        "logout registry.example",
    ]


def test_a_failure_says_where_to_look(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    failing = Builder(str(put(tmp_path, "podman", "echo no space left on device; exit 125")))
    with pytest.raises(ImageError, match=r"^podman build failed \(exit code 125\): what it said is above$"):
        failing.build(IMAGE)
    assert capfd.readouterr().err == "no space left on device\n"


def test_an_interrupted_push_leaves_no_login(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A builder that never ends is told to, with us: its folders, and what it was logged in by, are gone."""
    folders = programs / "folders"
    folders.mkdir()
    hanging = f"case $1 in version) exit;; inspect) exit 1;; esac; : > {programs}/at; exec /bin/sleep 600"
    monkeypatch.setenv("BUILDER", str(put(programs, "podman", hanging)))
    monkeypatch.setenv("BASE_IMAGE", IMAGE.base)
    monkeypatch.setenv("TMPDIR", str(folders))
    process = subprocess.Popen([sys.executable, "-m", "mlflow_container", "build"], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not (programs / "at").exists():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        process.terminate()
        assert process.wait(60) == 128 + signal.SIGTERM
    finally:
        process.kill()
        process.wait()
    assert list(folders.iterdir()) == []
