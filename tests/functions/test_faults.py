"""What is answered where something that the function needs is not there, not right, or does not answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Event, Thread, Timer

import pytest
import trustme

from tests.functions.harness import Function, aws_client

pytestmark = pytest.mark.slow
NUMBERS = count()


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def closed() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


class Denied(BaseHTTPRequestHandler):
    """S3 as it answers a role that may not."""

    def do_GET(self) -> None:
        body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def denied() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Denied) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def slow(function: Function) -> Iterator[int]:
    """A port that leads to the database, half a second after it was called."""

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        target.close()

    def lead(client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", function.server.port))
        for pair in ((client, server), (server, client)):
            Thread(target=pump, args=pair, daemon=True).start()

    def serve() -> None:
        with suppress(OSError):
            while True:
                Timer(0.5, lead, [listening.accept()[0]]).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]


@pytest.fixture
def stalled(function: Function) -> Iterator[tuple[int, Event, list[bool]]]:
    """A port that leads to the database until a statement of some size comes: then it reads no more.

    It hangs up when it is told to, or after a minute, and notes which of the two it was.
    """
    answered, told = Event(), list[bool]()

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                if len(data) == 4096:
                    told.append(answered.wait(60))
                    break
                target.sendall(data)
        target.close()
        source.close()

    def serve() -> None:
        with suppress(OSError):
            while True:
                client = listening.accept()[0]
                server = socket.create_connection(("127.0.0.1", function.server.port))
                Thread(target=pump, args=(client, server), daemon=True).start()
                Thread(target=back, args=(server, client), daemon=True).start()

    def back(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1], answered, told


def secret(value: str) -> str:
    secrets = aws_client("secretsmanager")
    return str(secrets.create_secret(Name=f"secret-{next(NUMBERS)}", SecretString=value)["ARN"])


def refused(function: Function, seconds: float = 3, **changes: object) -> str:
    said = function.invoke(seconds=seconds, **changes)
    assert said["Status"] == "FAILED"
    return str(said["Reason"])


def test_no_bucket(function: Function) -> None:
    said = refused(function, table_setup_script_bucket_name="nobodys")
    assert said.startswith("s3://nobodys/table_setup.sql: NoSuchBucket")


def test_no_secret(function: Function) -> None:
    assert refused(function, database_username_secret="nobodys") == "secret nobodys: ResourceNotFoundException"


@pytest.mark.parametrize("service", ["S3", "SECRETS_MANAGER"])
def test_an_aws_service_that_does_not_answer(
    function: Function, service: str, silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", f"http://127.0.0.1:{silent}")
    assert refused(function, seconds=1.5) == "out of time after 0 statements: the next invocation goes on there"


@pytest.mark.parametrize("service", ["S3", "SECRETS_MANAGER"])
def test_an_aws_service_that_is_not_there(
    function: Function, service: str, closed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", f"http://127.0.0.1:{closed}")
    assert "Could not connect to the endpoint URL" in refused(function, seconds=15)


def test_no_server(function: Function, closed: int) -> None:
    said = refused(function, database_port=closed)
    assert said.startswith(f"localhost:{closed}/{function.database}: 2003 ")


def test_a_server_that_does_not_answer(function: Function, silent: int) -> None:
    assert refused(function, seconds=1.5, database_port=silent).startswith("out of time after 0 statements")


def test_a_server_that_starts_meanwhile(function: Function) -> None:
    """It is waited for, with growing patience, for as long as there is time."""
    function.server.stop()
    child = Thread(target=function.server.start)
    child.start()
    assert function.invoke()["Status"] == "SUCCESS"
    child.join()


def test_a_wrong_password(function: Function) -> None:
    said = refused(function, database_password_secret=secret("wrong"))
    assert ": 1045 Access denied for user '...'" in said
    assert "wrong" not in said and function.server.user not in said


def test_a_database_that_is_not_there(function: Function) -> None:
    assert ": 1049 Unknown database" in refused(function, database_default_name="nothing")


def test_an_authority_that_is_not_the_servers(
    function: Function, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = f"{tmp_path}/other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    monkeypatch.setenv("DATABASE_CA_FILE", other)
    said = refused(function)
    assert f"its certificate does not verify by {other}" in said


def test_a_certificate_for_another_name(function: Function) -> None:
    """127.1 leads to the server, as localhost does; its certificate does not name it."""
    said = refused(function, database_hostname="127.1")
    assert said == f"127.1:{function.server.port}/{function.database}: its certificate does not verify by " + str(
        function.server.ca
    )


def test_the_authorities_of_rds_do_not_know_a_server_of_ours(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_CA_FILE")
    assert "its certificate does not verify by" in refused(function)


def test_authorities_that_are_not_there(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_CA_FILE", "none.pem")
    assert refused(function) == "DATABASE_CA_FILE = 'none.pem': expected a file of certificates (PEM)"


def test_a_user_of_this_database_alone(function: Function) -> None:
    """What is the server's own, the function does not need to read."""
    made = function.server.client(
        "CREATE USER IF NOT EXISTS 'owner'@'%' IDENTIFIED BY 'hush'; GRANT SELECT, INSERT, UPDATE, DELETE, CREATE,"
        f" DROP, REFERENCES, INDEX, ALTER ON {function.database}.* TO 'owner'@'%'"
    )
    assert not made.returncode, made.stderr
    said = function.invoke(database_username_secret=secret("owner"), database_password_secret=secret("hush"))
    assert said["Status"] == "SUCCESS", said


def test_a_user_who_may_not(function: Function) -> None:
    function.server.client(
        "CREATE USER IF NOT EXISTS 'reader'@'%' IDENTIFIED BY 'hush';"
        f"GRANT SELECT ON {function.database}.* TO 'reader'@'%'"
    )
    said = refused(function, database_username_secret=secret("reader"), database_password_secret=secret("hush"))
    assert "1142" in said and "denied" in said


def test_credentials_may_be_one_json_secret(function: Function) -> None:
    both = secret(f'{{"username": "{function.server.user}", "password": "{function.server.password}"}}')
    assert function.invoke(database_username_secret=both, database_password_secret=both)["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"database_hostname": ""}, "database_hostname = '': expected a text that is not empty"),
        ({"database_port": "x"}, "database_port = 'x': expected a number from 1 to 65535"),
        ({"database_port": 65536}, "database_port = 65536: expected a number from 1 to 65535"),
        ({"database_port": [1]}, "database_port = [1]: expected a number from 1 to 65535"),
        ({"allow_data_loss": 1}, "allow_data_loss = 1: expected names of tables, with commas between"),
        ({"table_setup_script": "no.sql"}, "table_setup_script = 'no.sql': expected a script (.sql) of the package"),
        # What is of the machine, not of the package, would be put in the bucket for all to read.
        (
            {"table_setup_script": "/proc/self/environ"},
            "table_setup_script = '/proc/self/environ': expected a script (.sql) of the package",
        ),
        (
            {"table_setup_script": "schema/../app.py"},
            "table_setup_script = 'schema/../app.py': expected a script (.sql) of the package",
        ),
    ],
)
def test_a_payload_that_is_wrong(function: Function, changes: dict[str, object], said: str) -> None:
    assert refused(function, **changes) == said


def test_a_bucket_that_the_role_may_not_read(function: Function, denied: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{denied}")
    said = refused(function)
    assert said == f"s3://{function.bucket}/table_setup.sql: AccessDenied: Access Denied"


def test_a_database_that_is_slow(function: Function, slow: int) -> None:
    assert function.invoke(database_port=slow)["Status"] == "SUCCESS"


@pytest.mark.parametrize("server", ["mysql"], indirect=True)
def test_a_database_that_takes_nothing_more(function: Function, stalled: tuple[int, Event, list[bool]]) -> None:
    """Not even the good-bye: that is not waited for either."""
    port, answered, told = stalled
    function.put("CREATE TABLE t (a LONGTEXT);\nINSERT INTO t VALUES ('" + "x" * 12_000_000 + "');\n")
    assert refused(function, seconds=9, database_port=port).startswith("out of time after 1 statements")
    assert not told
    answered.set()


def test_a_table_that_is_full(function: Function) -> None:
    """The error of a disk that is full too (1114), which a test cannot fill; what was before stands."""
    rows = ", ".join(["(REPEAT('x', 255))"] * 200)
    function.put(
        "SET max_heap_table_size = 16384;\nCREATE TABLE before_it (a INT);\n"
        f"CREATE TABLE m (a CHAR(255)) ENGINE=MEMORY;\nINSERT INTO m VALUES {rows};\n"
    )
    said = refused(function, seconds=10)
    assert said.startswith("statement 4, line 4, INSERT INTO m: 1114 The table 'm' is full")
    assert function.rows("SHOW TABLES LIKE 'before_it'") == [["before_it"]]
