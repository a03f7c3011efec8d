"""What CloudFormation would not take: cfn-lint's errors, of many mutants at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from templates_py.review.lint import REGIONS
from templates_py.review.mutation.mutant import GONE, Mutant, broken
from templates_py.review.mutation.shapes import flat
from templates_py.review.scope import Body, references

UNIQUE = "E3019"  # copies of a resource have one name: that says nothing of the mutant


def refused(shape: str, mutants: list[Mutant]) -> list[bool]:
    """Return for each mutant of a shape whether cfn-lint has an error for its resource that the whole one has not.

    Or a warning: a parameter is then used nowhere.

    Each stands beside the whole template as a resource of its own: cfn-lint takes seconds for each template.
    """
    whole = flat(shape)
    resources = dict(whole["Resources"])
    for number, mutant in enumerate(mutants):
        if mutant.place:
            changed = broken(whole, mutant.resource, mutant.place, mutant.value)
            resources[f"Mutant{number}"] = changed["Resources"][mutant.resource]
    found: dict[str, set[str]] = {}
    for title, error in _errors({**whole, "Resources": resources}):
        found.setdefault(title, set()).add(error)
    names = _named(whole) & whole["Parameters"].keys()
    unused = [mutant.value is GONE and bool(names - _named(_without(whole, mutant))) for mutant in mutants]
    pairs = [(f"Mutant{number}", mutant.resource) for number, mutant in enumerate(mutants)]
    errors = [bool(found.get(title, set()) - found.get(original, set())) for title, original in pairs]
    return [error or no_use for error, no_use in zip(errors, unused, strict=True)]


def _named(body: Body) -> set[str]:
    return {name for name, _, _ in references(body["Resources"])}


def _without(whole: Body, mutant: Mutant) -> Body:
    return broken(whole, mutant.resource, mutant.place, mutant.value)


def _errors(body: Body) -> Iterator[tuple[str, str]]:
    from cfnlint.config import ConfigMixIn
    from cfnlint.decode import decode_str
    from cfnlint.runner import Runner

    template: Any
    template, _ = decode_str(json.dumps(body))
    runner = Runner(ConfigMixIn(regions=REGIONS[:1], ignore_checks=["W", "I", UNIQUE]))
    for match in runner.validate_template(template):
        path = [str(step) for step in getattr(match, "path", None) or []]
        if path[:1] == ["Resources"]:
            yield path[1], f"{match.rule.id} {'.'.join(path[2:])} {match.message}"
