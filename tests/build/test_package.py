"""The function's package, as Lambda gets it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.build.project import copied, run

pytestmark = pytest.mark.slow

LAMBDAS = "3.13"  # as the template says: Runtime: python3.13
MOST = 10_000_000  # bytes, zipped: what a cold start has to fetch


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = copied(tmp_path_factory.mktemp("package"))
    done = run(project, "make", "build_lambda")
    assert done.returncode == 0, done.stderr
    return project / ".aws-sam/db_init"


def candidates() -> Iterator[str]:
    """Yield what may be a Python of Lambda's version: on the PATH, or uv's own."""
    yield f"python{LAMBDAS}"
    if (uv := Path(sys.executable).with_name("uv")).exists():
        found = subprocess.run([uv, "python", "find", "--no-python-downloads", LAMBDAS], capture_output=True, text=True)
        yield from found.stdout.splitlines()


@pytest.fixture(scope="module")
def lambdas_python() -> str:
    """Return a Python of Lambda's version: one that runs, since a version manager's may only say what is missing."""
    chosen = {**os.environ, "PYENV_VERSION": LAMBDAS}  # what pyenv's wants to be told
    for candidate in filter(shutil.which, candidates()):
        line = [candidate, "-c", "import sys; print(sys.executable)"]
        done = subprocess.run(line, capture_output=True, text=True, env=chosen)
        if done.returncode == 0:
            return done.stdout.strip()
    pytest.skip(f"no Python {LAMBDAS}, Lambda's version: install one (uv python install {LAMBDAS})")


USE = """
import sys
import sysconfig
sys.path[:0] = [sys.argv[1]]
sys.path.append(sys.argv[2])  # where boto3 is, which comes with Lambda's runtime
import app, pymysql, sqlalchemy
from sqlalchemy.util import has_compiled_ext
engine = sqlalchemy.create_engine("mysql+pymysql://user:password@host/database")
print(callable(app.lambda_handler), engine.driver, bool(has_compiled_ext()))
print(*{module.__file__.removeprefix(sys.argv[1]) for module in (app, pymysql, sqlalchemy)})
"""


def test_it_imports_on_lambdas_python(package: Path, lambdas_python: str) -> None:
    """Without site-packages (-S), so that nothing comes from anywhere else."""
    done = subprocess.run(
        [lambdas_python, "-ISB", "-c", USE, package, sysconfig.get_path("purelib")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    compiled = (platform.system(), platform.machine()) == ("Linux", "x86_64")
    said, files = done.stdout.splitlines()
    assert said == f"True pymysql {compiled}"
    assert set(files.split()) == {"/app.py", "/pymysql/__init__.py", "/sqlalchemy/__init__.py"}


def test_it_holds_what_runs_on_lambda_and_little_else(package: Path, tmp_path: Path) -> None:
    paths = {path.relative_to(package).as_posix() for path in package.rglob("*")}
    assert {"app.py", "runner.py", "rds-ca.pem", "schema/0001_jobs.sql"} <= paths
    assert not {path for path in paths if path.endswith(".lock") or "testing" in path}
    assert all("cpython-313-x86_64-linux" in path for path in paths if path.endswith(".so"))
    assert Path(shutil.make_archive(str(tmp_path / "package"), "zip", package)).stat().st_size < MOST


def test_it_is_the_same_each_time(package: Path) -> None:
    """Or every deployment would update a function that did not change."""

    def content() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in package.rglob("*") if path.is_file()}

    before = content()
    assert run(package.parents[1], "make", "build_lambda").returncode == 0
    assert content() == before
