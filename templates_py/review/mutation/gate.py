"""Break the templates in each way, wherever it fits, and see which rule finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import Any, NamedTuple

from templates_py.review.mutation.mutant import Mutant, broken
from templates_py.review.mutation.operators import mutants
from templates_py.review.mutation.refused import refused
from templates_py.review.mutation.shapes import deployed, deployments, flat
from templates_py.review.relations import Finding, findings
from templates_py.review.tree import Tree

# "mlflow alone" and "batch alone" have nothing that these have not.
BROKEN = ("both", "own roles, oidc", "fargate, basic", "artifacts", "endpoints")
CHUNK = 25  # mutants that a process is given at once
STEP = 500  # mutants, after which the number is said
LINT = "cfn-lint"


class Verdict(NamedTuple):
    """What became of a mutant: the rules that found it, two at most; `idle` where no deployment has anything of it."""

    shape: str
    mutant: Mutant
    type: str
    killers: frozenset[str]
    idle: bool

    @property
    def survived(self) -> bool:
        return not self.killers and not self.idle

    def __str__(self) -> str:
        """Where the survivors are listed: `flip AWS::RDS::DBInstance MultiAZ`."""
        steps = [str(step) for step in self.mutant.place if not isinstance(step, int) and step != "Properties"]
        return f"{self.mutant.operator} {self.type} {'.'.join(steps)}".rstrip()


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


def _refused(shape: str, survivors: list[Verdict]) -> list[Verdict]:
    found = refused(shape, [one.mutant for one in survivors])
    pairs = zip(survivors, found, strict=True)
    return [one._replace(killers=frozenset({LINT})) if is_refused else one for one, is_refused in pairs]


def verdicts(workers: int, say: Callable[[str], object], every: list[tuple[str, Mutant]]) -> list[Verdict]:
    """Judge mutants in as many processes: by the relations, and what survives them by cfn-lint."""
    done: list[Verdict] = []
    with ProcessPoolExecutor(workers) as pool:
        for verdict in pool.map(judge, every, chunksize=CHUNK):
            done.append(verdict)
            if len(done) % STEP == 0:
                say(f"{len(done)} of {len(every)} mutants judged, {sum(one.survived for one in done)} left")
        left = [one for one in done if one.survived]
        say(f"cfn-lint judges the {len(left)} that are left")
        parts = [(shape, [one for one in left if one.shape == shape]) for shape in BROKEN]
        halves = [(shape, part[n::workers]) for shape, part in parts for n in range(workers) if part[n::workers]]
        judged = [one for part in pool.map(_refused, *zip(*halves, strict=True)) for one in part] if halves else []
    return [one for one in done if not one.survived] + judged
