"""A mutant: a flattened template with one thing broken, and what it is made by."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, NamedTuple

from templates_py.review.scope import Body

Place = tuple[str | int, ...]


NAMES = ("Description", "Tags", "Sid")  # what nothing depends on, and what is within


class Mutant(NamedTuple):
    """A template with one thing broken."""

    operator: str
    resource: str  # its logical ID
    place: Place  # below the resource; or one that begins with "Outputs"
    value: Any  # what stands there now; GONE: nothing


class Gone(Enum):
    """Stands for what is taken away."""

    GONE = "gone"


GONE = Gone.GONE


Change = tuple[Place, Any]


Operator = Callable[[Body, str, Body], Iterator[Change]]


def broken(body: Body, resource: str, place: Place, value: Any) -> Body:
    """Return the template with another value at a place of a resource; what is not on the way is shared."""
    whole = dict(body)
    steps: Place = place if place[:1] == ("Outputs",) else ("Resources", resource, *place)
    node: Any = whole
    for step in steps[:-1]:
        child = node[step]
        node[step] = copy.copy(child)
        node = node[step]
    if value is GONE:
        del node[steps[-1]]
    elif isinstance(node, list) and steps[-1] == len(node):
        node.append(value)
    else:
        node[steps[-1]] = value
    return whole


def nodes(node: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield all places of a resource, and what stands there."""
    yield place, node
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, below in inside:
        if key not in NAMES:
            yield from nodes(below, (*place, key))
