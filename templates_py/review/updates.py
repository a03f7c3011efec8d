"""What a changed parameter does to the resources that it reaches: from the templates and CloudFormation's own schemas.

The schemas are those that cfn-lint ships; their `createOnlyProperties` are what a change replaces.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

Use = tuple[str, tuple[str, ...]]  # a resource's type, and the property; no property: whether there is one at all

# SAM's function is CloudFormation's.
SCHEMAS = {"AWS::Serverless::Function": "AWS::Lambda::Function"}
# What the schemas do not know. A replaced revision of a task definition is a rolling deployment, no loss.
KNOWN = {
    ("AWS::ECS::TaskDefinition", "replaces"): "rolls the tasks",
    ("AWS::SecretsManager::Secret", "GenerateSecretString"): "makes a new secret value, unknown to what runs",
    ("Custom::DbInit", "ServiceToken"): "runs the database initialiser",
}


def effects(template: Path, parameter: str) -> list[str]:
    """Return what a change of `parameter` of `template` does, the worst first: `replaces DBInstance`, ..."""
    said = {_effect(kind, path) for kind, path in _uses(template, parameter)}
    return sorted(said, key=lambda text: (not text.startswith("replaces"), text))


def _effect(kind: str, path: tuple[str, ...]) -> str:
    short = kind.rpartition("::")[2]
    if not path:
        return f"adds or removes {short}"
    if kind.startswith("Custom::"):
        return KNOWN["Custom::DbInit", "ServiceToken"]
    if known := KNOWN.get((kind, path[0])):
        return known
    here = "/".join(("", "properties", *path))
    if any(here == fixed or here.startswith(f"{fixed}/") for fixed in _create_only(kind)):
        return KNOWN.get((kind, "replaces"), f"replaces {short}")
    return f"updates {short}"


@cache
def _create_only(kind: str) -> list[str]:
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", SCHEMAS.get(kind, kind)).schema
    return list(schema.get("createOnlyProperties", []))


@cache
def _body(template: Path) -> dict[str, Any]:
    return dict(json.loads(template.read_text()))


def _uses(template: Path, parameter: str) -> Iterator[Use]:
    """Where the parameter's value goes: through conditions, into nested stacks, and by their outputs into others."""
    body = _body(template)
    entered, sources, conditions = _reach(template, parameter)
    for title, name in sorted(entered):
        yield from _uses(_below(template, title), name)
    for made in body["Resources"].values():
        if made.get("Condition") in conditions:
            yield made["Type"], ()
        if made["Type"] != "AWS::CloudFormation::Stack":
            yield from ((made["Type"], path) for path in _paths(made.get("Properties", {}), sources | conditions))


def _reach(template: Path, parameter: str) -> tuple[set[tuple[str, str]], set[str], set[str]]:
    """The nested stacks' parameters that it feeds; all that carries its value in this template; and the conditions."""
    body, sources = _body(template), {parameter}
    entered: set[tuple[str, str]] = set()
    while fresh := set(_entries(body, sources)) - entered:
        entered |= fresh
        for title, name in fresh:
            sources |= {f"{title}.Outputs.{output}" for output in _outputs(_below(template, title), name)}
    return entered, sources, _conditions(body, sources)


def _below(template: Path, title: str) -> Path:
    url: str = _body(template)["Resources"][title]["Properties"]["TemplateURL"]
    return (template.parent / url).resolve()


def _entries(body: dict[str, Any], sources: set[str]) -> Iterator[tuple[str, str]]:
    """The nested stacks and their parameters that the sources feed."""
    reached = sources | _conditions(body, sources)
    for title, made in body["Resources"].items():
        if made["Type"] == "AWS::CloudFormation::Stack":
            yield from ((title, path[0]) for path in _paths(made["Properties"]["Parameters"], reached))


@cache
def _outputs(template: Path, parameter: str) -> list[str]:
    """The outputs of a nested stack that depend on its parameter."""
    _, sources, conditions = _reach(template, parameter)
    outputs = _body(template).get("Outputs", {})
    return [name for name, made in outputs.items() if list(_paths(made["Value"], sources | conditions))]


def _conditions(body: dict[str, Any], sources: set[str]) -> set[str]:
    return {name for name, made in body.get("Conditions", {}).items() if list(_paths(made, sources))}


def _paths(node: Any, sources: set[str], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The properties below `node` that depend on a source: a parameter, a condition, an output of a nested stack."""
    if isinstance(node, list):
        for item in node:
            yield from _paths(item, sources, path)
    elif isinstance(node, dict):
        given = node.get("Ref"), node.get("Fn::If", [None])[0], ".".join(node.get("Fn::GetAtt", []))
        if sources.intersection(given):
            yield path
        for key, value in node.items():
            yield from _paths(value, sources, path if key.startswith("Fn::") else (*path, key))
