"""The load balancer of local/: no request is lost while servers and listeners come and go."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from local import balancer as module
from local.balancer import Balancer, Listener
from local.debian import UnavailableError, command, unpacked
from tests.servers import memory_folder

pytestmark = pytest.mark.slow

PATIENCE = 60


class Server(ThreadingHTTPServer):
    """Says its number, and at /held only when it is let."""

    daemon_threads = True

    def __init__(self) -> None:
        self.begun, self.let = Event(), Event()
        super().__init__(("127.0.0.1", 0), Handler)
        Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_: object) -> None:
        """Say nothing of connections that HAProxy closes."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        if self.path == "/held":
            self.server.begun.set()
            self.server.let.wait(PATIENCE)
        said = self.headers["Host"] if self.path == "/host" else str(self.server.server_port)
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Server()) for _ in range(2)]


@pytest.fixture(scope="session", params=["PATH", "Debian"])
def program(request: pytest.FixtureRequest) -> tuple[str, ...]:
    try:
        return (
            module.haproxy()
            if request.param == "PATH"
            else command(unpacked("haproxy", "stable", ("haproxy",)), "haproxy")
        )
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture
def balancer(monkeypatch: pytest.MonkeyPatch, program: tuple[str, ...]) -> Iterator[Balancer]:
    monkeypatch.setattr(module, "haproxy", lambda: program)
    folder = memory_folder()
    made = Balancer(folder, lambda line, where: subprocess.Popen(line, cwd=where))
    yield made
    made.stop()
    shutil.rmtree(folder)


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def answer(port: int, path: str = "/", host: str = "mlflow") -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path, headers={"Host": host})
    return connection.getresponse()


def said(port: int, path: str = "/") -> int:
    response = answer(port, path)
    assert response.status == 200
    return int(response.read())


@contextmanager
def asked_all_the_time(port: int) -> Iterator[set[int]]:
    """Ask from several threads at once, each request on a connection of its own, until the block ends."""
    over, heard = Event(), set[int]()

    def ask() -> None:
        while not over.is_set():
            heard.add(said(port))

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask) for _ in range(3)]
        try:
            yield heard
        finally:
            over.set()
        for each in asking:
            each.result()  # a request that was lost raises here


def until(holds: Callable[[], object]) -> None:
    pause = Event()
    for _ in range(PATIENCE * 50):
        if holds():
            return
        pause.wait(0.02)
    raise AssertionError("it did not come")


def test_requests_are_shared_among_the_servers(balancer: Balancer, servers: list[Server]) -> None:
    port = free()
    balancer.listen([Listener(port, "default_backend web")], {"web": set()})
    assert answer(port).status == 503
    for server in servers:
        balancer.serve("web", server.server_port)
    assert {said(port) for _ in range(4)} == {server.server_port for server in servers}
    assert answer(port, "/host", "mlflow.example").read() == b"mlflow.example"


def test_a_draining_server_finishes_and_gets_no_more(balancer: Balancer, servers: list[Server]) -> None:
    port, (old, new) = free(), servers
    balancer.listen([Listener(port, "default_backend web")], {"web": {old.server_port}})
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(said, port, "/held")
        assert old.begun.wait(PATIENCE)
        balancer.serve("web", new.server_port)
        balancer.drain("web", old.server_port)
        assert {said(port) for _ in range(6)} == {new.server_port}
        assert balancer.busy("web", old.server_port)
        old.let.set()
        assert under_way.result() == old.server_port
    until(lambda: not balancer.busy("web", old.server_port))
    balancer.remove("web", old.server_port)
    assert {said(port) for _ in range(6)} == {new.server_port}
    balancer.serve("web", old.server_port)
    until(lambda: {said(port) for _ in range(4)} == {old.server_port, new.server_port})


def test_no_request_is_lost_while_servers_and_listeners_change(balancer: Balancer, servers: list[Server]) -> None:
    port, other, (old, new) = free(), free(), (server.server_port for server in servers)
    listener = Listener(port, "default_backend web")
    balancer.listen([listener], {"web": {old}})
    with asked_all_the_time(port) as heard:
        for _ in range(5):
            until(lambda: old in heard)
            balancer.serve("web", new)
            balancer.drain("web", old)
            until(lambda: new in heard)
            until(lambda: not balancer.busy("web", old))
            balancer.remove("web", old)
            heard.clear()
            balancer.listen([listener, Listener(other, "default_backend web")], {"web": {new}})
            until(lambda: new in heard)
            assert said(other) == new
            heard.clear()
            balancer.listen([listener], {"web": {old}})


def test_a_listener_redirects_or_answers_by_itself(balancer: Balancer) -> None:
    there, gone = free(), free()
    redirect = "http-request redirect code 301 location https://mlflow%[pathq]"
    balancer.listen(
        [
            Listener(there, redirect),
            Listener(gone, 'http-request return status 410 content-type text/plain string "gone"'),
        ],
        {},
    )
    response = answer(there, "/a?b=c")
    assert (response.status, response.headers["Location"]) == (301, "https://mlflow/a?b=c")
    response = answer(gone)
    assert (response.status, response.read()) == (410, b"gone")


def test_a_port_is_not_shared_with_another_balancer(balancer: Balancer) -> None:
    listener, folder = Listener(free(), "http-request return status 204"), memory_folder()
    other = Balancer(folder, balancer.start)
    balancer.listen([listener], {})
    with pytest.raises(RuntimeError, match="HAProxy does not listen"):
        other.listen([listener], {})
    other.stop()
    shutil.rmtree(folder)


def test_a_taken_port_is_said_and_the_others_go_on(balancer: Balancer, servers: list[Server]) -> None:
    port, (server, _) = free(), servers
    listener = Listener(port, "default_backend web")
    balancer.listen([listener], {"web": {server.server_port}})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(RuntimeError, match=f"HAProxy does not listen on {port}, {number} of 127.0.0.1"):
            balancer.listen([listener, Listener(number, "default_backend web")], {"web": set()})
    assert said(port) == server.server_port
    balancer.listen([], {})
    with pytest.raises(ConnectionRefusedError):
        answer(port)
