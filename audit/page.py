"""The part of docs/security.md that is written from the register: `python -m audit --page`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from audit.register import Part, Register
from audit.scanners import FAST, SLOW
from templates_py.review.markdown import between, line, table
from templates_py.settings import ROOT

PAGE = ROOT / "docs" / "security.md"


def page(register: Register, path: Path = PAGE) -> str:
    """Return the page with its tables as the register has them."""
    tables = [*_tools(register), "", *_accepted(register), "", *_options(register)]
    return between(path.read_text(), "register", "\n".join(tables))


def _tools(register: Register) -> Iterable[str]:
    """Each finding of the default deployment is in the register, or `make audit` fails: so it can be counted here."""
    yield from table("scanner", "as it comes", "with the options on", "accepted, by reason")
    options, accepted = _count(register.option), _count(register.accepted)
    reasons = {
        tool: sum(any(tool == _tool(entry) for entry in part.entries) for part in register.accepted)
        for tool in accepted
    }
    for tool in sorted([*FAST, *SLOW]):
        yield line(tool, str(options[tool] + accepted[tool]), str(accepted[tool]), str(reasons.get(tool, 0)))
    whole = sum(accepted.values())
    yield line("**all**", f"**{sum(options.values()) + whole}**", f"**{whole}**", f"**{len(register.accepted)}**")


def _count(parts: list[Part]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for entry in (entry for part in parts for entry in part.entries):
        counts[_tool(entry)] += 1
    return counts


def _tool(entry: str) -> str:
    return entry.partition(" ")[0]


def _accepted(register: Register) -> Iterable[str]:
    yield from table("accepted", "because")
    for part in register.accepted:
        yield line(_findings(part), part.reason)


def _options(register: Register) -> Iterable[str]:
    yield from table("option", "takes away", "because")
    for part in register.option:
        yield line(", ".join(f"`{name}`" for name in part.parameters), _findings(part), part.reason)


def _findings(part: Part) -> str:
    """Rules, each once, with the resources that it is about."""
    about: dict[str, list[str]] = defaultdict(list)
    for entry in sorted(part.entries):
        tool, rule, resource = entry.split(" ")
        about[f"{tool} {rule.partition('[')[0]}"].append(resource)
    return "; ".join(f"{rule}: {', '.join(dict.fromkeys(resources))}" for rule, resources in about.items())
