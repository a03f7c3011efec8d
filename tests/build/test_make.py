"""`make`: what it does again and what it leaves, and that a fresh clone runs by itself."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.build.project import run

pytestmark = pytest.mark.slow

MAKE = shutil.which("make") or "make"
OTHER = """
[batch]
compute_environments = [{ name = "other" }]
job_queues = [{ name = "other-queue", compute_environment = "other" }]
"""


def state(project: Path) -> dict[Path, tuple[int, bytes]]:
    """Return all of build/, stamps included: path -> time of the last change, content."""
    files = (path for path in (project / "build").rglob("*") if path.is_file())
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def stamps(project: Path) -> list[str]:
    return [path.name for path in (project / "build").glob(".synth-*")]


def synth(project: Path, *variables: str) -> None:
    """Make the templates, and all of it as old as the virtual environment: what changes next is newer."""
    done = run(project, MAKE, *variables)
    assert done.returncode == 0, done.stderr
    installed = (project / ".venv/.synth").stat().st_mtime_ns
    folders = [project / name for name in ("build", "functions", "templates_py")]
    for path in (*project.glob("*.toml"), *folders, *(path for folder in folders for path in folder.rglob("*"))):
        os.utime(path, ns=(installed, installed))


@pytest.fixture
def made(project: Path) -> Path:
    """A project whose templates stand."""
    synth(project)
    return project


def up_to_date(project: Path, *variables: str) -> bool:
    return run(project, MAKE, "--question", "synth", *variables).returncode == 0


def test_a_second_make_does_nothing(made: Path) -> None:
    before = state(made)
    assert up_to_date(made)
    done = run(made, MAKE)
    assert done.returncode == 0, done.stderr
    assert "Nothing to be done" in done.stdout
    assert state(made) == before


@pytest.mark.parametrize(
    "path",
    [
        "hydra.toml",
        "templates_py/stack.py",
        "templates_py/batch/batch.py",
        "functions/db_init/schema/0001_jobs.sql",
        "build/template.json",
        "build/batch/lambda.json",
    ],
)
def test_a_change_is_seen(made: Path, path: str) -> None:
    (made / path).touch()
    assert not up_to_date(made)
    synth(made)
    assert up_to_date(made)


def test_a_removed_source_is_a_change(made: Path) -> None:
    (made / "templates_py/new.py").touch()
    assert not up_to_date(made)
    synth(made)
    (made / "templates_py/new.py").unlink()
    assert not up_to_date(made)


def test_removed_templates_are_a_change(made: Path) -> None:
    before = {path for path in state(made) if path.suffix == ".json"}
    for path in before:
        path.unlink()
    synth(made)
    assert {path for path in state(made) if path.suffix == ".json"} == before


def test_other_settings_synthesise_again_and_so_do_the_first_after_them(made: Path) -> None:
    (made / "other.toml").write_text(OTHER)
    default = (made / "build/batch/batch.json").read_text()
    for variables, other in (["SETTINGS=other.toml"], True), ([], False):
        assert not up_to_date(made, *variables)
        synth(made, *variables)
        assert up_to_date(made, *variables)
        assert ((made / "build/batch/batch.json").read_text() != default) == other
        assert len(stamps(made)) == 1


@pytest.mark.parametrize("variable", ["SYSTEM=mlflow", "FORMAT=yaml"])
def test_another_system_or_format_synthesises_again(made: Path, variable: str) -> None:
    assert not up_to_date(made, variable)
    synth(made, variable)
    assert up_to_date(made, variable)
    assert not up_to_date(made)


@pytest.mark.parametrize("settings", ["bad.toml", "missing.toml"])
def test_bad_settings_leave_the_templates_and_the_stamp(made: Path, settings: str) -> None:
    (made / "bad.toml").write_text(OTHER + "colour = 1\n")
    before = state(made)
    done = run(made, MAKE, f"SETTINGS={settings}")
    assert done.returncode == 2
    ours = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(ours) == 1
    assert settings in ours[0]
    assert state(made) == before
    assert up_to_date(made)


def test_clean_takes_what_was_built_and_nothing_else(made: Path) -> None:
    (made / ".aws-sam").mkdir()
    there = {path.name for path in made.iterdir()}
    assert run(made, MAKE, "clean").returncode == 0
    assert there - {path.name for path in made.iterdir()} == {"build", ".aws-sam"}
    assert (made / ".venv/bin/python").exists()


def test_a_package_needs_no_more_of_the_virtual_environment_than_uv(project: Path) -> None:
    (project / ".venv").unlink()
    said = run(project, MAKE, "--dry-run", "build_lambda").stdout
    assert "requirements/uv.txt" in said
    assert "functions/db_init/requirements.txt" in said
    assert "dev.txt" not in said


def test_help_names_every_target(project: Path) -> None:
    said = {line.split()[0] for line in run(project, MAKE, "help").stdout.splitlines()}
    phony = next(line for line in (project / "Makefile").read_text().splitlines() if line.startswith(".PHONY:"))
    assert set(phony.split()[1:]) - {"FORCE"} <= said


def python(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("pythons", "said"),
    [
        ({}, "No Python 3.11 or later runs here: install one"),
        ({"python3.13": "exit 127", "python3": "exit 1"}, "No Python 3.11 or later runs here: install one"),
        (
            {"python3.12": 'case "$2" in *ensurepip*) exit 1; esac'},
            "python3.12 comes without venv and ensurepip: install them (Debian, Ubuntu: python3-venv)",
        ),
    ],
    ids=["none", "shims", "no venv"],
)
def test_without_a_working_python_one_line_says_so(
    project: Path, tmp_path_factory: pytest.TempPathFactory, pythons: dict[str, str], said: str
) -> None:
    (project / ".venv").unlink()
    folder = tmp_path_factory.mktemp("path")
    for name, script in pythons.items():
        python(folder, name, script)
    done = run(project, MAKE, PATH=str(folder))
    assert done.returncode == 2
    assert [line for line in done.stderr.splitlines() if not line.startswith("make")] == [said]
    assert not (project / ".venv").exists()


def test_the_first_python_that_works_is_taken(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (project / ".venv").unlink()
    folder = tmp_path_factory.mktemp("path")
    python(folder, "python3.13", "exit 127")
    python(folder, "python3.12", 'case "$1" in -m) echo 3.12 "$@";; esac')
    python(folder, "python3.11", 'case "$1" in -m) echo 3.11 "$@";; esac')
    assert run(project, MAKE, ".venv/bin/python", PATH=str(folder)).stdout == "3.12 -m venv --clear .venv\n"
