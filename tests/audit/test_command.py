"""What `make audit` says of a file that it cannot judge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.__main__ import main
from audit.programs import ScannerError, answer, ran
from templates_py.review.transitions import templates
from tests.emitted import DEFAULT


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON ("),
        ("[]", "no resources: expected a flattened template, as `make flat` writes it"),
        (json.dumps(templates(DEFAULT)["template"]), "a nested stack is in it: expected"),
    ],
    ids=["no JSON", "no template", "nested"],
)
def test_a_file_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str) -> None:
    path = tmp_path / "flat.json"
    path.write_text(text)
    assert main(["--flat", str(path)]) == 2
    assert f"{path}: {said}" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--flat", "nowhere.json"]) == 2
    assert "nowhere.json" in capsys.readouterr().err


def test_a_scanner_that_is_not_set_up_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ScannerError, match="checkov: /nowhere/checkov is not there: expected what `make audit` sets up"
    ):
        ran("checkov", ["/nowhere/checkov"], tmp_path)


def test_a_scanner_that_fails_is_no_scanner_that_finds_nothing(tmp_path: Path) -> None:
    with pytest.raises(ScannerError, match="checkov ended with status 3:\nno licence"):
        ran("checkov", ["sh", "-c", "echo no licence; exit 3"], tmp_path)
    with pytest.raises(ScannerError, match="no answer"):
        answer("checkov", ["true"], tmp_path)
