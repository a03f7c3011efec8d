"""Break the templates in each way, wherever it fits, and see which rule finds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import Any, NamedTuple

from templates_py.review.mutation.operators import Mutant, broken, mutants
from templates_py.review.mutation.shapes import deployed, deployments, flat
from templates_py.review.relations import Finding, findings
from templates_py.review.tree import Tree

# "mlflow alone" and "batch alone" have nothing that these have not.
BROKEN = ("both", "own roles, oidc", "fargate, basic", "artifacts")
CHUNK = 25


class Verdict(NamedTuple):
    """What became of a mutant: the rules that found it; `idle` where no deployment has anything of it."""

    shape: str
    mutant: Mutant
    type: str
    killers: frozenset[str]
    idle: bool


def all_mutants() -> Iterator[tuple[str, Mutant]]:
    """Each once, though shapes have much in common."""
    seen = set()
    for shape in BROKEN:
        body = flat(shape)
        for mutant in mutants(body):
            key = str((body["Resources"][mutant.resource], mutant))
            if key not in seen:
                seen.add(key)
                yield shape, mutant


def _deployments(shape: str) -> list[dict[str, Any]]:
    """And a first one, before there is an image: what is found there counts only beside what is always found."""
    return [*deployments(shape), {}]


@cache
def _whole(shape: str) -> list[tuple[Tree, frozenset[Finding]]]:
    whole = [deployed(flat(shape), parameters) for parameters in _deployments(shape)]
    return [(tree, frozenset(findings(tree))) for tree in whole]


def judge(one: tuple[str, Mutant]) -> Verdict:
    """Try a mutant in the deployments of its shape, until two rules have found it: then no rule is the only one."""
    shape, mutant = one
    body = flat(shape)
    changed = broken(body, mutant.resource, mutant.place, mutant.value)
    killers: set[str] = set()
    idle = True
    for (tree, known), parameters in zip(_whole(shape), _deployments(shape), strict=True):
        after = deployed(changed, parameters)
        if after != tree:
            idle = False
            killers |= {finding.rule for finding in findings(after) if finding not in known}
        if len(killers) > 1:
            break
    return Verdict(shape, mutant, body["Resources"][mutant.resource]["Type"], frozenset(killers), idle)


def verdicts(every: Iterable[tuple[str, Mutant]], workers: int) -> Iterator[Verdict]:
    """Judge them all, in as many processes."""
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(judge, every, chunksize=CHUNK)
