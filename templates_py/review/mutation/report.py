"""What `make mutate` prints: progress, survivors that nobody explained, entries that nothing needs, idle rules."""

from __future__ import annotations

import os
import time
from collections import Counter

from templates_py.review.mutation.gate import LINT, Verdict, all_mutants, verdicts
from templates_py.review.mutation.operators import OPERATORS
from templates_py.review.mutation.survivors import reason, stale
from templates_py.review.relations import RULES


def mutate() -> int:
    """Judge all mutants. Exit status: 0 where each is found or explained and each rule is needed, else 1."""
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{int(time.monotonic() - began):4} s  {text}", flush=True)

    found = verdicts(os.cpu_count() or 1, say, list(all_mutants()))
    wrong = faults(found)
    print("\n".join(counts(found)))
    print("\n".join(wrong) or "Every survivor has its reason, and no rule is idle.")
    return 1 if wrong else 0


def faults(found: list[Verdict]) -> list[str]:
    """Survivors without a reason, reasons without a survivor, and rules without which nothing would survive."""
    survivors = [one for one in found if one.survived]
    unexplained = Counter(f"{one} of {one.mutant.resource}" for one in survivors if not reason(one))
    return [
        *(f"survives: {name}" for name in unexplained),
        *(f"explains nothing (mutation/survivors.py): {pattern}" for pattern in stale(survivors)),
        *(f"finds nothing that another does not: {rule}" for rule in idle_rules(found)),
    ]


def idle_rules(found: list[Verdict]) -> list[str]:
    """The rules that find no mutant alone: without one of them none more would survive."""
    alone = {rule for one in found if len(one.killers) == 1 for rule in one.killers}
    return [rule for rule in RULES if rule not in alone]


def counts(found: list[Verdict]) -> list[str]:
    """How many mutants each operator made, and what found them."""
    lines = [f"{'operator':24}{'mutants':>9}{'found':>9}{'cfn-lint':>9}{'survive':>9}{'no change':>11}"]
    for name in [*(operator.__name__ for operator in OPERATORS), "all"]:
        ones = [one for one in found if name in (one.mutant.operator, "all")]
        linted = sum(one.killers == {LINT} for one in ones)
        killed = sum(bool(one.killers) for one in ones) - linted
        left, idle = sum(one.survived for one in ones), sum(one.idle for one in ones)
        lines.append(f"{name:24}{len(ones):9}{killed:9}{linted:9}{left:9}{idle:11}")
    return [*lines, f"{len(RULES)} rules"]
