"""From stacks to files: one template each, the same bytes for the same settings, all of them or none."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from troposphere import Tags, Template

if TYPE_CHECKING:
    from templates_py.stack import Stack

# Source: CloudFormation quotas. A template larger than 51,200 bytes goes by way of S3, as SAM sends all of them.
LIMITS = {"Parameters": 200, "Resources": 500, "Outputs": 200}
BYTES = 1_000_000

# A changed tag would replace the first (P03); the second hands its tags on to all that it holds, the first among it.
UNTAGGED = ("AWS::Batch::ComputeEnvironment", "AWS::CloudFormation::Stack")

SECTIONS = (
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Conditions",
    "Resources",
    "Outputs",
)


class LimitError(Exception):
    """A template that CloudFormation would not take (P41)."""


def emit(roots: list[Stack], tags: dict[str, str], format: str = "json") -> dict[str, bytes]:
    """Return the files of all templates under `roots` (json or yaml): path under build/ -> content."""
    encode = _yaml if format == "yaml" else _json
    files: dict[str, bytes] = {}
    for root in roots:
        for stack in root.templates():
            _tag(stack.template, tags)
            body = _ordered(stack.template.to_dict())
            path = f"{stack.path}.{format}"
            content = encode(_linked(body, format))
            _check(path, body, content)
            if files.setdefault(path, content) != content:
                raise AssertionError(f"{path} is nested twice, with different contents")
    return files


def _tag(template: Template, tags: dict[str, str]) -> None:
    for made in template.resources.values() if tags else ():
        if "Tags" in made.props and made.resource_type not in UNTAGGED:
            made.Tags = dict(sorted(tags.items())) if made.props["Tags"][0] is dict else Tags(**tags)


def _ordered(body: dict[str, Any]) -> dict[str, Any]:
    """The sections as people read them; each resource begins with what it is."""
    body["Resources"] = {title: {"Type": made.pop("Type"), **made} for title, made in body["Resources"].items()}
    return {section: body[section] for section in SECTIONS if section in body}


def _linked(body: dict[str, Any], format: str) -> dict[str, Any]:
    if format != "json":
        for made in body["Resources"].values():
            if made["Type"] == "AWS::CloudFormation::Stack":
                made["Properties"]["TemplateURL"] = made["Properties"]["TemplateURL"].removesuffix("json") + format
    return body


def _json(body: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(body), indent=1) + b"\n"


def _yaml(body: dict[str, Any]) -> bytes:
    import yaml

    dumper: Callable[..., str] = yaml.dump
    return dumper(body, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False, width=120).encode()


def _check(path: str, body: dict[str, Any], content: bytes) -> None:
    for section, most in LIMITS.items():
        if (count := len(body.get(section, {}))) > most:
            raise LimitError(f"{path}: {count} {section.lower()}: expected at most {most}, CloudFormation's limit")
    if len(content) > BYTES:
        raise LimitError(f"{path}: {len(content)} bytes: expected at most {BYTES}, CloudFormation's limit")


def write(files: dict[str, bytes], build: Path, systems: list[str]) -> None:
    """Write `files` under `build`: all contents first, beside their targets, then one rename each.

    What an earlier run left of `systems` (all of build/ where the list is empty) and that is none of `files` goes.
    """
    waiting: list[tuple[Path, Path]] = []
    try:
        for name, content in files.items():
            target = build / name
            target.parent.mkdir(parents=True, exist_ok=True)
            waiting.append((target.with_name(f".{target.name}.{os.getpid()}"), target))
            waiting[-1][0].write_bytes(content)
        for written, target in waiting:
            written.replace(target)
    finally:
        for written, _ in waiting:
            written.unlink(missing_ok=True)
    for folder in [build / system for system in systems] or [build]:
        for old in folder.rglob("*"):
            if old.suffix in (".json", ".yaml") and old.relative_to(build).as_posix() not in files:
                old.unlink()
