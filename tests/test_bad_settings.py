"""Bad settings end in one clear line and exit status 1, and leave build/ as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from templates_py.__main__ import main

ROOT = Path(__file__).parents[1]


def cases() -> list[object]:
    """The pairs of bad_settings.txt: settings, and `->` the line that they end in; `#` heads what follows it."""
    found: list[object] = []
    heading = toml = ""
    for text in (ROOT / "tests/bad_settings.txt").read_text().splitlines():
        if text.startswith("# "):
            heading = text.removeprefix("# ")
        elif text.startswith("  -> "):
            line = text.removeprefix("  -> ")
            found.append(pytest.param(toml, line, id=f"{heading}: {line.partition(': expected')[0][:80]}"))
        else:
            toml = text
    return found


def tables(kind: str, many: int, more: str) -> str:
    return "".join(f"[[batch.{kind}]]\nname = 'n{number}'\n{more}\n" for number in range(many))


BLOCKS = [f"10.{number}.0.0/16" for number in range(51)]
ONE = "[[batch.compute_environments]]\nname = 'ml'\n"
# What is too much, or no text at all: settings, and how their line begins.
LARGE = {
    "a key twice": (b"tags = {}\ntags = {}\n", "Cannot overwrite a value (at "),
    "no TOML": (
        b"[batch",
        "Expected ']' at the end of a table declaration (at end of document): expected TOML in UTF-8",
    ),
    "no UTF-8": (b'tags.owner = "\xff"', "'utf-8' codec can't decode byte 0xff in position 14"),
    "UTF-16": ("tags = {}".encode("utf-16"), "'utf-8' codec can't decode byte"),
    "a long number": (b"batch.min_vcpus = " + b"9" * 5000, "Exceeds the limit (4300 digits) for integer string conver"),
    "a deep list": (b"batch = " + b"[" * 5000, "maximum recursion depth exceeded"),
    "P60 51 environments": (
        tables("compute_environments", 51, ""),
        "number of batch.compute_environments = 51: expected at most 50, AWS Batch's quota for an account and Region",
    ),
    "P60 51 queues": (
        ONE + tables("job_queues", 51, "compute_environment = 'ml'"),
        "number of batch.job_queues = 51: expected at most 50, AWS Batch's quota for an account and Region",
    ),
    "P41 301 scheduling policies": (
        tables("scheduling_policies", 301, ""),
        "number of batch.scheduling_policies = 301: expected at most 300, what a template has room for",
    ),
    "P41 501 job definitions": (
        tables("job_definitions", 501, "image = 'busybox'"),
        "number of batch.job_definitions = 501: expected at most 500, CloudFormation's limit for the resources",
    ),
    "51 CIDR blocks": (
        f"mlflow.cidr_blocks = {BLOCKS}",
        f"mlflow.cidr_blocks = {str(BLOCKS)[:77]}...: expected a list of",
    ),
    "a name of 129 letters": (
        f"batch.job_definitions = [{{name = '{'n' * 129}', image = 'busybox'}}]",
        f"batch.job_definitions['{'n' * 76}...].name = '{'n' * 76}...: expected up to 128 letters",
    ),
    "50 tags": (
        "".join(f"tags.t{number} = ''\n" for number in range(50)),
        "number of tags = 50: expected at most 49: AWS takes 50, of which SAM needs one",
    ),
    "a tag of 129 letters": (f"tags.{'n' * 129} = ''", f"name in tags = '{'n' * 76}...: expected 1 to 128 letters"),
    "a tag's value of 257": (
        f"tags.team = '{'v' * 257}'",
        f"tags['team'] = '{'v' * 76}...: expected up to 256 letters",
    ),
}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an earlier run left."""
    folder = tmp_path_factory.mktemp("build")
    assert main(["synth", "--build", str(folder)]) == 0
    return folder


def contents(folder: Path) -> dict[Path, tuple[int, bytes]]:
    return {path: (path.stat().st_ino, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def refused(settings: Path, build: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What is said of settings that are refused."""
    before = contents(build)
    capsys.readouterr()
    assert main(["synth", "--settings", str(settings), "--build", str(build)]) == 1
    assert contents(build) == before
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.endswith("\n")
    return err.removesuffix("\n")


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return tmp_path / "hydra.toml"


@pytest.mark.parametrize(("toml", "line"), cases())
def test_refused(toml: str, line: str, settings: Path, build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.write_text(toml)
    assert refused(settings, build, capsys) == f"{settings}: {line}"


@pytest.mark.parametrize(("content", "line"), LARGE.values(), ids=LARGE)
def test_large_or_no_text(
    content: str | bytes, line: str, settings: Path, build: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.write_bytes(content if isinstance(content, bytes) else content.encode())
    said = refused(settings, build, capsys)
    assert said.startswith(f"{settings}: {line}")
    assert len(said) < len(str(settings)) + 300


def test_p41_a_template_of_too_many_bytes(settings: Path, build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.write_text(tables("job_definitions", 2, f"image = 'busybox'\ncommand = ['{'x' * 500_000}']"))
    line = refused(settings, build, capsys)
    assert line.startswith("batch/job_definitions.json: 100")
    assert line.endswith(" bytes: expected at most 1000000, CloudFormation's limit")


def test_missing_file(settings: Path, build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(settings, build, capsys) == f"{settings}: No such file or directory: expected a settings file"


def test_a_build_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "build").write_text("a file")
    assert main(["synth", "--build", str(tmp_path / "build")]) == 1
    assert capsys.readouterr().err.startswith(f"{tmp_path}/build")


def test_folder_for_a_file(tmp_path: Path, build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(tmp_path, build, capsys) == f"{tmp_path}: Is a directory: expected a settings file"


USAGE = ["", "synthesise", "synth --format toml", "synth --system hydra", "synth --settings", "synth hydra.toml"]


@pytest.mark.parametrize("arguments", USAGE)
def test_wrong_usage(arguments: str, build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(build)
    with pytest.raises(SystemExit) as stop:
        main(arguments.split())
    assert stop.value.code == 2
    assert "usage: python -m templates_py" in capsys.readouterr().err
    assert contents(build) == before


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m templates_py synth` in a process of its own."""
    line = [sys.executable, "-m", "templates_py", "synth", "--build", "build", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_command_refuses_settings(settings: Path) -> None:
    settings.write_text(ONE + "min_vcpus = 300")
    done = command(settings.parent, "--settings", "hydra.toml")
    said = "hydra.toml: batch.compute_environments['ml'].min_vcpus = 300: expected at most the max_vcpus of 'ml', 256\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
    assert not (settings.parent / "build").exists()


def test_command_refuses_usage(tmp_path: Path) -> None:
    done = command(tmp_path, "--system", "hydra")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: python -m templates_py synth")
    assert not (tmp_path / "build").exists()
