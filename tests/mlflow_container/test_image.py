"""The real image: built by podman and by buildah, run as Fargate runs it against a real MySQL, pushed as to ECR."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from local import containers
from local.debian import UnavailableError
from local.mysql import Server
from local.registry import Registry, free_port
from mlflow_container import image, publish, registry
from mlflow_container.builder import Builder
from mlflow_container.image import CA_BUNDLE, ROOT, Image
from mlflow_container.registry import Login
from tests.servers import memory_folder

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("containers")]

PATIENCE = 120  # seconds that a server may take to start, or to stop
LARGEST = 450  # MB
PASSWORD = "p'a\"s$s %40{w}o\\rd"
# As mlflow.md has it: nothing but /tmp can be written, and nothing gained.
CONFINED = [
    "--read-only",
    "--read-only-tmpfs=false",  # podman would add /run and /var/tmp
    "--tmpfs=/tmp:rw,size=256m,mode=1777",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
    "--pids-limit=300",
    "--memory=2g",
]


@pytest.fixture(scope="module")
def variables() -> Iterator[dict[str, str]]:
    """What the environment holds while podman and buildah are used."""
    try:
        with containers.environment() as variables, pytest.MonkeyPatch.context() as patch:
            variables |= {"BASE_IMAGE": containers.base_image(variables), "BUILDER": "podman"}
            for name, value in variables.items():
                patch.setenv(name, value)
            yield variables
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def built(variables: dict[str, str]) -> Image:
    made = image.current()
    with (containers.FOLDER / "build.log").open("wb") as log:
        publish.build(made, Builder("podman", log))
    for name in podman("images", "--format={{.Repository}}:{{.Tag}}", "hydra-mlflow").stdout.split():
        if not name.endswith(f":{made.tag}"):  # of other tests, and other days
            podman("rmi", name)
    return made


def podman(*line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["podman", *line], capture_output=True, text=True, env={**os.environ, **variables})
    assert not done.returncode, done.stderr
    return done


def inspected(name: str) -> Any:
    return json.loads(podman("image", "inspect", name).stdout)[0]


def run(built: Image, *line: str, program: str = "entrypoint") -> subprocess.CompletedProcess[str]:
    command = ["podman", "run", "--rm", *CONFINED, f"--entrypoint={program}", built.name, *line]
    return subprocess.run(command, capture_output=True, text=True)


def test_it_says_what_it_is(built: Image, record_property: Any) -> None:
    made = inspected(built.name)
    assert made["User"] == "10001:10001"
    assert made["Architecture"] == "amd64"
    assert made["Config"]["Entrypoint"] == ["entrypoint"]
    assert made["Config"]["Cmd"] == ["server"]
    assert made["Labels"]["org.opencontainers.image.version"] == built.tag
    assert made["Labels"]["org.opencontainers.image.title"] == "MLflow"
    record_property("megabytes", made["Size"] // 10**6)
    print(f"{built.name}: {made['Size'] // 10**6} MB")
    assert made["Size"] < LARGEST * 10**6


def test_it_holds_what_the_server_needs_and_no_more(built: Image) -> None:
    has = (
        "import importlib.util, json, sys; print(json.dumps([n for n in sys.argv[1:] if importlib.util.find_spec(n)]))"
    )
    names = ["mlflow", "pymysql", "boto3", "flask_wtf", "pip", "matplotlib", "scipy", "sklearn", "pyarrow", "docker"]
    assert json.loads(run(built, "-c", has, *names, program="python3").stdout) == names[:4]
    script = "command -v gcc curl git pip; ls -A /var/lib/apt/lists /var/log /root/.cache"
    assert run(built, "-c", script, program="sh").stdout == "/var/lib/apt/lists:\n\n/var/log:\n"


def test_the_certificates_are_the_functions(built: Image) -> None:
    code = "import entrypoint.environment as e, hashlib; print(hashlib.sha256(e.CA_FILE.read_bytes()).hexdigest())"
    assert run(built, "-c", code, program="python3").stdout.strip() == sha256(built.files[CA_BUNDLE]).hexdigest()
    assert built.files[CA_BUNDLE] == (ROOT / CA_BUNDLE).read_bytes()


def test_no_start_compiles_anything(built: Image) -> None:
    """Every module comes with bytecode that is taken whatever the time of its source."""
    code = """
import pathlib, sys, sysconfig
for folder in {sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")}:
    for source in pathlib.Path(folder).rglob("*.py"):
        compiled = source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"
        if source.stat().st_size and (not compiled.exists() or compiled.read_bytes()[4:8] != b"\\1\\0\\0\\0"):
            print(source)
"""
    assert run(built, "-c", code, program="python3").stdout == ""


def test_nothing_can_be_written_but_tmp(built: Image) -> None:
    script = "id -u; touch /tmp/it && echo tmp; for place in / /opt/mlflow/bin /etc /var/tmp; do touch $place/it; done"
    done = run(built, "-c", script, program="sh")
    assert done.stdout.splitlines() == ["10001", "tmp"]
    assert done.stderr.count("Read-only file system") == 4


def test_nobody_becomes_another_user_or_brings_modules_along(built: Image) -> None:
    find = "find / -xdev -perm /6000 2>/dev/null; exit 0"
    assert run(built, "-c", find, program="sh").stdout == ""
    script = "echo 'raise SystemExit(9)' > /tmp/argparse.py; cd /tmp; entrypoint --help"
    assert run(built, "-c", script, program="sh").returncode == 0


def test_a_bad_setting_is_named(built: Image) -> None:
    done = run(built, "server")
    assert (done.returncode, done.stderr) == (2, "entrypoint server: DB_HOST is not set\n")


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


def _line(built: Image, settings: dict[str, str], mysql: Server, *options: str) -> list[str]:
    passed = [f"--env={name}" for name in settings]  # by name: no value is in an argument
    return ["podman", "run", "--rm", *CONFINED, *passed, f"--volume={mysql.ca}:/ca.pem:ro", *options, built.name]


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
    built: Image, settings: dict[str, str], mysql: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    migrated = subprocess.run([*_line(built, settings, mysql), "migrate"], capture_output=True, text=True)
    assert not migrated.returncode, migrated.stderr
    name, port = f"hydra-{os.getpid()}", free_port()
    line = _line(built, settings, mysql, f"--name={name}", f"--env=PORT={port}")
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


def test_nothing_secret_shows(serving: Running, built: Image) -> None:
    processes = podman("top", serving.name, "args").stdout
    assert "entrypoint" in processes
    for text in (processes, serving.log.read_text(), json.dumps(inspected(built.name))):
        assert PASSWORD not in text


def test_told_to_stop_it_ends_with_0(serving: Running) -> None:
    podman("stop", f"--time={PATIENCE}", serving.name)
    assert serving.process.wait(PATIENCE) == 0, serving.log.read_text()


def test_buildah_makes_the_same(built: Image) -> None:
    """Of the layers that are there; in `make torture`, all of them anew."""
    options = ["--no-cache"] if os.environ.get("TORTURE") else []
    with (containers.FOLDER / "build.log").open("ab") as log:
        Builder("buildah", log).build(built, *options, "--tag=hydra-mlflow:again")
    assert inspected("hydra-mlflow:again")["Digest"] == inspected(built.name)["Digest"]


class Ecr(BaseHTTPRequestHandler):
    """What ECR's API says to whoever asks for a login: AWS itself is the one that cannot be here."""

    registry: Registry

    def do_POST(self) -> None:
        assert self.headers["X-Amz-Target"].endswith(".GetAuthorizationToken")
        token = b64encode(f"AWS:{self.registry.password}".encode()).decode()
        data = {"authorizationToken": token, "proxyEndpoint": f"http://{self.registry.host}"}
        body = json.dumps({"authorizationData": [data]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def ecr(variables: dict[str, str]) -> Iterator[Registry]:
    folder = memory_folder()
    try:
        with Registry(folder) as running, ThreadingHTTPServer(("127.0.0.1", 0), Ecr) as api:
            Ecr.registry = running
            threading.Thread(target=api.serve_forever).start()
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("AWS_ENDPOINT_URL_ECR", f"http://127.0.0.1:{api.server_port}")
                for name, value in (
                    ("ACCESS_KEY_ID", "test"),
                    ("SECRET_ACCESS_KEY", "test"),
                    ("DEFAULT_REGION", "us-east-1"),
                ):
                    patch.setenv(f"AWS_{name}", value)
                yield running
            api.shutdown()
    except UnavailableError as error:
        pytest.skip(str(error))
    finally:
        shutil.rmtree(folder)


def push(url: str, **variables: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "mlflow_container", "push", url]
    return subprocess.run(line, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **variables})


def test_it_is_pushed_once(built: Image, ecr: Registry) -> None:
    url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/mlflow"
    target = f"{ecr.host}/team/mlflow:{built.tag}"
    first = push(url)
    assert (first.returncode, first.stdout) == (0, f"{target}\n"), first.stderr
    login = Login(ecr.host, ecr.username, ecr.password, plain_http=True)
    assert registry.digest(login, "team/mlflow", built.tag)
    assert registry.digest(login, "team/mlflow", "another") is None
    again = push(url, BUILDER="no-builder-is-needed")
    assert (again.returncode, again.stdout) == (0, f"{target}\n")
    assert again.stderr == f"{target} is there already\n"
    assert ecr.password not in first.stdout + first.stderr


def test_a_login_that_is_refused_is_said(built: Image, ecr: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ecr, "password", "not-the-password")
    done = push("team/mlflow")
    assert done.returncode == 1
    assert done.stderr == f"mlflow_container: {ecr.host} answers 401 Unauthorized for team/mlflow:{built.tag}\n"
