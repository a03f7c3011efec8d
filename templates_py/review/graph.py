"""The nested stacks of build/ as a Mermaid graph: what nests in what, and what gives something to what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def mermaid(build: Path) -> str:
    """Return the graph of build/template.json, or of a system's root where that stands alone."""
    root = next(path for path in (build / "template.json", *sorted(build.glob("*/template.json"))) if path.exists())
    return "\n".join(["graph LR", *_inside(root, "", "  ")])


def _inside(path: Path, prefix: str, indent: str) -> list[str]:
    body = json.loads(path.read_text())
    nested = {id: made for id, made in body["Resources"].items() if made["Type"] == "AWS::CloudFormation::Stack"}
    lines = []
    for id, made in nested.items():
        below = path.parent / made["Properties"]["TemplateURL"]
        inner = _inside(below, f"{prefix}{id}_", indent + "  ")
        label = below.stem.split("-")[0] if below.stem != "template" else below.parent.name
        if inner:
            lines += [f"{indent}subgraph {prefix}{id}[{label}]", *inner, f"{indent}end"]
        else:
            lines.append(f"{indent}{prefix}{id}[{label}]")
    feeds = {(giver, id) for id, made in nested.items() for giver in _givers(made["Properties"])}
    return lines + [f"{indent}{prefix}{giver} --> {prefix}{taker}" for giver, taker in sorted(feeds)]


def _givers(node: Any) -> set[str]:
    """The resources whose attributes a value is made of."""
    if isinstance(node, dict):
        found = {node["Fn::GetAtt"][0]} if "Fn::GetAtt" in node else set()
        return found.union(*(_givers(value) for value in node.values()))
    return set().union(*(_givers(value) for value in node)) if isinstance(node, list) else set()
