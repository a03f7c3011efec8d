"""Real servers for the tests of the function: started by the first test that asks, one a worker, gone at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from local import programs as found
from local.debian import UnavailableError
from local.mysql import Server
from local.programs import Programs
from tests.functions.harness import Function, aws_client

MEMORY = Path("/dev/shm")  # where a server's data cost no disk
DATABASES = (f"test{number}" for number in count())


def running(find: Callable[[], Programs]) -> Iterator[Server]:
    try:
        programs = find()
    except UnavailableError as error:
        pytest.skip(str(error))
    folder = Path(tempfile.mkdtemp(prefix="hydra-", dir=MEMORY if MEMORY.is_dir() else None))
    server = Server(programs, folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def mysql() -> Iterator[Server]:
    yield from running(found.mysql)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    yield from running(found.mariadb)


@pytest.fixture(params=["mysql", "mariadb"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each kind of server in turn."""
    started: Server = request.getfixturevalue(request.param)
    return started


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """The name of a new, empty database on it."""
    name = next(DATABASES)
    assert not server.client(f"CREATE DATABASE {name}").returncode
    yield name
    assert not server.client(f"DROP DATABASE {name}").returncode


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """S3 and Secrets Manager: where they answer."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def function(server: Server, database: str, aws: str, monkeypatch: pytest.MonkeyPatch) -> Function:
    """The function, with a bucket and secrets of its own, against a new database of each kind of server."""
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
    for name, value in {**dict.fromkeys(keys[:2], "x"), keys[2]: "us-east-1", "AWS_ENDPOINT_URL": aws}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_CA_FILE", str(server.ca))
    bucket = f"{'mariadb' if server.programs.is_mariadb else 'mysql'}-{database}"
    aws_client("s3").create_bucket(Bucket=bucket)
    aws_client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    secrets = aws_client("secretsmanager")
    values = {"username": server.user, "password": server.password}
    arns = {
        key: secrets.create_secret(Name=f"{bucket}-{key}", SecretString=value)["ARN"] for key, value in values.items()
    }
    return Function(
        server,
        database,
        bucket,
        {
            "aws_region": "us-east-1",
            "database_hostname": server.host,
            "database_port": server.port,
            "database_username_secret": arns["username"],
            "database_password_secret": arns["password"],
            "database_default_name": database,
            "table_setup_script_bucket_name": bucket,
            "table_setup_script_bucket_key": "table_setup.sql",
        },
    )


@pytest.fixture
def uninterrupted(function: Function, server: Server) -> Iterator[Callable[[str], str]]:
    """What a script makes of an empty database where nothing disturbs it: script -> dump."""

    def run(script: str) -> str:
        name = next(DATABASES)
        server.client(f"CREATE DATABASE {name}")
        try:
            other = replace(function, database=name, payload={**function.payload, "database_default_name": name})
            other.put(script)
            assert other.invoke()["Status"] == "SUCCESS"
            return other.dump()
        finally:
            server.client(f"DROP DATABASE {name}")

    yield run
