"""The register of what is accepted: exact findings under a reason, and findings that an option takes away.

An option is off as a whole in a deployment or on as a whole: a resource on which it is off alone is a finding.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from audit.findings import WHOLE, Finding
from templates_py.settings import ROOT

REGISTER = ROOT / "tests" / "audit" / "accepted.toml"


class Reason(NamedTuple):
    """Why findings are accepted."""

    reason: str
    entries: frozenset[str]


class Option(NamedTuple):
    """A parameter that takes findings away, and the value that the hardened deployment gives it."""

    parameters: dict[str, str]
    reason: str
    entries: frozenset[str]


class Register(NamedTuple):
    """All of accepted.toml."""

    accepted: list[Reason]
    options: list[Option]

    @property
    def parameters(self) -> dict[str, str]:
        """What the hardened deployment is told."""
        return {name: value for option in self.options for name, value in option.parameters.items()}


def load(path: Path = REGISTER) -> Register:
    """Read the register. Raises ValueError for an entry that stands twice, or one that is no `tool rule resource`."""
    body = tomllib.loads(path.read_text())
    accepted = [Reason(one["reason"], frozenset(one["findings"])) for one in body.get("accepted", [])]
    options = [Option(one["parameters"], one["reason"], frozenset(one["findings"])) for one in body.get("option", [])]
    listed = [entry for table in ("accepted", "option") for one in body.get(table, []) for entry in one["findings"]]
    if twice := {entry for entry in listed if listed.count(entry) > 1}:
        raise ValueError(f"{path.name}: {', '.join(sorted(twice))} stands there twice: expected once")
    if odd := [entry for entry in listed if len(entry.split(" ")) != 3]:
        raise ValueError(f"{path.name}: {odd[0]!r}: expected a tool, a rule and a resource, with spaces between them")
    return Register(accepted, options)


class Scope(NamedTuple):
    """Which entries a judgement is about: of the tools that ran, and of what the templates have."""

    tools: frozenset[str]
    resources: frozenset[str]

    def among(self, entries: Iterable[str]) -> set[str]:
        """The entries that are in this scope."""
        parts = {entry: entry.split(" ") for entry in entries}
        return {entry for entry, (tool, _, resource) in parts.items() if {tool} <= self.tools and self._has(resource)}

    def _has(self, resource: str) -> bool:
        return resource in self.resources or resource == WHOLE or "/" in resource  # an output, or a file


def new(findings: Iterable[Finding], register: Register, scope: Scope) -> list[Finding]:
    """Return the findings of one template that the register does not have."""
    found = {one.entry: one for one in findings}
    explained = {entry for reason in register.accepted for entry in reason.entries}
    for option in register.options:
        if (entries := scope.among(option.entries)) <= found.keys():
            explained |= entries
    return [one for entry, one in found.items() if entry not in explained]


def stale(findings: Iterable[Finding], register: Register, tools: frozenset[str]) -> list[str]:
    """Return the entries of `tools` that no finding of any template needs."""
    listed = {entry for part in [*register.accepted, *register.options] for entry in part.entries}
    return sorted({entry for entry in listed if entry.split(" ")[0] in tools} - {one.entry for one in findings})
