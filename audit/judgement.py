"""Templates through the scanners, side by side, and what the register does not explain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from audit.findings import Finding
from audit.flattening import write
from audit.preparation import prepared
from audit.register import Register, Scope, new
from audit.scanners import FLAT, Scanner
from templates_py.review.scope import Body


class Judgement(NamedTuple):
    """What was found, and what of it is new."""

    findings: list[Finding]
    new: list[Finding]
    tools: frozenset[str]


def judge(
    templates: Mapping[str, Body],
    register: Register,
    scanners: Mapping[str, Scanner],
    say: Callable[[str], object] = lambda _: None,
) -> Judgement:
    """Run `scanners` over flattened templates; `say` is told of each that ends.

    Raises ScannerError where one does not run to its end.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        write({one: prepared(body) for one, body in templates.items()}, folder)
        write(templates, folder / FLAT)
        with ThreadPoolExecutor() as pool:
            running = {tool: pool.submit(_scan, tool, scan, folder, say) for tool, scan in scanners.items()}
        found = [one for tool in running for one in running[tool].result()]
    tools = frozenset(scanners)
    unexplained = [one for one in found if not one.template and one.entry not in _accepted(register)]
    for template, body in templates.items():
        of_it = [one for one in found if one.template == template]
        unexplained += new(of_it, register, Scope(tools, frozenset(body["Resources"])))
    return Judgement(found, unexplained, tools)


def _scan(tool: str, scan: Scanner, folder: Path, say: Callable[[str], object]) -> list[Finding]:
    """What a scanner says of a resource by one rule counts once, however many places of it that is about."""
    found = {(one.template, one.entry): one for one in scan(folder)}
    say(f"{tool}: {len({entry for _, entry in found})} findings")
    return list(found.values())


def _accepted(register: Register) -> set[str]:
    return {entry for reason in register.accepted for entry in reason.entries}
