"""The server: what it answers to whom, how it ends, and how two of them roll."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self
from uuid import uuid4

import pytest

from local.mysql import Server
from tests.mlflow_container.conftest import free_port
from tests.mlflow_container.harness import API, PATIENCE, PYTHON, Entrypoint, Running, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mlflow_server")]

CREATE = "/api/2.0/mlflow/experiments/create"


@pytest.fixture(scope="module")
def migrated(entrypoint_on: Callable[[Server], Entrypoint], mysql: Server) -> Entrypoint:
    """The command on a database that is ready for a server."""
    made = entrypoint_on(mysql)
    assert made.migrate().code == 0
    return made


@pytest.fixture(scope="module")
def served(migrated: Entrypoint) -> Iterator[Running]:
    """A server that all tests of this module may call."""
    with migrated.serving() as running:
        yield running


def client_flow(entrypoint: Entrypoint, running: Running, *arguments: str, **variables: str) -> dict[str, str]:
    """Do a client's work in an experiment of this name, and return what it says."""
    address = {"MLFLOW_TRACKING_URI": f"http://localhost:{running.port}"}
    line = [str(PYTHON), str(Path(__file__).with_name("client.py")), *arguments]
    done = subprocess.run(line, env={**entrypoint.variables, **address, **variables}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return said


def test_a_client_works_straight_with_s3(migrated: Entrypoint, served: Running) -> None:
    said = client_flow(migrated, served, "direct")
    assert said["artifact_uri"].startswith("s3://artifacts/mlflow/")


def test_a_client_works_through_the_server(migrated: Entrypoint) -> None:
    """It has no keys to the bucket, nor an address."""
    proxied = migrated.having(ARTIFACTS="proxied", PORT=free_port())
    without = {name: "" for name in proxied.variables if name.startswith("AWS_")}
    with proxied.serving() as running:
        said = client_flow(proxied.having(**without), running, "proxied", AWS_EC2_METADATA_DISABLED="true")
    assert said["artifact_uri"].startswith("mlflow-artifacts:/")


def test_it_answers_its_own_names_alone(served: Running) -> None:
    """The balancer's name has capitals in the settings, and none in a client's request (P26, P27, P54)."""
    name = "mlflow.example.com"
    good = (name, f"{name}:80", f"{name}:443", f"{name}:{served.port}", f"localhost:{served.port}")
    assert [served.get(API, host)[0] for host in good] == [200] * len(good)
    bad = ("evil.com", f"{name}.evil.com", f"{name}:81", "10.0.0.1")
    assert [served.get(API, host)[0] for host in bad] == [403] * len(bad)
    assert served.get("/health", "10.0.0.1")[0] == 200


def test_its_own_page_may_change_things_and_another_site_may_not(served: Running) -> None:
    def post(origin: str, number: int) -> int:
        body = json.dumps({"name": f"by a page {number}"}).encode()
        headers = {"Origin": origin, "Content-Type": "application/json"}
        return served.ask("POST", CREATE, body, "mlflow.example.com", headers)[0]

    own = ("https://mlflow.example.com", "http://mlflow.example.com", f"http://mlflow.example.com:{served.port}")
    assert [post(origin, number) for number, origin in enumerate(own)] == [200] * 3
    assert post("https://evil.com", 9) == 403


def test_the_health_check_is_an_api_call(migrated: Entrypoint, served: Running) -> None:
    """P51."""
    assert migrated.run("health").code == 0
    assert migrated.having(ALLOWED_HOSTS="another.example.com").run("health").output == "the API answers 403\n"
    assert migrated.having(ALLOWED_HOSTS="another.example.com").run("health").code == 1
    silent = migrated.having(PORT=free_port()).run("health")
    assert (silent.code, silent.output) == (1, "no answer: ConnectionRefusedError\n")


def test_nothing_secret_is_said(migrated: Entrypoint, served: Running) -> None:
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in (served.process.pid, *served.workers())]
    assert all(migrated.server.password.encode() not in line and b"mysql" not in line for line in lines)
    assert "mysql+pymysql" not in served.text


def test_what_is_in_flight_is_answered_at_the_end(migrated: Entrypoint) -> None:
    """A request of which half has come when the task is told to stop."""
    with migrated.having(PORT=free_port()).serving() as running:
        body = json.dumps({"name": "in flight"}).encode()
        with socket.create_connection(("127.0.0.1", running.port), timeout=PATIENCE) as client:
            head = f"POST {CREATE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:5])
            until(lambda: "Started server process" in running.text, "the server is up")
            running.process.terminate()
            until(lambda: running.status == 0, "no new request is taken")
            client.sendall(body[5:])
            assert client.recv(100).startswith(b"HTTP/1.1 200 OK")
        assert running.process.wait(PATIENCE) == 0


def test_a_worker_that_dies_ends_the_task(migrated: Entrypoint) -> None:
    """P52."""
    with migrated.having(PORT=free_port(), WORKERS="3").serving() as running:
        workers = running.workers()
        assert len(workers) == 3
        os.kill(workers[1], signal.SIGKILL)
        assert running.process.wait(PATIENCE) == 1
        assert f"worker {workers[1]} ended, SIGKILL" in running.text
        assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
        assert running.status == 0


def test_a_server_that_is_killed_leaves_no_orphan(migrated: Entrypoint) -> None:
    """P52."""
    with migrated.having(PORT=free_port()).serving() as running:
        workers = running.workers()
        running.process.kill()
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), "the workers end")
        assert running.status == 0


def test_a_taken_port_ends_the_task(migrated: Entrypoint, served: Running) -> None:
    assert served.status == 200
    with migrated.popen("server") as second:
        assert second.process.wait(PATIENCE) == 1
        assert "Address already in use" in second.text


def test_it_runs_on_no_schema_but_its_own(entrypoint: Entrypoint) -> None:
    def refused() -> tuple[int, str]:
        (done,) = entrypoint.forge.run("entrypoint", "server", variables=entrypoint.variables)
        return done.code, done.output

    code, said = refused()
    assert (code, f"database {entrypoint.database}: empty: run `migrate` first" in said) == (1, True)
    assert entrypoint.rows("SHOW TABLES") == []
    assert entrypoint.migrate().code == 0
    for revision, expected in (("b7e2c1a4d9f3", 3), ("123456789abc", 4)):
        entrypoint.server.client(f"UPDATE alembic_version SET version_num = '{revision}'", entrypoint.database)
        assert refused()[0] == expected


def test_an_idle_connection_outlives_the_balancers(served: Running) -> None:
    """The balancer keeps its connections for 60 seconds; uvicorn alone closes them after 5, under a request maybe."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        while not answer.endswith(b"OK"):
            answer += (part := client.recv(10000))
            assert part, answer
        assert select.select([client], [], [], 7)[0] == []  # neither closed nor heard of


class Balancer:
    """Clients that call without a pause, each request to the newest server, as a balancer sends them."""

    def __init__(self, first: Running) -> None:
        self.targets, self.lock, self.ended = [first], threading.Lock(), threading.Event()
        self.busy, self.answered, self.lost = Counter[int](), Counter[int](), list[tuple[int, bytes]]()
        self.threads = [threading.Thread(target=self._call, args=(number,)) for number in range(6)]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def _call(self, number: int) -> None:
        while not self.ended.is_set():
            with self.lock:
                target = self.targets[-1]
                self.busy[target.port] += 1
            body = json.dumps({"name": f"{number}-{uuid4()}"}).encode()
            status, said = target.ask("POST", CREATE, body, headers={"Content-Type": "application/json"})
            with self.lock:
                self.busy[target.port] -= 1
                self.answered[target.port] += status == 200
                if status != 200:
                    self.lost.append((status, said))


def test_two_servers_roll_and_no_request_is_lost(migrated: Entrypoint) -> None:
    """The old one gets no new request from when the new one answers, and its signal when its own are all answered."""
    with migrated.having(PORT=free_port()).serving() as old, Balancer(old) as balancer:
        until(lambda: balancer.answered[old.port] > 50, "the old one answers")
        with migrated.having(PORT=free_port()).serving() as new:
            balancer.targets.append(new)
            until(lambda: not balancer.busy[old.port], "the old one is drained")
            assert old.terminate() == 0
            until(lambda: balancer.answered[new.port] > 50, "the new one answers")
            balancer.__exit__()
    assert balancer.lost == []
    made = migrated.rows("SELECT COUNT(*) FROM experiments WHERE name REGEXP '^[0-9]-'")
    assert made == [[str(balancer.answered.total())]]
