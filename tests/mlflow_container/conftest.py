"""A database of MLflow's, the process that makes many, and the command that runs on them."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

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


@pytest.fixture
def entrypoint_on(forge: Forge, tmp_path: Path) -> Iterator[Callable[[Server], Entrypoint]]:
    """Make an entrypoint of a new, empty database on a server; both databases go when the test ends."""
    made: list[tuple[Server, str]] = []

    def make(server: Server) -> Entrypoint:
        name = next(DATABASES)
        assert not server.client(f"CREATE DATABASE {name}").returncode
        made.append((server, name))
        variables = {**variables_of(server, name), "PORT": free_port(), "TMPDIR": str(tmp_path)}
        return Entrypoint(server, name, forge, variables, tmp_path)

    yield make
    for server, name in made:
        server.client(f"DROP DATABASE IF EXISTS {name}; DROP DATABASE IF EXISTS {name}_auth")  # it may be down


@pytest.fixture
def entrypoint(entrypoint_on: Callable[[Server], Entrypoint], mysql: Server) -> Entrypoint:
    """The command on a new, empty database of MySQL's."""
    return entrypoint_on(mysql)
