"""In CI, a test that was skipped has not passed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
SKIPPED = "import pytest\n\ndef test_nothing():\n    pytest.skip('no reason')\n"
PASSED = "def test_nothing():\n    pass\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("test", "ci", "workers", "status"),
    [
        (SKIPPED, "true", "1", 1),
        (SKIPPED, "true", "0", 1),
        (SKIPPED, "", "0", 0),
        (PASSED, "true", "0", 0),
    ],
    ids=["CI, xdist", "CI", "here", "passed"],
)
def test_a_skipped_test_fails_a_run_of_ci(tmp_path: Path, test: str, ci: str, workers: str, status: int) -> None:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_it.py").write_text(test)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "xdist", "-p", "no:cacheprovider", "-n", workers, "--rootdir", tmp_path],
        cwd=tmp_path,
        env={**os.environ, "CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stdout
    assert ("1 skipped count as failed" in done.stdout) == bool(status)
