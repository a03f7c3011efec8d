"""A database of MLflow's, the process that makes many, and the command that runs on them."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator

import boto3
import pytest

from local.mysql import Server
from tests.mlflow_container.harness import Entrypoint, Forge, set_up, variables_of
from tests.servers import DATABASES, memory_folder


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return str(listening.getsockname()[1])


@pytest.fixture(scope="session")
def forge() -> Iterator[Forge]:
    set_up()
    folder = memory_folder()
    try:
        with Forge.started(folder) as started:
            yield started
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def bucket(aws: str) -> dict[str, str]:
    """The variables by which a bucket for artifacts is reached."""
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "x")
    variables = {**keys, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": aws}
    given = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x", "endpoint_url": aws}
    boto3.client("s3", **given).create_bucket(Bucket="artifacts")
    return variables


@pytest.fixture(scope="session")
def entrypoint_on(forge: Forge, bucket: dict[str, str]) -> Iterator[Callable[[Server], Entrypoint]]:
    """Make an entrypoint of a new, empty database on a server; what it makes goes at the end."""
    folder = memory_folder()

    def make(server: Server) -> Entrypoint:
        name = next(DATABASES)
        assert not server.client(f"CREATE DATABASE {name}").returncode
        variables = {**variables_of(server, name), **bucket, "PORT": free_port(), "TMPDIR": str(folder)}
        return Entrypoint(server, name, forge, variables, folder)

    yield make
    shutil.rmtree(folder)


@pytest.fixture
def entrypoint(entrypoint_on: Callable[[Server], Entrypoint], mysql: Server) -> Iterator[Entrypoint]:
    """The command on a new, empty database of MySQL's."""
    made = entrypoint_on(mysql)
    yield made
    made.server.client("".join(f"DROP DATABASE IF EXISTS {made.database}{end};" for end in ("", "_auth")))
