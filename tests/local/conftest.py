from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from local.debian import UnavailableError, locked
from local.places import PROJECT
from local.programs import mysql
from tests.build.project import environment
from tests.local.harness import Platform


@pytest.fixture(scope="session")
def prepared() -> None:
    """What every platform needs, set up once for all of them."""
    try:
        mysql()
    except UnavailableError as error:
        pytest.skip(str(error))
    with locked("emulator-set-up"):
        targets = [".local/emulator/.ready"]
        if (PROJECT / "mlflow_container/requirements.txt").exists():
            targets.append(".local/mlflow/.ready")
        subprocess.run(["make", "--quiet", *targets], cwd=PROJECT, env=environment(), check=True)


def up() -> Iterator[Platform]:
    platform = Platform()
    try:
        platform.up()
        yield platform
    finally:
        platform.end()


@pytest.fixture(scope="session")
def platform(prepared: None) -> Iterator[Platform]:
    """The platform, up: shared, so that each test leaves it as it finds it."""
    yield from up()


@pytest.fixture(scope="session")
def spare_platform(prepared: None) -> Iterator[Platform]:
    yield from up()


@pytest.fixture
def own_platform(spare_platform: Platform) -> Platform:
    """A platform, up, to be done with as one likes."""
    spare_platform.up()
    return spare_platform
