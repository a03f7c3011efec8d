"""What a registry says, by HTTP: a base's digest for anybody who asks, by a token where it wants one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mlflow_container.__main__ import main
from mlflow_container.errors import ImageError
from mlflow_container.registry import Login, digest, resolved

MANIFEST = b'{"schemaVersion": 2}'
DIGEST = f"sha256:{sha256(MANIFEST).hexdigest()}"


class Public(BaseHTTPRequestHandler):
    """A public registry as AWS's and Docker's are: whoever comes without a token is told where to get one."""

    def do_GET(self) -> None:
        host = self.headers["Host"]
        if self.path == "/token/?service=public&scope=aws":
            self.answer(200, json.dumps({"token": "for-anybody"}).encode())
        elif self.headers["Authorization"] != "Bearer for-anybody":
            challenge = f'Bearer realm="http://{host}/token/",service="public",scope="aws"'
            self.answer(401, b"", challenge)
        elif self.path == "/v2/library/debian/manifests/trixie-slim" and "oci.image.index" in self.headers["Accept"]:
            self.answer(200, MANIFEST)
        else:
            self.answer(503 if "broken" in self.path else 404, b"")

    def answer(self, code: int, body: bytes, challenge: str = "") -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def public() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Public) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_name_has_the_digest_that_its_tag_stands_for(public: str) -> None:
    assert resolved(f"{public}/library/debian:trixie-slim") == f"{public}/library/debian@{DIGEST}"


def test_one_with_a_digest_needs_no_registry() -> None:
    name = f"nowhere.example/debian@sha256:{'0' * 64}"
    assert resolved(name) == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("{public}/library/debian:forky", "has no such image: try again, or name it by its digest"),
        ("{public}/library/debian", "has no such image"),
        ("{public}/broken/debian:trixie", "answers 503 Service Unavailable for broken/debian:trixie"),
        ("127.0.0.1:1/debian:trixie", "127.0.0.1:1 does not answer: .*refused"),
        ("debian:trixie-slim", "'debian:trixie-slim' has no registry to ask for its digest"),
        ("debian@sha256:12", "'debian@sha256:12' ends in no digest"),
    ],
)
def test_what_has_none_is_named(public: str, name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImageError, match=f"^BASE_IMAGE.*{said}"):
        resolved(name.format(public=public))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BASE_IMAGE", name.format(public=public))
        assert main(["tag"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("mlflow_container: BASE_IMAGE")


def test_a_login_that_is_not_taken_is_no_missing_image(public: str) -> None:
    login = Login(public, "AWS", "secret", plain_http=True)
    with pytest.raises(ImageError, match="answers 401 Unauthorized for library/debian:trixie-slim") as error:
        digest(login, "library/debian", "trixie-slim")
    assert "secret" not in f"{error.value} {login!r}"
