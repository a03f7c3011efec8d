"""What a changed property replaces, for the types that ministack's table lacks: as CloudFormation's schemas have it.

replacements.json has the create-only properties of the schemas that cfn-lint ships (a test compares them); what is so
in part, or under a condition, is conditional.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path


def recreation(kind: str, name: str) -> str:
    """Return `Always`, `Conditionally` or `Never`."""
    from ministack.services.cloudformation.provisioners import _property_recreation

    if kind.startswith("Custom::"):
        return "Never"
    if kind not in known():
        return str(_property_recreation(kind, name))
    return next((when for when, names in known()[kind].items() if name in names), "Never")


@cache
def known() -> dict[str, dict[str, list[str]]]:
    """Return what replacements.json has: type -> `Always` and `Conditionally` -> properties."""
    return dict(json.loads(Path(__file__).with_suffix(".json").read_text()))
