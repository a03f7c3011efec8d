"""docs/updates.md: what each change does, what a failure and a deletion leave, and the ways that lose nothing.

`python -m templates_py reference` writes it; a test fails where it is stale.
"""

from __future__ import annotations

from collections import defaultdict

from templates_py.review import outcomes
from templates_py.review.facts import FACTS
from templates_py.review.lifecycle_prose import ENDS, INTRO
from templates_py.review.markdown import line, table
from templates_py.review.telling import ROOTS, in_words, rows, told, tried
from templates_py.review.transitions import TRANSITIONS, happens


def page() -> str:
    """Return docs/updates.md."""
    sections = [_at_stake(), *(_parameters(system) for system in ROOTS), _both(), _settings(), _moves()]
    sections += [_ends(), _facts()]
    return "\n".join([INTRO, *("\n".join(section) + "\n" for section in sections)]).rstrip() + "\n"


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
    systems = ("Batch", "Mlflow")
    alone = {(s, name): in_words(found) for s in systems for shape, name, found in told(s.lower()) if not shape}
    lines = ["## Parameters of both systems", "", "As above, with `Batch` or `Mlflow` before a name that both have and"]
    lines += ["before each path. What both share, or `connection` adds:", "", *table("parameter", "a change")]
    for shape, name, found in told(""):
        plain = in_words([change._replace(path=change.path.partition("/")[2]) for change in found])
        asked = [(system, one) for system in systems for one in (name, name.removeprefix(system))]
        if not shape and plain not in [alone[one] for one in asked if one in alone]:
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
        policy = "" if case.system in outcomes.WITHOUT_DATABASE else case.policy
        lines.append(line(case.system, policy, ", ".join(left) or "nothing", ", ".join(taken)))
    return lines


def _facts() -> list[str]:
    lines = ["## What the schemas do not say", "", *table("of", "a change of", "does", "source")]
    by: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for (kind, path), fact in sorted(FACTS.items()):
        by[kind.removeprefix("AWS::"), fact.does, fact.source].append(path)
    return lines + [line(kind, ", ".join(paths), does, source) for (kind, does, source), paths in by.items()]
