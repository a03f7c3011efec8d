"""`sam build` and `sam deploy --guided`, with no further flag than the environment's name."""

from __future__ import annotations

import json
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
import yaml

from tests.build.project import copied, environment, run

pytestmark = pytest.mark.slow

SAM = (sys.executable, "-m", "samcli")
ROOTS = {
    "default": "build/template.json",
    "batch": "build/batch/template.json",
    "mlflow": "build/mlflow/template.json",
    "artifacts": "build/artifacts/template.json",
    "endpoints": "build/endpoints/template.json",
}
FIRST = {
    "default": ["VpcId", "RdsSubnets"],
    "batch": ["VpcId", "RdsSubnets"],
    "mlflow": ["VpcId"],
    "artifacts": [],
    "endpoints": ["VpcId", "EndpointSubnets"],
}
PROMPT = re.compile(r"\x1b\[1m(?P<name>[A-Z][\w ]+)\x1b\[0m \[(?P<default>[^\r\n]*)\]: ")
REFUSED = "Allow SAM CLI IAM role creation"  # only who says no to SAM's own capability is asked for others


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose templates stand."""
    done = run(copied(tmp_path), "make", "synth")
    assert done.returncode == 0, done.stderr
    return tmp_path


@pytest.fixture
def nowhere() -> Iterator[str]:
    """An endpoint for all of AWS: a port of this machine that is taken, and where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def nested(template: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield this template and all under it: its place among the logical IDs, and its body."""
    body: dict[str, Any] = yaml.safe_load(template.read_text())
    yield Path(), body
    for title, made in body["Resources"].items():
        if made["Type"] == "AWS::CloudFormation::Stack":
            for place, child in nested(template.parent / made["Properties"]["TemplateURL"]):
                yield title / place, child


def guided(project: Path, flags: list[str], **more: str) -> tuple[dict[str, str], str]:
    """Deploy in guided mode with what it offers. Return its questions with these offers, and what it said last."""
    child = pexpect.spawn(
        SAM[0],
        [*SAM[1:], "deploy", "--guided", *flags],
        cwd=project,
        env=environment(**more),
        encoding="utf-8",
        timeout=60,
        dimensions=(50, 500),
    )
    child.delaybeforesend = None  # else 50 ms a question
    offers: dict[str, str] = {}
    while child.expect([PROMPT, pexpect.EOF]) == 0:
        name = child.match["name"]
        offers[name] = child.match["default"]
        child.sendline("n" if name == REFUSED else "")
    return offers, child.before


@pytest.mark.parametrize("system", ROOTS)
def test_sam_builds_and_deploys(project: Path, system: str, nowhere: str) -> None:
    flags = [] if system == "default" else ["--config-env", system]
    done = run(project, *SAM, "build", *flags)
    assert done.returncode == 0, done.stderr

    ours = dict(nested(project / ROOTS[system]))
    sams = dict(nested(project / ".aws-sam/build/template.yaml"))
    assert {place: set(body["Resources"]) for place, body in sams.items()} == {
        place: set(body["Resources"]) for place, body in ours.items()
    }

    packages = [
        project / ".aws-sam/build" / place / made["Properties"]["CodeUri"]
        for place, body in sams.items()
        for made in body["Resources"].values()
        if made["Type"] == "AWS::Serverless::Function"
    ]
    assert len(packages) == (system in ("default", "batch"))
    for package in packages:
        for path in ("app.py", "schema/0001_jobs.sql", "pymysql/__init__.py", "sqlalchemy/__init__.py"):
            assert (package / path).is_file()

    configuration = (project / "samconfig.toml").read_bytes()
    offers, last = guided(
        project,
        flags,
        AWS_ENDPOINT_URL=nowhere,
        AWS_MAX_ATTEMPTS="1",
        AWS_DEFAULT_REGION="eu-central-1",
        AWS_ACCESS_KEY_ID="none",
        AWS_SECRET_ACCESS_KEY="none",
        AWS_EC2_METADATA_DISABLED="true",
    )
    assert list(offers) == [
        "Stack Name",
        "AWS Region",
        *(f"Parameter {name}" for name in ours[Path()].get("Parameters", [])),
        "Confirm changes before deploy",
        REFUSED,
        "Capabilities",
        "Disable rollback",
        "Save arguments to configuration file",
        "SAM configuration file",
        "SAM configuration environment",
    ]
    assert offers["Stack Name"] == ("hydra" if system == "default" else f"hydra-{system}")
    assert offers["AWS Region"] == "eu-central-1"
    assert offers["SAM configuration environment"] == system
    assert re.findall(r"\w+", offers["Capabilities"]) == ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
    assert f'Could not connect to the endpoint URL: "{nowhere}' in last
    assert (project / "samconfig.toml").read_bytes() == configuration


@pytest.mark.parametrize("system", ROOTS)
def test_what_has_no_default_comes_first(project: Path, system: str) -> None:
    """P69: guided mode asks in the template's order."""
    parameters = json.loads((project / ROOTS[system]).read_text()).get("Parameters", {})
    without = [name for name, about in parameters.items() if "Default" not in about]
    assert list(parameters)[: len(without)] == without
    assert without[: len(FIRST[system])] == FIRST[system]
