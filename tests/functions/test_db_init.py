"""The function that stands where the database initialiser will: one answer to each event, and no more."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError

import pytest

FUNCTION = Path(__file__).parents[2] / "functions/db_init"
Handler = Callable[[dict[str, Any], object], None]


class Receiver(HTTPServer):
    """What a ResponseURL points at: it keeps the requests that it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receive)
        self.requests: list[tuple[str, str | None, dict[str, Any]]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/?X-Amz-Signature=secret"


class Receive(BaseHTTPRequestHandler):
    server: Receiver

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: the tests look at what the function says."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Iterator[Handler]:
    monkeypatch.syspath_prepend(str(FUNCTION))
    yield import_module("app").lambda_handler
    del sys.modules["app"]


def event(kind: str, receiver: Receiver) -> dict[str, Any]:
    return {
        "RequestType": kind,
        "ResponseURL": receiver.url,
        "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/hydra/1",
        "RequestId": "request-1",
        "LogicalResourceId": "DbInit",
        "ResourceType": "Custom::DbInit",
        "ResourceProperties": {"DatabasePasswordSecret": "arn:secret"},
        **({} if kind == "Create" else {"PhysicalResourceId": "DbInit"}),
    }


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        ("Create", "FAILED", "The database initialiser is not part of this version yet"),
        ("Update", "FAILED", "The database initialiser is not part of this version yet"),
        ("Delete", "SUCCESS", "The database keeps what it holds"),
    ],
)
def test_each_event_has_one_answer(handler: Handler, receiver: Receiver, kind: str, status: str, reason: str) -> None:
    handler(event(kind, receiver), None)
    assert receiver.requests == [
        (
            "/?X-Amz-Signature=secret",
            "",  # what the URL is signed for
            {
                "Status": status,
                "Reason": reason,
                "PhysicalResourceId": "DbInit",
                "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/hydra/1",
                "RequestId": "request-1",
                "LogicalResourceId": "DbInit",
            },
        )
    ]


def test_nothing_secret_is_logged(handler: Handler, receiver: Receiver, capfd: pytest.CaptureFixture[str]) -> None:
    handler(event("Create", receiver), None)
    said = "".join(capfd.readouterr())
    assert said == "Create: FAILED: The database initialiser is not part of this version yet\n"


def test_an_answer_that_is_refused_is_an_error_without_the_url(handler: Handler, receiver: Receiver) -> None:
    receiver.status = 403
    with pytest.raises(HTTPError) as refused:
        handler(event("Create", receiver), None)
    refused.value.close()
    assert str(refused.value) == "HTTP Error 403: Forbidden"
    assert len(receiver.requests) == 1
