"""What CloudFormation does to go from one tree to another: what it makes, changes, interrupts, replaces, removes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from templates_py.review.facts import FOR_GOOD, INTERRUPTS, MOVES, NAMES, REFUSED, RENEWS, REPLACES, UPDATES, does
from templates_py.review.functions import NO_VALUE
from templates_py.review.scope import STACK, Resource, references
from templates_py.review.tree import Tree

ADDS, REMOVES, EITHER, POLICY = "adds", "removes", "adds or removes", "changes what becomes of"
WORST = (REMOVES, REPLACES, RENEWS, REFUSED, EITHER, INTERRUPTS, ADDS, UPDATES, POLICY)  # the order of telling
Places = dict[str, set[tuple[str, ...]]]  # path -> its changed properties


class Change(NamedTuple):
    """What happens to one resource, and by which of its properties (none: it comes or goes)."""

    path: str
    type: str
    does: str
    properties: tuple[str, ...] = ()


def changes(before: Tree, after: Tree) -> list[Change]:
    """Return the changes, the worst first. Nested stacks are not told: what is in them is."""
    old, new = before.resources, after.resources
    common = [path for path in new if path in old and new[path].type != STACK]
    places = {path: set(_differences(old[path].properties, new[path].properties)) for path in common}
    found = [Change(path, old[path].type, REMOVES) for path in old if path not in new and old[path].type != STACK]
    found += [Change(path, new[path].type, ADDS) for path in new if path not in old and new[path].type != STACK]
    found += [Change(p, new[p].type, EITHER) for p in common if old[p].condition != new[p].condition]
    policies = ("DeletionPolicy", "UpdateReplacePolicy")
    for path in common:
        if [old[path].attributes.get(key) for key in policies] != [new[path].attributes.get(key) for key in policies]:
            found.append(Change(path, new[path].type, POLICY))
    return _sorted(found + _told(before, after, places))


def changes_of(tree: Tree, parameter: str) -> list[Change]:
    """Return what another value of a parameter of the root can do, the worst first."""
    places: Places = defaultdict(set)
    for path, _, place in tree.users[parameter]:
        places[path].add(place)
    resources = [made for made in tree.resources.values() if made.type != STACK]
    found = [m for m in resources if any(name == parameter for name, _, _ in references(m.condition))]
    return _sorted([Change(made.path, made.type, EITHER) for made in found] + _told(tree, tree, places))


def _sorted(found: list[Change]) -> list[Change]:
    return sorted(found, key=lambda change: (WORST.index(change.does), change.path))


def _told(before: Tree, after: Tree, places: Places) -> list[Change]:
    """What changed properties do: to their own resources, and to those that refer to a replaced one."""
    waiting = [path for path, changed in places.items() if changed]
    while waiting:
        path = waiting.pop()
        old, new = before.resources[path], after.resources[path]
        does_now = _worst(old, new, places[path]).does
        for user, attribute, place in after.users[path]:
            moved = does_now == REPLACES or (new.type, attribute) in MOVES
            moved |= does_now == RENEWS and _is_resolved(after.resources[user].properties, place)
            if moved and user in before.resources and place not in places.get(user, ()):
                places.setdefault(user, set()).add(place)
                waiting.append(user)
    told = (_worst(before.resources[path], after.resources[path], changed) for path, changed in places.items())
    return [change for change in told if change.does and change.type != STACK]


def _worst(old: Resource, new: Resource, places: set[tuple[str, ...]]) -> Change:
    """The worst that the changed properties do, and which of them do that."""
    by: dict[str, set[str]] = defaultdict(set)
    for place in places:
        by[_does(old, new, place)].add("/".join(place))
    name = NAMES.get(new.type, "")
    stands = name in new.properties and str(NO_VALUE) not in str(new.properties[name])
    if REPLACES in by and stands and name not in by[REPLACES]:
        by[REFUSED] |= by.pop(REPLACES)  # CloudFormation replaces nothing whose name stands
    what = min(by, key=WORST.index, default="")
    return Change(new.path, new.type, what, tuple(sorted(by[what])) if what else ())


def _does(old: Resource, new: Resource, place: tuple[str, ...]) -> str:
    replaceable = new.properties.get("ReplaceComputeEnvironment", True) is not False
    if old.type != new.type or _comes_or_goes(old, new, place):
        return REFUSED
    if _leaves_fargate(old, new, place) and not replaceable:
        return REFUSED
    return does(new.type, place, replaceable)


def _leaves_fargate(old: Resource, new: Resource, place: tuple[str, ...]) -> bool:
    """Whether an environment goes to, from or between Fargate's kinds. Source: Updating compute environments."""
    kinds = {str(one.properties.get("ComputeResources", {}).get("Type")) for one in (old, new)}
    return place == ("ComputeResources", "Type") and len(kinds) > 1 and any(k.startswith("FARGATE") for k in kinds)


def _comes_or_goes(old: Resource, new: Resource, place: tuple[str, ...]) -> bool:
    """Whether a property that is there for good, or never, comes or goes."""
    has = {place[0] in one.properties for one in (old, new)}
    return (new.type, place[0]) in FOR_GOOD and len(has) > 1


def _is_resolved(properties: Any, place: tuple[str, ...]) -> bool:
    """Whether a property is made of a secret's value, by a dynamic reference."""
    for step in place:
        properties = properties.get(step, {}) if isinstance(properties, dict) else properties
    return "{{resolve:" in str(properties)


def _differences(old: Any, new: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The properties that are not the same."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict) and not _is_function({**old, **new}):
        for key in {**old, **new}:
            yield from _differences(old.get(key), new.get(key), (*place, key))
    else:
        yield place


def _is_function(node: dict[str, Any]) -> bool:
    return any(key == "Ref" or key.startswith("Fn::") for key in node)
