"""The real image, pushed to a registry that wants ECR's login."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.debian import UnavailableError
from local.registry import Registry
from mlflow_container import registry
from mlflow_container.image import ROOT, Image
from mlflow_container.registry import Login
from tests.servers import memory_folder

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("containers")]


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
def ecr(container_variables: dict[str, str]) -> Iterator[Registry]:
    folder = memory_folder()
    try:
        with Registry(folder) as running, ThreadingHTTPServer(("127.0.0.1", 0), Ecr) as api:
            Ecr.registry = running
            threading.Thread(target=api.serve_forever, args=(0.01,)).start()
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


def test_it_is_pushed_once(built_image: Image, ecr: Registry) -> None:
    url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/mlflow"
    target = f"{ecr.host}/team/mlflow:{built_image.tag}"
    first = push(url)
    assert (first.returncode, first.stdout) == (0, f"{target}\n"), first.stderr
    login = Login(ecr.host, ecr.username, ecr.password, plain_http=True)
    assert registry.digest(login, "team/mlflow", built_image.tag)
    assert registry.digest(login, "team/mlflow", "another") is None
    again = push(url, BUILDER="no-builder-is-needed")
    assert (again.returncode, again.stdout) == (0, f"{target}\n")
    assert again.stderr == f"{target} is there already\n"
    assert ecr.password not in first.stdout + first.stderr


def test_a_login_that_is_refused_is_said(built_image: Image, ecr: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ecr, "password", "not-the-password")
    done = push("team/mlflow")
    assert done.returncode == 1
    assert done.stderr == f"mlflow_container: {ecr.host} answers 401 Unauthorized for team/mlflow:{built_image.tag}\n"
