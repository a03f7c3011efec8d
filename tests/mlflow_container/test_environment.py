"""The settings out of environment variables, and the health check's answers: no MLflow is needed for either."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mlflow_container.entrypoint import health
from mlflow_container.entrypoint.environment import Database, Server
from mlflow_container.entrypoint.errors import SettingError
from mlflow_container.entrypoint.workers import suiting

CONTAINER = Path(health.__file__).parents[1]
DATABASE = {"DB_HOST": "db.example.com", "DB_NAME": "mlflow", "DB_USERNAME": "admin", "DB_PASSWORD": "a secret"}
SERVER = {"ARTIFACT_ROOT": "s3://artifacts/mlflow", "ALLOWED_HOSTS": "Internal-MLflow-1.ELB.amazonaws.com"}
BASIC = {"AUTH": "basic", "AUTH_ADMIN_PASSWORD": "twelve at least", "AUTH_SECRET_KEY": "a key"}


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    """All that must be given."""
    (tmp_path / "ca.pem").touch()
    return {**DATABASE, **SERVER, "DB_CA_FILE": str(tmp_path / "ca.pem")}


def test_what_is_not_given_has_a_default(given: dict[str, str]) -> None:
    database, server = Database.read(given), Server.read(given)
    assert (database.port, database.has_auth, database.auth_name) == (3306, False, "mlflow_auth")
    assert (server.host, server.port, server.workers, server.proxied) == ("0.0.0.0", 5000, 2, False)
    assert (server.artifact_root, server.admin_username) == ("s3://artifacts/mlflow", "")


@pytest.mark.parametrize("name", [*DATABASE, *SERVER])
@pytest.mark.parametrize("is_empty", [True, False])
def test_what_is_missing_is_named(given: dict[str, str], name: str, is_empty: bool) -> None:
    values = {**given, name: ""} if is_empty else {key: value for key, value in given.items() if key != name}
    with pytest.raises(SettingError, match=f"^{name} is not set$"):
        (Database if name in DATABASE else Server).read(values)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DB_PORT", "0", "expected a whole number from 1 to 65535"),
        ("DB_PORT", "3306 ", "expected a whole number from 1 to 65535"),
        ("DB_NAME", "ml`flow", "expected up to 59 letters, digits, _, $ and -"),
        ("DB_CA_FILE", "/nowhere.pem", "expected a file of certificates in PEM format"),
        ("AUTH", "ldap", "expected none or basic or oidc"),
        ("PORT", "http", "expected a whole number from 1 to 65535"),
        ("WORKERS", "65", "expected a whole number from 1 to 64"),
        ("TASK_MEMORY", "2 GB", "expected a whole number from 128 to 9999999"),
        ("ARTIFACTS", "through", "expected direct or proxied"),
        ("ARTIFACT_ROOT", "/var/artifacts", "expected s3://bucket/folder"),
        ("ALLOWED_HOSTS", "*", "'*' is no host name; expected names with commas between"),
        ("ALLOWED_HOSTS", "good.example.com,10.*", "'10.*' is no host name; expected names with commas between"),
        ("JOB_EXECUTION", "true", "expected false: this image runs no jobs"),
    ],
)
def test_what_is_bad_is_named_with_what_was_expected(
    given: dict[str, str], name: str, value: str, expected: str
) -> None:
    with pytest.raises(SettingError) as raised:
        Database.read({**given, name: value})
        Server.read({**given, name: value})
    assert str(raised.value) == f"{name}={value!r}: {expected}"


@pytest.mark.parametrize(
    ("command", "name"), [("migrate", "DB_HOST"), ("server", "ALLOWED_HOSTS"), ("health", "ALLOWED_HOSTS")]
)
def test_a_command_says_so_in_one_line_and_ends_with_2(given: dict[str, str], command: str, name: str) -> None:
    environment = {**given, "ALLOWED_HOSTS": ""} if command == "server" else {}
    done = subprocess.run(
        [sys.executable, "-m", "entrypoint", command], cwd=CONTAINER, env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"entrypoint {command}: {name} is not set\n"


@pytest.mark.parametrize("name", ["AUTH_ADMIN_PASSWORD", "AUTH_SECRET_KEY"])
def test_logins_want_their_secrets(given: dict[str, str], name: str) -> None:
    with pytest.raises(SettingError, match=f"^{name} is not set$"):
        Server.read({**given, **BASIC, name: ""})
    assert Server.read({**given, **BASIC, name: ""}, secrets=False).admin_password == ""


@pytest.mark.parametrize("password", ["too short", "password1234"])
def test_a_bad_password_of_the_admin_is_not_repeated(given: dict[str, str], password: str) -> None:
    with pytest.raises(SettingError) as raised:
        Server.read({**given, **BASIC, "AUTH_ADMIN_PASSWORD": password})
    assert "AUTH_ADMIN_PASSWORD: expected 12 characters or more" in str(raised.value)
    assert password not in str(raised.value)


def test_nothing_secret_shows(given: dict[str, str]) -> None:
    shown = repr(Database.read(given)) + repr(Server.read({**given, **BASIC}))
    assert not any(secret in shown for secret in ("a secret", "twelve at least", "a key"))


def test_a_name_is_answered_in_lower_case_and_with_its_ports(given: dict[str, str]) -> None:
    server = Server.read({**given, "ALLOWED_HOSTS": "MLflow.Example.com, localhost:8080", "PORT": "5001"})
    name = "mlflow.example.com"
    assert server.allowed_hosts == [name, f"{name}:80", f"{name}:443", f"{name}:5001", "localhost:8080"]
    assert {f"https://{name}", f"http://{name}:5001", "http://localhost:8080"} <= set(server.allowed_origins)


@pytest.mark.parametrize(
    ("cpu", "memory", "count"), [(256, 512, 1), (512, 1024, 1), (1024, 2048, 2), (2048, 4096, 4), (4096, 4096, 8)]
)
def test_workers_suit_the_task(cpu: int, memory: int, count: int) -> None:
    assert suiting(cpu, memory) == count


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A server that gives every request of the right Host this status: its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            good = self.headers["Host"] == SERVER["ALLOWED_HOSTS"].lower() and self.path == health.CALL
            self.send_response(status if good else 400)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "code"), [(200, 0), (401, 0), (404, 0), (503, 0), (403, 1), (400, 1), (500, 1), (302, 1)]
)
def test_health_is_what_the_api_answers(given: dict[str, str], status: int, code: int) -> None:
    with answering(status) as port:
        assert health.check(Server.read({**given, "PORT": str(port)})) == code
    assert health.check(Server.read({**given, "PORT": str(port)})) == 1
