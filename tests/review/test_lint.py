"""cfn-lint over build/: every shape is clean in six Regions, and only what changed is looked at again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from templates_py.review.lint import IGNORED, REGIONS, lint
from templates_py.synthesis import synthesize
from tests.emitted import BASIC, DEFAULT, WHOLE, with_batch, with_mlflow

SHAPES = {
    "default": (DEFAULT, "json"),
    "whole": (WHOLE, "json"),
    "yaml": (WHOLE, "yaml"),
    "basic": (BASIC, "json"),
    "delete": (
        with_mlflow(with_batch(deletion_policy="Delete"), deletion_policy="Delete", internet_facing=True),
        "json",
    ),
}


def edit(path: Path, section: str, change: dict[str, object]) -> None:
    body = json.loads(path.read_text())
    body[section] |= change
    path.write_text(json.dumps(body))


@pytest.mark.slow
def test_every_shape_is_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What shapes have in common is looked at once."""
    notes, clean = tmp_path / ".linted", set()
    for shape, (settings, format) in SHAPES.items():
        synthesize(settings, tmp_path, format=format)
        assert lint(tmp_path) == 0, f"{shape}: {capsys.readouterr().out}"
        clean |= set(notes.read_text().split())
        notes.write_text("\n".join(clean))
    assert (len(REGIONS), IGNORED) == (6, ["W3002"])


@pytest.mark.slow
def test_only_what_changed_is_linted_and_the_parents_of_a_changed_interface(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    synthesize(DEFAULT, tmp_path, "batch")
    assert lint(tmp_path) == 0
    assert "10 of 10" in capsys.readouterr().out
    assert lint(tmp_path) == 0
    assert "0 of 10" in capsys.readouterr().out

    edit(tmp_path / "batch/storage.json", "Resources", {})
    storage = json.loads((tmp_path / "batch/storage.json").read_text())
    storage["Description"] = "Changed inside"
    (tmp_path / "batch/storage.json").write_text(json.dumps(storage))
    assert lint(tmp_path) == 0
    assert "1 of 10" in capsys.readouterr().out

    edit(tmp_path / "batch/storage.json", "Parameters", {"Surprise": {"Type": "String"}})
    assert lint(tmp_path) == 1
    said = capsys.readouterr().out
    assert "2 of 10" in said and "E3043" in said and "Surprise" in said

    assert lint(tmp_path) == 1  # what is faulty is looked at again
    assert "2 of 10" in capsys.readouterr().out


def test_a_finding_is_one_line_that_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    synthesize(DEFAULT, tmp_path, "artifacts")
    edit(tmp_path / "artifacts/template.json", "Resources", {"Bad": {"Type": "AWS::S3::Buckett"}})
    assert lint(tmp_path) == 1
    line = capsys.readouterr().out.splitlines()[-1]
    assert "artifacts/template.json:" in line and "E3006" in line and "Buckett" in line


def test_an_empty_build_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(tmp_path) == 1
    assert "no templates" in capsys.readouterr().err
