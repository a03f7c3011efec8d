"""A server of AWS's APIs that enforces policies: moto's, behind one that asks them first.

moto enforces policies itself, but takes every resource other than S3's for `*`, ignores conditions like StringLike,
and says 404 to whom S3 would say 403. What is asked is recorded, by role: the access key is the role's name.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from tests.least_privilege.calls import caller, calls, to_tell_absence
from tests.least_privilege.grants import Call, Grant, allowed

BROKEN = "broken.bin"  # S3 takes no part of an object of this name, so that its upload is given up
Answer = Callable[..., Iterable[bytes]]


@dataclass
class Guard:
    """What answers, by the policies of the roles that it knows; whom it does not know may do anything."""

    behind: Answer
    policies: dict[str, list[Grant]] = field(default_factory=dict)
    asked: defaultdict[str, set[Call]] = field(default_factory=lambda: defaultdict(set))
    denied: list[str] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        role = caller(Request(environ))
        answer = self._answer(role, environ) if role in self.policies else self.behind
        return answer(environ, start_response)

    def _answer(self, role: str, environ: dict[str, Any]) -> Answer:
        body = environ["wsgi.input"].read(*([] if environ.get("wsgi.input_terminated") else [_length(environ)]))
        environ["wsgi.input"] = BytesIO(body)
        request = Request(environ)
        try:
            asked = calls(request, body)
        except LookupError as error:
            self.denied.append(f"{role}: {error}")
            return _error(request, "NotImplemented", 501)
        if not self._permits(role, asked):
            return _error(request, "AccessDenied", 403)
        if request.path.endswith(BROKEN) and "partNumber" in request.args:
            return _error(request, "InvalidRequest", 400)
        answer = Response.from_app(self.behind, environ)
        if answer.status_code == 404 and not self._permits(role, to_tell_absence(asked)):
            return _error(request, "AccessDenied", 403)
        return answer

    def _permits(self, role: str, asked: list[Call]) -> bool:
        self.asked[role].update(asked)
        refused = [call for call in asked if not allowed(self.policies[role], call)]
        self.denied += [f"{role}: {call}" for call in refused]
        return not refused


def _length(environ: dict[str, Any]) -> int:
    return int(environ.get("CONTENT_LENGTH") or 0)


def _error(request: Request, code: str, status: int) -> Response:
    if "X-Amz-Target" in request.headers:
        return Response(f'{{"__type": "{code}Exception"}}', status, content_type="application/x-amz-json-1.1")
    body = "" if request.method == "HEAD" else f"<Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return Response(body, status, content_type="application/xml")


@contextmanager
def guarded() -> Iterator[tuple[Guard, str]]:
    """Serve, and yield what guards with its address."""
    guard = Guard(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, guard, threaded=True, request_handler=MotoRequestHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield guard, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
