"""What the commands refuse: one line, exit 1 or 2, and nothing changed."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from commands.__main__ import main
from tests.commands.conftest import Make

pytestmark = pytest.mark.slow

Commands = Callable[..., tuple[int, str, str]]
CONFIGURATION = """version = 0.1

[default.deploy.parameters]
stack_name = "{name}"  # ours
parameter_overrides = 'ImageTag="{tag}"{more}'
"""
GIVEN = " VpcId=v RdsSubnets=a"
PARAMETERS: dict[str, Any] = {
    "VpcId": {"Type": "String", "Description": "ID of the VPC"},
    "RdsSubnets": {"Type": "CommaDelimitedList"},
    "ImageTag": {"Type": "String", "Default": ""},
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with settings of a stack that is not there, and a template that was built."""
    (tmp_path / "samconfig.toml").write_text(CONFIGURATION.format(name="nowhere", tag="", more=""))
    built = tmp_path / ".aws-sam/build/template.yaml"
    built.parent.mkdir(parents=True)
    built.write_text(json.dumps({"Parameters": PARAMETERS, "Resources": {}}))
    return tmp_path


@pytest.fixture
def commands(
    project: Path, session: boto3.Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Commands:
    """The commands, run in that folder: exit status, what was said, what was said of an error."""

    def run(*line: str, **more: str) -> tuple[int, str, str]:
        for name, value in more.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(project)
        capsys.readouterr()
        try:
            status = main([*line])
        except SystemExit as exit:  # argparse's
            status = int(exit.code or 0)
        return (status, *capsys.readouterr())

    return run


@pytest.fixture
def refused(project: Path, commands: Commands) -> Callable[..., str]:
    """The one line that a command says on being refused."""

    def run(*line: str, **more: str) -> str:
        before = (project / "samconfig.toml").read_text()
        status, _, error = commands(*line, **more)
        assert status == 1, error
        assert (project / "samconfig.toml").read_text() == before
        (said,) = error.splitlines()
        return said

    return run


@pytest.fixture
def nowhere() -> Iterator[str]:
    """An address where nobody listens, and nobody can."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize("verb", ["start", "deploy", "diff"])
def test_each_parameter_that_nobody_gave_is_named(refused: Callable[..., str], verb: str) -> None:
    assert refused(verb) == (
        "samconfig.toml: [default.deploy.parameters] parameter_overrides: expected values for VpcId, RdsSubnets"
    )


@pytest.mark.parametrize("verb", ["start", "deploy", "diff"])
def test_something_must_be_built(project: Path, refused: Callable[..., str], verb: str) -> None:
    (project / ".aws-sam/build/template.yaml").unlink()
    assert refused(verb) == ".aws-sam/build/template.yaml: No such file or directory: run `make build` first"


def test_start_wants_a_builder_before_it_makes_anything(project: Path, refused: Callable[..., str]) -> None:
    (project / "samconfig.toml").write_text(CONFIGURATION.format(name="nowhere", tag="", more=GIVEN))
    base = f"127.0.0.1:1/base@sha256:{64 * '0'}"
    said = refused("start", BUILDER="/nowhere/podman", BASE_IMAGE=base)
    assert said == "BUILDER: /nowhere/podman does not work here: not installed"


@pytest.mark.parametrize("verb", ["update", "rollback"])
def test_an_update_and_a_rollback_want_a_service(
    project: Path, refused: Callable[..., str], make: Make, verb: str
) -> None:
    assert refused(verb) == "nowhere runs no MLflow: make start brings it up"
    name = make(tag="").name
    (project / "samconfig.toml").write_text(CONFIGURATION.format(name=name, tag="", more=""))
    assert refused(verb) == f"{name} runs no MLflow: make start brings it up"


def test_a_rollback_wants_a_tag_of_before(project: Path, refused: Callable[..., str], make: Make) -> None:
    (project / "samconfig.toml").write_text(CONFIGURATION.format(name=make(tag="one").name, tag="one", more=""))
    assert refused("rollback") == "samconfig.toml: no tag of before is kept there: give one, TAG=..."


@pytest.mark.parametrize("verb", ["start", "deploy"])
def test_another_image_is_left_to_an_update(project: Path, refused: Callable[..., str], make: Make, verb: str) -> None:
    name = make(tag="one").name
    (project / "samconfig.toml").write_text(CONFIGURATION.format(name=name, tag="two", more=GIVEN))
    assert refused(verb) == f"{name} runs image one, not two: `make update_container` changes that"


@pytest.mark.parametrize(("verb", "option"), [("update", "--tag=one"), ("rollback", "--tag=one")])
def test_what_runs_already_is_nothing_to_do_and_its_tag_is_written_where_it_was_not(
    project: Path, commands: Commands, make: Make, verb: str, option: str
) -> None:
    """P64."""
    (project / "samconfig.toml").write_text(CONFIGURATION.format(name=make(tag="one").name, tag="", more=""))
    status, said, error = commands(verb, option)
    assert status == 0, error
    assert said.endswith("MLflow runs one already: nothing to do\n")
    assert 'ImageTag=\\"one\\"' in (project / "samconfig.toml").read_text()


@pytest.mark.parametrize("verb", ["update", "rollback"])
def test_an_aws_that_does_not_answer_is_one_line(refused: Callable[..., str], nowhere: str, verb: str) -> None:
    assert refused(verb, AWS_ENDPOINT_URL=nowhere, AWS_MAX_ATTEMPTS="1").startswith("Could not connect to the endpoint")


def test_no_region_is_one_line(refused: Callable[..., str]) -> None:
    said = refused("update", AWS_DEFAULT_REGION="", AWS_CONFIG_FILE="none")
    assert said == "No Region is configured: expected one by `aws configure` or AWS_DEFAULT_REGION"


@pytest.mark.parametrize("verb", ["deploy", "diff", "start", "update"])
def test_an_option_that_is_not_taken_is_one_line(project: Path, refused: Callable[..., str], verb: str) -> None:
    text = CONFIGURATION.format(name="nowhere", tag="one", more=GIVEN)
    (project / "samconfig.toml").write_text(text + 'on_failure = "DELETE"\n')
    said = refused(verb)
    assert said.startswith("samconfig.toml: [default.deploy.parameters] on_failure = 'DELETE': expected 'ROLLBACK': ")


@pytest.mark.parametrize("line", [["start", "--config-env"], ["update", "--tag", "a b"], ["deploi"], []])
def test_wrong_usage_is_2(commands: Commands, line: list[str]) -> None:
    assert commands(*line)[0] == 2
