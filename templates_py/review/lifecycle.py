"""docs/updates.md: what each change does, what a failure and a deletion leave, and the ways that lose nothing.

`python -m templates_py reference` writes it; a test fails where it is stale.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import msgspec

from templates_py.review import outcomes
from templates_py.review.changes import WORST, Change, changes, changes_of
from templates_py.review.facts import FACTS
from templates_py.review.lifecycle_prose import ENDS, INTRO
from templates_py.review.markdown import line, table
from templates_py.review.samples import base, samples
from templates_py.review.transitions import TRANSITIONS, happens, templates
from templates_py.review.tree import Tree, flatten
from templates_py.review.updates import said
from templates_py.review.ways import at_stake, way
from templates_py.settings import Settings

MANY = 4
ROOTS = ("batch", "mlflow", "artifacts")


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


def page() -> str:
    """Return docs/updates.md."""
    sections = [_at_stake(), *(_parameters(system) for system in ROOTS), _both(), _settings(), _moves()]
    sections += [_ends(), _facts()]
    return "\n".join([INTRO, *("\n".join(section) + "\n" for section in sections)]).rstrip() + "\n"


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


@cache
def tried() -> list[tuple[str, str, list[Change]]]:
    """(setting, change in words, what it does) of each setting, and of the way back where that is no mirror."""
    told: list[tuple[str, str, list[Change]]] = []
    before = flatten(templates(base()), "template")
    for sample in samples():
        after = flatten(templates(sample.settings), "template")
        there, back = changes(before, after), changes(after, before)
        told.append((sample.setting, f"{sample.old} -> {sample.new}".removeprefix(" -> "), there))
        if _worst(back) != _worst(there) or any(at_stake(change) for change in back):
            told.append((sample.setting, f"{sample.new} -> {sample.old}" if sample.old else "one fewer", back))
    return told


def _worst(found: list[Change]) -> set[str]:
    return {change.does for change in found}


def _at_stake() -> list[str]:
    lines = ["## Data at stake", "", *table("a change of", "does", "the way")]
    for (name, how), (does, systems) in rows().items():
        whose = f" ({', '.join(systems)})" if systems else ""
        lines.append(line(f"`{name}`{whose}", "; ".join(does), how))
    return lines


def _parameters(system: str) -> list[str]:
    lines = [f"## Parameters of {system}", "", *table("parameter", "where", "a change")]
    return lines + [line(f"`{name}`", shape, in_words(found)) for shape, name, found in told(system)]


def _both() -> list[str]:
    """What both roots do not do by themselves: what `connection` adds."""
    own = {name: in_words(found) for system in ("batch", "mlflow") for shape, name, found in told(system) if not shape}
    lines = ["## Parameters of both systems", "", "As above, with `Batch` or `Mlflow` before a name that both have and"]
    lines += ["before each path. What both share, or `connection` adds:", "", *table("parameter", "a change")]
    for shape, name, found in told(""):
        plain = in_words([change._replace(path=change.path.partition("/")[2]) for change in found])
        if (
            not shape
            and own.get(name.removeprefix("Batch").removeprefix("Mlflow"), own.get(name)) != plain
            and name in own
        ):
            lines.append(line(f"`{name}`", in_words(found)))
    return lines


def _settings() -> list[str]:
    lines = ["## Settings", "", "In hydra.toml; a sample of each, tried on both systems.", ""]
    lines += table("setting", "change", "what it does")
    return lines + [line(f"`{setting}`", words, in_words(found)) for setting, words, found in tried()]


def _moves() -> list[str]:
    lines = ["## Larger moves", "", *table("move", "in one stack", "the way")]
    for move in TRANSITIONS:
        lines.append(line(move.title, in_words(happens(move)), move.way))
    return lines


def _ends() -> list[str]:
    """What is left of each kind of stack: named and unnamed leave the same."""
    lines = ENDS.format(counts="\n".join(outcomes.counts())).splitlines()
    lines += table("system", "`deletion_policy`", "a deletion leaves", "with names of your own, these are taken then")
    for case in (case for case in outcomes.CASES if case.named):
        ended = outcomes.life(outcomes.tree(case, **outcomes.emptied(case)))
        assert not ended.stuck
        left = [*(f"`{path}`" for path in ended.left), *(f"a final snapshot of `{path}`" for path in ended.snapshots)]
        taken = [f"`{text.partition(':')[0]}`" for text in ended.taken]
        policy = "" if case.system == "artifacts" else case.policy
        lines.append(line(case.system, policy, ", ".join(left), ", ".join(taken)))
    return lines


def _facts() -> list[str]:
    lines = ["## What the schemas do not say", "", *table("of", "a change of", "does", "source")]
    by: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for (kind, path), fact in sorted(FACTS.items()):
        by[kind.removeprefix("AWS::"), fact.does, fact.source].append(path)
    return lines + [line(kind, ", ".join(paths), does, source) for (kind, does, source), paths in by.items()]
