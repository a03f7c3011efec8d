from __future__ import annotations

from pathlib import Path

import pytest

from tests.build.project import copied


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copied(tmp_path)
