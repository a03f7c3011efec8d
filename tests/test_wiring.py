"""What holds for every template of every shape: all that is fed exists, all that exists is used."""

from __future__ import annotations

import posixpath

import pytest

from tests.emitted import BASIC, DEFAULT, WHOLE, Body, emitted, gets, nested, refs, with_batch, with_mlflow

SHAPES = {
    "default": DEFAULT,
    "whole": WHOLE,
    "basic": BASIC,
    "bare": with_batch(compute_environments=[], job_queues=[]),
    "retained": with_mlflow(with_batch(deletion_policy="Delete"), deletion_policy="Retain", internet_facing=True),
}


@pytest.fixture(params=SHAPES, scope="module")
def templates(request: pytest.FixtureRequest) -> dict[str, Body]:
    return emitted(SHAPES[request.param])


def below(path: str, made: Body) -> str:
    url = made["Properties"]["TemplateURL"]
    assert url.endswith(".json")
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), url)).removesuffix(".json")


def test_each_parameter_of_a_nested_stack_is_fed_and_no_other(templates: dict[str, Body]) -> None:
    for path, body in templates.items():
        for title, made in nested(body).items():
            wants = templates[below(path, made)].get("Parameters", {})
            assert made["Properties"]["Parameters"].keys() == wants.keys(), f"{path} {title}"


def test_each_output_that_is_used_exists(templates: dict[str, Body]) -> None:
    for path, body in templates.items():
        for title, attribute in gets(body):
            if title in nested(body):
                outputs = templates[below(path, body["Resources"][title])].get("Outputs", {})
                assert attribute.removeprefix("Outputs.") in outputs, f"{path} {title}.{attribute}"


def test_no_output_of_a_nested_stack_is_unused(templates: dict[str, Body]) -> None:
    made = {(path, output) for path, body in templates.items() for output in body.get("Outputs", {})}
    used = set()
    for path, body in templates.items():
        for title, attribute in gets(body):
            if title in nested(body):
                used.add((below(path, body["Resources"][title]), attribute.removeprefix("Outputs.")))
    roots = {"template", "artifacts/template", "endpoints/template"}
    assert {(path, output) for path, output in made - used if path not in roots} == set()


def test_no_parameter_and_no_condition_is_unused(templates: dict[str, Body]) -> None:
    for path, body in templates.items():
        parts = [body.get(section, {}) for section in ("Conditions", "Resources", "Outputs")]
        subs = {name for name in body.get("Parameters", {}) if f"${{{name}}}" in str(parts)}
        assert body.get("Parameters", {}).keys() - refs(parts) - subs == set(), path
        named = str([body["Resources"], body.get("Outputs", {})])
        assert [name for name in body.get("Conditions", {}) if f"'{name}'" not in named] == [], path


def test_each_parameter_says_what_it_means(templates: dict[str, Body]) -> None:
    for path, body in templates.items():
        for name, made in body.get("Parameters", {}).items():
            assert made["Description"], f"{path} {name}"
            assert ("AllowedPattern" in made) == ("ConstraintDescription" in made), f"{path} {name}"


def test_the_root_heads_each_parameter_once(templates: dict[str, Body]) -> None:
    body = templates["template"]
    groups = body["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    headed = [name for group in groups for name in group["Parameters"]]
    assert sorted(headed) == sorted(body["Parameters"])
