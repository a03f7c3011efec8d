"""Migrations: of an empty database and of one with data, undisturbed, killed anywhere, and several at once."""

from __future__ import annotations

import pytest

from tests.mlflow_container.harness import Entrypoint

pytestmark = pytest.mark.slow


def test_try(entrypoint: Entrypoint) -> None:
    import time
    t = time.time()
    r = entrypoint.migrate()
    print(r.output[-3000:], r.code, time.time() - t)
    t = time.time()
    r = entrypoint.having(AUTH="basic").migrate()
    print(r.output[-3000:], r.code, time.time() - t)
    t = time.time()
    print(len(entrypoint.dump()), time.time() - t)
    assert 0
