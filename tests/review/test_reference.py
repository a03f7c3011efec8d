"""The pages that are written from the code: whole, true and fresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from templates_py.review.hydra import MODULES, NAMES, REASONS, SETTINGS
from templates_py.review.reference import WHOLE, documents, interface, resolve
from templates_py.synthesis import synthesize


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build = tmp_path_factory.mktemp("build")
    synthesize(WHOLE, build)
    return build


def test_hydra_had_150_rows() -> None:
    rows = [tuple(row.values()) for row in interface()]
    assert len(rows) == len(set(rows)) == 150


@pytest.mark.parametrize("row", interface(), ids=lambda row: "-".join([*row.values()][:4]))
def test_each_row_of_hydras_is_answered(build: Path, row: dict[str, str]) -> None:
    found = resolve(build, row["system"], row["module"], row["kind"], row["name"])
    kinds = ("parameter", "parameter, fed by another stack", "setting", "another way")
    assert found["kind"] in (kinds if row["kind"] == "input" else ("output",))
    assert found["ours"]
    assert found["change"] or found["kind"] in ("output", "another way")


def test_no_exception_is_dead() -> None:
    rows = interface()
    assert {(row["system"], row["module"]) for row in rows} == MODULES.keys()
    assert {*NAMES, *SETTINGS, *REASONS} <= {row["name"] for row in rows}


def test_a_row_that_is_nowhere_is_an_error(build: Path) -> None:
    with pytest.raises(LookupError, match="batch secrets input no_such_row"):
        resolve(build, "batch", "secrets", "input", "no_such_row")


def test_the_pages_are_as_the_code_would_write_them() -> None:
    stale = [path.name for path, text in documents().items() if path.read_text() != text]
    assert stale == [], "run: python -m templates_py reference"
