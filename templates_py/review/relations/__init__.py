"""What must hold between the resources of a flattened template, and no scanner sees.

A rule is a function of a tree: it yields a sentence for each thing that is wrong, which names the paths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from templates_py.review.relations import (
    closed,
    identity,
    kept,
    keys,
    logs,
    network,
    permissions,
    ports,
    reach,
    secrets,
    serving,
    transport,
    wiring,
)
from templates_py.review.tree import Tree

THEMES = (network, ports, identity, permissions, reach, secrets, kept, closed, logs, keys, transport, serving, wiring)
Rule = Callable[[Tree], Iterable[str]]
RULES: dict[str, Rule] = {rule.__name__: rule for theme in THEMES for rule in theme.RULES}


class Finding(NamedTuple):
    """What a rule says."""

    rule: str
    text: str


def findings(tree: Tree) -> Iterator[Finding]:
    """What all rules say of a tree, which is one of a deployment: its parameters have values."""
    for name, rule in RULES.items():
        yield from (Finding(name, text) for text in rule(tree))
