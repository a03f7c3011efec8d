"""What each parameter and each setting does, in every shape that has it; and what of that costs data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import msgspec

from templates_py.review.changes import WORST, Change, changes, changes_of
from templates_py.review.samples import base, samples
from templates_py.review.transitions import templates
from templates_py.review.tree import Tree, flatten
from templates_py.review.updates import said
from templates_py.review.ways import at_stake, way
from templates_py.settings import Settings
from templates_py.synthesis import SYSTEMS

MANY = 4
ROOTS = tuple(SYSTEMS)


def shapes() -> dict[str, Settings]:
    """The shapes whose parameters are told: title -> settings; the later ones for what differs in them alone."""
    custom = msgspec.structs.replace(base(), batch=msgspec.structs.replace(base().batch, service_role="custom"))
    other = {"auth": ("basic", "oidc"), "artifacts": ("proxied",)}
    mlflow = {
        f'`{key} = "{value}"`': msgspec.structs.replace(
            base(), mlflow=msgspec.structs.replace(base().mlflow, **{key: value})
        )
        for key, values in other.items()
        for value in values
    }
    return {"": base(), '`service_role = "custom"`': custom, **mlflow}


@cache
def told(system: str) -> list[tuple[str, str, list[Change]]]:
    """(shape, parameter, what a change of it does) of a system's root, or of both's (system empty)."""
    said: list[tuple[str, str, list[Change]]] = []
    seen: dict[str, str] = {}
    for shape, settings in shapes().items():
        root = f"{system}/template".removeprefix("/")
        open_tree = flatten(templates(settings), root)
        for name in open_tree.parameters:
            found = changes_of(open_tree, name)
            if seen.get(name) != (words := in_words(found)):
                seen.setdefault(name, words)
                said.append((shape, name, found))
    return said


@cache
def tried() -> list[tuple[str, str, list[Change]]]:
    """(setting, change in words, what it does) of each setting, and of the way back where that is no mirror."""
    told: list[tuple[str, str, list[Change]]] = []
    for sample in samples():
        before, after = (flatten(templates(settings), "template") for settings in (sample.before, sample.settings))
        there, back = changes(before, after), changes(after, before)
        told.append((sample.setting, f"{sample.old} -> {sample.new}".removeprefix(" -> "), there))
        if _worst(back) != _worst(there) or any(at_stake(change) for change in back):
            told.append((sample.setting, f"{sample.new} -> {sample.old}" if sample.old else "one fewer", back))
    return told


def _worst(found: list[Change]) -> set[str]:
    return {change.does for change in found}


def rows() -> dict[tuple[str, str], tuple[list[str], list[str]]]:
    """What costs data: (name, way) -> (what it does, the systems). Raises LookupError where no way is said."""
    found: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    named = [(name, change, system) for system in ROOTS for _, name, all_ in told(system) for change in all_]
    named += [(setting, change, "") for setting, _, all_ in tried() for change in all_]
    for name, change, system in named:
        if at_stake(change):
            does, systems = found.setdefault((name, way(name, change)), ([], []))
            does += [text] if (text := f"{change.does} {change.path}") not in does else []
            systems += [system] if system and system not in systems else []
    return found


def unlisted(tree: Tree) -> list[str]:
    """What a change of a parameter would cost that no row of WAYS is about, in words."""
    found = []
    for name in tree.parameters:
        for change in filter(at_stake, changes_of(tree, name)):
            try:
                way(name, change)
            except LookupError as error:
                found.append(str(error))
    return found


def in_words(found: Iterable[Change]) -> str:
    """Changes as a cell of a table, the worst first."""
    by: dict[str, list[Change]] = defaultdict(list)
    for change in found:
        by[said(change, "").rstrip()].append(change)
    order = sorted(by.items(), key=lambda one: min(WORST.index(change.does) for change in one[1]))
    return "; ".join(_words(does, told) for does, told in order) or "nothing in the resources"


def _words(does: str, told: list[Change]) -> str:
    bold = [f"**{change.path}**" for change in told if at_stake(change)]
    rest = [change for change in told if not at_stake(change)]
    if does not in WORST:
        return does  # it says itself of what
    kinds = sorted({change.type.rpartition("::")[2] for change in rest})
    many = f"{len(rest)} {'others' if bold else 'resources'} ({', '.join(kinds)})"
    names = [change.path for change in rest] if len(rest) <= MANY else [many]
    return f"{does} {', '.join(bold + names)}"
