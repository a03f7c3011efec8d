"""`make preflight`: what CloudFormation would say after twenty minutes, known before a deploy. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from commands import CommandError
from commands.preflight.checks import CHECKS, Check
from commands.preflight.ground import Ground
from commands.preflight.outcome import FAULT, OK, WARNING, NotCheckedError, Outcome, fault, ok, warning

if TYPE_CHECKING:
    from commands.configuration import Configuration

AT_ONCE = 8  # checks that ask AWS at the same time


def preflight(configuration: Configuration) -> None:
    """Print what each check finds, a line each. Raises CommandError where a deploy would fail."""
    counts = dict.fromkeys((OK, WARNING, FAULT), 0)
    print(f"Checking what {configuration.stack_name} needs, some 10 s; nothing is changed", flush=True)
    for outcome in outcomes(configuration):
        counts[outcome.level] += 1
        print(outcome, flush=True)
    print(", ".join(f"{count} {level}" for level, count in counts.items()))
    if counts[FAULT]:
        raise CommandError(f"{counts[FAULT]} of these would fail a deploy: each says how to mend it")


def outcomes(configuration: Configuration) -> Iterator[Outcome]:
    """Yield what the checks find, in the order of their table. They all run at the same time."""
    try:
        ground = Ground(configuration)
    except NotCheckedError as error:
        said = str(error).removeprefix("not checked: ")
        yield replace(fault(said, "log in (aws configure, aws sso login), or set AWS_PROFILE"), check="identity")
        return
    yield replace(ok(f"{ground.identity} in {ground.region}"), check="identity")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(_found, check, ground) for check in CHECKS if check.is_for(ground)]
        for check in running:
            yield from check.result()


def _found(check: Check, ground: Ground) -> list[Outcome]:
    found: list[Outcome] = []
    try:
        found += check.look(ground)
    except NotCheckedError as error:
        found.append(warning(str(error)))
    return [replace(outcome, check=check.name) for outcome in found or [ok(check.fine)]]
