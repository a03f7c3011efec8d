"""Real servers for the tests of the function: started by the first test that asks, one a worker, gone at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from local import programs as found
from local.debian import UnavailableError
from local.mysql import Server
from local.programs import Programs

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
