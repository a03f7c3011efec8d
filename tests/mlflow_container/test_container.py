"""The real image, run as Fargate runs it: against a real MySQL, with nothing that it does not need."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from selenium import webdriver

from local.mysql import Server
from local.registry import free_port
from mlflow_container.image import Image
from tests.browser import wait_for
from tests.images import CONFINED, inspected, podman

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("containers")]

PATIENCE = 120  # seconds that a server may take to start, or to stop
PASSWORD = "p'a\"s$s %40{w}o\\rd"


@dataclass
class Running:
    """A container that serves."""

    name: str
    process: subprocess.Popen[bytes]
    url: str
    log: Path


def _environment(mysql: Server, aws: str) -> dict[str, str]:
    return {
        "DB_HOST": mysql.host,
        "DB_PORT": str(mysql.port),
        "DB_NAME": "image",
        "DB_USERNAME": "mlflow",
        "DB_PASSWORD": PASSWORD,
        "DB_CA_FILE": "/ca.pem",
        "ARTIFACT_ROOT": "s3://bucket/mlflow",
        "ALLOWED_HOSTS": "localhost",
        "TASK_CPU": "1024",
        "TASK_MEMORY": "2048",
        "AWS_ENDPOINT_URL": aws,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@pytest.fixture(scope="module")
def settings(mysql: Server, aws: str) -> Iterator[dict[str, str]]:
    """The container's environment, with a user and a database for it."""
    escaped = PASSWORD.replace("\\", "\\\\").replace("'", "''")
    setup = f"CREATE DATABASE image; CREATE USER mlflow IDENTIFIED BY '{escaped}'; GRANT ALL ON image.* TO mlflow;"
    assert not mysql.client(setup).returncode
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (settings := _environment(mysql, aws)).items():
            patch.setenv(name, value)
        yield settings
    mysql.client("DROP DATABASE image; DROP USER mlflow;")


def _line(built_image: Image, settings: dict[str, str], mysql: Server, *options: str) -> list[str]:
    passed = [f"--env={name}" for name in settings]  # by name: no value is in an argument
    return ["podman", "run", "--rm", *CONFINED, *passed, f"--volume={mysql.ca}:/ca.pem:ro", *options, built_image.name]


@contextmanager
def _serving(line: list[str], name: str, port: int, log: Path) -> Iterator[Running]:
    with log.open("wb") as output:
        process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    serving = Running(name, process, f"http://localhost:{port}", log)
    try:
        deadline = time.monotonic() + PATIENCE
        while not _answers(serving.url):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield serving
    finally:
        subprocess.run(["podman", "rm", "--force", "--ignore", "--time=0", name], capture_output=True)
        process.wait()


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=10).ok
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def serving(
    built_image: Image, settings: dict[str, str], mysql: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    migrated = subprocess.run([*_line(built_image, settings, mysql), "migrate"], capture_output=True, text=True)
    assert not migrated.returncode, migrated.stderr
    name, port = f"hydra-{os.getpid()}", free_port()
    line = _line(built_image, settings, mysql, f"--name={name}", f"--env=PORT={port}")
    with _serving(line, name, port, tmp_path_factory.mktemp("image") / "log") as serving:
        yield serving


def test_the_page_and_the_api_answer(serving: Running) -> None:
    page = requests.get(serving.url, timeout=PATIENCE)
    assert page.ok
    assert "<title>MLflow</title>" in page.text
    api = f"{serving.url}/api/2.0/mlflow"
    made = requests.post(f"{api}/experiments/create", json={"name": "of the image"}, timeout=PATIENCE)
    assert made.ok, made.text
    found = requests.get(f"{api}/experiments/get-by-name?experiment_name=of+the+image", timeout=PATIENCE).json()
    assert found["experiment"]["artifact_location"].startswith("s3://bucket/mlflow/")
    assert requests.get(f"{api}/experiments/search?max_results=1", timeout=PATIENCE).ok


def test_the_page_shows_in_a_browser(serving: Running, browser: webdriver.Chrome) -> None:
    browser.get(serving.url)
    wait_for(browser, "document.body.innerText.includes('Welcome to MLflow')")


def test_nothing_secret_shows(serving: Running, built_image: Image) -> None:
    processes = podman("top", serving.name, "args").stdout
    assert "entrypoint" in processes
    for text in (processes, serving.log.read_text(), json.dumps(inspected(built_image.name))):
        assert PASSWORD not in text


def test_told_to_stop_it_ends_with_0(serving: Running) -> None:
    podman("stop", f"--time={PATIENCE}", serving.name)
    assert serving.process.wait(PATIENCE) == 0, serving.log.read_text()
