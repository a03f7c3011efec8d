"""The logical IDs of all that is deployed: another one is another resource, and the old one is deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from templates_py.settings import Settings
from tests.emitted import BASIC, DEFAULT, WHOLE, emitted

LIST = Path(__file__).with_name("logical_ids.txt")


def lines(settings: Settings) -> set[str]:
    """`path: logical ID Type` of each resource and `path: -> name` of each output."""
    found = set()
    for path, body in emitted(settings).items():
        found |= {f"{path}: {title} {made['Type']}" for title, made in body["Resources"].items()}
        found |= {f"{path}: -> {name}" for name in body.get("Outputs", {})}
    return found


@pytest.mark.parametrize("settings", [DEFAULT, WHOLE, BASIC], ids=["default", "whole", "basic"])
def test_they_stay_as_they_are(settings: Settings) -> None:
    """A line more is a new resource; a line gone or changed deletes one in every deployment: say so in CHANGELOG.md."""
    assert sorted(lines(settings) - set(LIST.read_text().splitlines())) == []


def test_the_list_has_nothing_that_is_gone() -> None:
    assert sorted(set(LIST.read_text().splitlines()) - lines(DEFAULT) - lines(WHOLE) - lines(BASIC)) == []
