"""The register of what is accepted: exact findings under a reason, and findings that an option takes away.

An option is off as a whole in a deployment or on as a whole: a resource on which it is off alone is a finding. And it
must take away what stands under it, in a deployment that has it on.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Struct

from audit.findings import WHOLE, Finding
from templates_py.settings import ROOT

REGISTER = ROOT / "tests" / "audit" / "accepted.toml"
HARDENED = "hardened"
Entry = Annotated[str, Meta(pattern=r"^\S+ \S+ \S+$")]  # tool, rule, resource


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """Why some findings are accepted; for an option also the parameters that take them away, and where they are on."""

    reason: str
    findings: list[Entry]
    parameters: dict[str, str] = {}
    deployment: str = HARDENED

    @property
    def entries(self) -> frozenset[str]:
        return frozenset(self.findings)


class Register(Struct, frozen=True, forbid_unknown_fields=True):
    """All of accepted.toml."""

    accepted: list[Part] = []
    option: list[Part] = []

    @property
    def parts(self) -> list[Part]:
        return [*self.accepted, *self.option]

    @property
    def deployments(self) -> dict[str, dict[str, str]]:
        """What each judged deployment is told: as it comes, hardened, and hardened further in other ways."""
        told: dict[str, dict[str, str]] = {"": {}, HARDENED: {}}
        for option in sorted(self.option, key=lambda one: one.deployment != HARDENED):
            told.setdefault(option.deployment, dict(told[HARDENED])).update(option.parameters)
        return told


def load(path: Path = REGISTER) -> Register:
    """Read the register. Raises ValueError for what it cannot be, or an entry that stands twice."""
    try:
        register = msgspec.toml.decode(path.read_bytes(), type=Register)
    except msgspec.MsgspecError as error:
        raise ValueError(f"{path.name}: {error}: an entry is a tool, a rule and a resource, under a reason") from None
    listed = [entry for part in register.parts for entry in part.findings]
    if twice := {entry for entry in listed if listed.count(entry) > 1}:
        raise ValueError(f"{path.name}: {', '.join(sorted(twice))} stands there twice: expected once")
    return register


class Scope(NamedTuple):
    """Which entries a judgement is about: of the tools that ran, and of what the template has."""

    tools: frozenset[str]
    resources: frozenset[str]

    def among(self, entries: Iterable[str]) -> set[str]:
        """The entries that are in this scope."""
        parts = {entry: entry.split(" ") for entry in entries}
        return {entry for entry, (tool, _, resource) in parts.items() if tool in self.tools and self._has(resource)}

    def _has(self, resource: str) -> bool:
        return resource in self.resources or resource == WHOLE or "/" in resource  # an output, or a file


def new(findings: Iterable[Finding], register: Register, scope: Scope) -> list[Finding]:
    """Return the findings of one template that the register does not have."""
    found = {one.entry: one for one in findings}
    explained = {entry for part in register.accepted for entry in part.entries}
    for option in register.option:
        if (entries := scope.among(option.entries)) <= found.keys():
            explained |= entries
    return [one for entry, one in found.items() if entry not in explained]


def stale(findings: Iterable[Finding], register: Register, tools: frozenset[str]) -> list[str]:
    """Return the entries of `tools` that no finding of any template needs."""
    listed = {entry for part in register.parts for entry in part.entries}
    return sorted({entry for entry in listed if entry.split(" ")[0] in tools} - {one.entry for one in findings})


def kept(findings: Iterable[Finding], register: Register) -> list[str]:
    """Return the entries under an option that it does not take away: found in each deployment of a template."""
    where: dict[str, set[str]] = {}
    for one in findings:
        where.setdefault(one.entry, set()).add(one.template.partition("-")[2])
    entries = {entry for option in register.option for entry in option.entries}
    return sorted(entry for entry in entries if where.get(entry, set()) >= register.deployments.keys())
