"""A built tree of stacks as one flat graph: each resource by its path, its values resolved through the nested stacks.

A path is logical IDs joined by "/": `Batch/Database/Instance`. It is read from the emitted JSON alone. What stays open
in a value is as CloudFormation writes it: `Ref` names a parameter of the root or a resource by its path.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

from templates_py.review.scope import Body, Resource, Scope, Templates, references


class Use(NamedTuple):
    """Where something is used: by which resource, by which attribute (empty: Ref), in which property."""

    path: str
    attribute: str
    place: tuple[str, ...]


@dataclass(frozen=True)
class Tree:
    """The resources of a root and of all that it nests."""

    parameters: Body  # of the root, as it declares them
    resources: dict[str, Resource]
    outputs: Body

    @cached_property
    def waits(self) -> dict[str, set[str]]:
        """Path -> what it waits for itself: siblings, those of the stacks that it is in; a stack: what is in it."""
        waits = {path: set(made.needs) for path, made in self.resources.items()}
        for path, made in self.resources.items():
            above = made.stack
            if above:
                waits[above].add(path)
            while above:
                waits[path] |= self.resources[above].needs
                above = self.resources[above].stack
        return waits

    @cached_property
    def order(self) -> list[str]:
        """An order in which CloudFormation can make them."""
        return list(TopologicalSorter({path: sorted(waits) for path, waits in self.waits.items()}).static_order())

    @cached_property
    def users(self) -> dict[str, list[Use]]:
        """What uses a parameter of the root, or a resource: its name or path -> where."""
        users: dict[str, list[Use]] = defaultdict(list)
        for path, made in self.resources.items():
            for name, attribute, place in references(made.properties):
                users[name].append(Use(path, attribute, place))
        return users

    @cached_property
    def uses(self) -> dict[str, set[str]]:
        """Path -> the resources that it refers to, wherever they are."""
        made = self.resources.items()
        return {path: {name for name, _, _ in references(one.properties)} & self.resources.keys() for path, one in made}

    @cached_property
    def before(self) -> dict[str, frozenset[str]]:
        """Path -> all that must stand before it is begun."""
        before: dict[str, frozenset[str]] = {}
        for path in self.order:
            before[path] = frozenset(self.waits[path]).union(*(before[one] for one in self.waits[path]))
        return before


def load(build: Path) -> dict[str, Body]:
    """Read the templates of a build folder."""
    paths = sorted(build.rglob("*.json"))
    return {path.relative_to(build).with_suffix("").as_posix(): json.loads(path.read_text()) for path in paths}


def defaults(templates: Templates, root: str) -> Body:
    """The parameters of a root that have a default, with it."""
    declared = templates[root].get("Parameters", {})
    return {name: made["Default"] for name, made in declared.items() if "Default" in made}


def flatten(templates: Templates, root: str, values: Mapping[str, object] | None = None) -> Tree:
    """Return the graph under `root`. A parameter that `values` does not give stays open, as a Ref.

    What a condition leaves out is left out, where the values decide it.
    """
    scope = Scope(templates, root, "", values or {}, True)
    found = list(scope.resources())
    made = {resource.path for resource in found}
    kept = {r.path: Resource(r.path, r.type, r.properties, r.condition, r.attributes, r.needs & made) for r in found}
    outputs = {name: scope.resolve(given["Value"]) for name, given in scope.body.get("Outputs", {}).items()}
    return Tree(scope.body.get("Parameters", {}), kept, outputs)
