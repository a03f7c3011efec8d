"""What `make audit` prints and writes: a table for people, JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from audit.findings import Finding
from audit.judgement import Judgement
from audit.register import Register, kept, stale
from templates_py.review.scope import Body
from templates_py.settings import ROOT


def report(judged: Judgement, register: Register, templates: Mapping[str, Body], out: Path, whole: bool) -> int:
    """Print the table and write `out`. A stale entry counts where the `whole` was judged. Exit status: 0 or 1."""
    unneeded = stale(judged.findings, register, judged.tools) if whole else []
    stays = kept(judged.findings, register) if whole else []
    print("\n".join(table(judged, register, list(templates))))
    for one in judged.new:
        print(f"new: {one.entry}{f' in {one.template}' if one.template else ''}: {one.text.strip()}")
    for entry in unneeded:
        print(f"stale: {entry}: nothing of the kind is found; take it out of the register")
    for entry in stays:
        print(f"stays: {entry}: its option does not take it away")
    out.write_text(json.dumps(_for_machines(judged, register, unneeded, stays), indent=1) + "\n")
    entries = sum(len(one.entries) for one in register.accepted)
    print(f"{out.relative_to(ROOT)}. The register: {len(register.accepted)} reasons for {entries} entries.")
    wrong = bool(judged.new or unneeded or stays)
    print("What stands above is not as the register has it." if wrong else "Nothing is found that it does not have.")
    return int(wrong)


def table(judged: Judgement, register: Register, templates: list[str]) -> list[str]:
    """A line for each tool: what it found, what an option takes away, what is accepted, what is new."""
    accepted = {entry for reason in register.accepted for entry in reason.entries}
    optional = {entry for option in register.option for entry in option.entries}
    fresh = {one.entry for one in judged.new}
    lines = [f"{'':24}{'found':>7}{'an option':>11}{'accepted':>10}{'new':>5}"]
    for tool in [*sorted(judged.tools), "all"]:
        entries = {one.entry for one in judged.findings if tool in (one.tool, "all")}
        counts = (len(entries), len(entries & optional - fresh), len(entries & accepted - fresh), len(entries & fresh))
        lines.append("{:24}{:7}{:11}{:10}{:5}".format(tool, *counts))
    return [*lines, f"of {', '.join(templates)}; one rule on one resource counts once"]


def _for_machines(judged: Judgement, register: Register, unneeded: list[str], stays: list[str]) -> dict[str, object]:
    reasons = {entry: part.reason for part in register.parts for entry in part.entries}
    fresh = set(judged.new)
    return {"findings": [_row(one, reasons, fresh) for one in judged.findings], "stale": unneeded, "stays": stays}


def _row(one: Finding, reasons: Mapping[str, str], fresh: set[Finding]) -> dict[str, str]:
    return {**one._asdict(), "reason": "" if one in fresh else reasons.get(one.entry, "")}
