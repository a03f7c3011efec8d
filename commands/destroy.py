"""`make destroy`: what a stack holds and what becomes of it, then its end, then the way back."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from commands import CommandError
from commands.causes import advice
from commands.events import first_cause, latest
from commands.holding import Holding
from commands.holdings import holdings
from commands.progress import Progress
from commands.stack import Stack
from commands.way_back import way_back
from commands.way_on import way_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.configuration import Configuration

BUSY = "DELETE_IN_PROGRESS"


def destroy(configuration: Configuration, allow: Sequence[str] = (), confirm: str = "") -> None:
    """Delete the stack, once its name was typed; say how to get back what it held.

    `allow` names what may lose its protection; `confirm` is the name, where nobody is there to be asked.
    Nothing here deletes a snapshot or what is retained, or empties anything.
    """
    name, session = configuration.stack_name, configuration.session()
    found = Stack(session, name).description
    stack = Stack(session, found["StackId"]) if found else Stack(session, name).deleted
    if not stack:
        raise CommandError(f"There is no stack {name}: nothing to delete")
    held = holdings(stack)
    is_begun = not found or found["StackStatus"] == BUSY
    named = [] if is_begun else _agreed(stack, name, held, allow, confirm)
    progress, before = Progress(), _nested(stack)
    if not is_begun:
        _begin(stack, named, progress)
    _finish(stack, name, progress, before)
    print(f"{name} is deleted")
    way_back(configuration, session, held)


def _show(stack: Stack, name: str, held: list[Holding]) -> None:
    session: Any = stack.session
    account, endpoint = session.client("sts").get_caller_identity()["Account"], os.environ.get("AWS_ENDPOINT_URL")
    print(f"{name} in account {account}, {endpoint or session.region_name}, holds{':' if held else ' no data.'}")
    width = max((len(holding.path) for holding in held), default=0)
    for holding in held:
        print(f"  {holding.path:<{width}}  {holding.name.rpartition(':')[2]}: {holding.fate}")
    print("Everything else in it is DELETED, its logs too.", flush=True)


def _agreed(stack: Stack, name: str, held: list[Holding], allow: Sequence[str], confirm: str) -> list[Holding]:
    """Show what it holds, and return what is to lose its protection.

    Raises CommandError where anything speaks against the deletion, or nobody for it.
    """
    _show(stack, name, held)
    found = stack.description or {}
    if found["StackStatus"].endswith("_IN_PROGRESS"):
        raise CommandError(f"{name} is in {found['StackStatus']}: wait for its end")
    if found.get("EnableTerminationProtection"):
        way = "aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name"
        raise CommandError(f"{name}: protected from deletion as a whole: {way} {name}")
    if full := next((holding for holding in held if holding.blocks), None):
        parameter = full.asked.get("EmptyOnDelete")
        lets = f", or deploy with {parameter}=true, which lets them go with it" if parameter else ""
        raise CommandError(f"{full.path} ({full.name}) cannot go with {full.contents} in it: delete them{lets}")
    protected = {holding.path: holding for holding in held if holding.is_protected}
    allowed = {_meant(one, held) for one in allow}
    if missing := [path for path in protected if path not in allowed]:
        raise CommandError(f"{', '.join(missing)}: protected from deletion: ALLOW='{' '.join(missing)}' turns that off")
    if not confirm and not sys.stdin.isatty():
        raise CommandError(f"Nobody is there to type the stack's name: CONFIRM={name} says it")
    if (answer := confirm or input("Type the stack's name to delete it: ").strip()) != name:
        raise CommandError(f"{answer!r}: expected {name}: nothing was deleted")
    return list(protected.values())


def _meant(given: str, held: list[Holding]) -> str:
    """Return the path that is meant by a path, or by the last element of one."""
    found = [holding.path for holding in held if given in (holding.path, holding.path.rpartition("/")[2])]
    if len(found) != 1:
        raise CommandError(f"ALLOW = {given!r}: expected one of {', '.join(found or (one.path for one in held))}")
    return found[0]


def _begin(stack: Stack, protected: list[Holding], progress: Progress) -> None:
    """Turn off the protection of these, and begin the deletion."""
    client: Any = stack.session.client("cloudformation")
    try:
        for holding in protected:
            holding.protect(False)
            progress.until(holding.at_rest, f"Turning off the protection of {holding.path}")
        before = latest(stack)
        client.delete_stack(StackName=stack.name)
    except BaseException:  # it lives on, and so does its protection
        for holding in protected:
            holding.protect(True)
        raise
    said = "Deleting it. On AWS, final snapshots take minutes, and the function's network interfaces up to 40"
    progress.until(lambda: latest(stack) != before or None, said)  # a stack that failed once has that state still


def _finish(stack: Stack, name: str, progress: Progress, seen: dict[str, str]) -> None:
    """Wait for the end, and say what goes. Raises CommandError with the first cause where it fails."""
    status = BUSY
    while status == BUSY:
        status, found = stack.status, _nested(stack)
        now = {**dict.fromkeys(seen, "DELETE_COMPLETE"), **found}
        for path in (path for path in now if now[path] not in (seen.get(path), BUSY)):
            progress.say(f"{path}: {now[path]}")
        seen = now
        if status == BUSY:
            progress.still(f"In progress: {', '.join(path for path in now if now[path] == BUSY)}")
            progress.pause()
    if status:
        said = first_cause(stack)
        parts = [f"{name} was not deleted: {said}", advice(said), f"The stack is in {status}: {way_on(stack, status)}"]
        raise CommandError(". ".join(filter(None, parts)))


def _nested(stack: Stack) -> dict[str, str]:
    return {path: row["ResourceStatus"] for path, row in stack.tree()}
