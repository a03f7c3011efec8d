"""Real servers for the tests: started by the first test that asks, one a worker, gone at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from local import programs as found
from local.debian import UnavailableError
from local.mysql import Server
from local.programs import Programs

MEMORY = Path("/dev/shm")  # where a server's data cost no disk
DATABASES = (f"test{number}" for number in count())


def memory_folder() -> Path:
    """Make an empty folder that costs no disk, where there is one."""
    return Path(tempfile.mkdtemp(prefix="hydra-", dir=MEMORY if MEMORY.is_dir() else None))


def running(find: Callable[[], Programs]) -> Iterator[Server]:
    """Run a server for as long as the fixture lives."""
    try:
        programs = find()
    except UnavailableError as error:
        pytest.skip(str(error))
    folder = memory_folder()
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
