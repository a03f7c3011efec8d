"""Audit's fast part: our own rules and the scanners of .venv over what is deployed. All of it is `make audit`."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from audit.flattening import flattened, given, write
from audit.judgement import Judgement, judge
from audit.register import Register, kept, load, stale
from audit.scanners import FAST
from templates_py.review.transitions import templates
from templates_py.settings import ROOT
from templates_py.settings.loading import load as settings

pytestmark = pytest.mark.slow
NOTHING = Register()


@pytest.fixture(scope="module")
def register() -> Register:
    return load()


@pytest.fixture(scope="module")
def ours(register: Register) -> dict[str, Any]:
    return flattened(templates(settings(ROOT / "hydra.toml")), register.deployments)


@pytest.fixture(scope="module")
def judged(ours: dict[str, Any], register: Register) -> Judgement:
    return judge(ours, register, FAST)


def test_nothing_is_found_that_the_register_does_not_have(judged: Judgement) -> None:
    assert judged.new == []


def test_the_register_has_nothing_that_is_not_found(judged: Judgement, register: Register) -> None:
    assert stale(judged.findings, register, judged.tools) == []
    assert kept(judged.findings, register) == []


# A fault for each tool: resource, property, value.
FAULTS = {
    "relations": ("MlflowDatabaseInstance", "PubliclyAccessible", True),
    "cfn-lint": ("MlflowDatabaseInstance", "BackupRetentionPeriod", 99),
    "cfn-lint-serverless": ("BatchLambdaDbInit", "Tracing", "PassThrough"),
    "cloudformation-validate": ("MlflowDatabaseInstance", "NoProperty", "x"),
}


def test_each_tool_finds_a_fault(ours: dict[str, Any]) -> None:
    sound, broken = copy.deepcopy(ours["hydra"]), copy.deepcopy(ours["hydra"])
    sound["Resources"]["BatchLambdaDbInit"]["Properties"]["Tracing"] = "Active"  # what cfn-lint-serverless wants
    for resource, name, value in FAULTS.values():
        broken["Resources"][resource]["Properties"][name] = value
    scanners = {tool: FAST[tool] for tool in FAULTS}
    before, after = (
        {(one.tool, one.rule, one.resource) for one in judge({"hydra": body}, NOTHING, scanners).findings}
        for body in (sound, broken)
    )
    assert {(tool, resource) for tool, _, resource in after - before} >= {
        (tool, resource) for tool, (resource, _, _) in FAULTS.items()
    }


def test_a_template_that_is_given_by_hand_is_judged_by_the_same(
    ours: dict[str, Any], register: Register, tmp_path: Path
) -> None:
    (path,) = write({"hydra": ours["hydra"]}, tmp_path)
    assert given(path) == {"hydra": ours["hydra"]}
    broken = copy.deepcopy(ours["hydra"])
    broken["Resources"]["MlflowDatabaseInstance"]["DeletionPolicy"] = "Delete"  # which no scanner sees
    (path,) = write({"hydra": broken}, tmp_path)
    (found,) = judge(given(path), register, {"relations": FAST["relations"]}).new
    assert (found.rule, found.resource) == ("what_holds_data_outlives_its_stack", "MlflowDatabaseInstance")
