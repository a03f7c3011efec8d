"""`make diff`: what a deployment would change, for people; nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import EndpointConnectionError, NoCredentialsError, ProfileNotFound

from commands.asking import built_parameters, complete
from commands.changes import SECRET
from commands.configuration import NoRegionError
from commands.deployment import Deployment
from commands.offline import since
from commands.progress import Progress
from commands.stack import NESTED, Stack
from templates_py.review.data import HOLDS_DATA
from templates_py.review.tree import flatten, load
from templates_py.review.updates import effects

if TYPE_CHECKING:
    from commands.changes import Change
    from commands.configuration import Configuration

BUILD = Path("build")  # where `make synth` writes the templates
WITHOUT_AWS = (NoRegionError, NoCredentialsError, ProfileNotFound, EndpointConnectionError)
WORDS = {"Add": "added", "Remove": "deleted", "Import": "imported"}


def diff(configuration: Configuration, offline: bool = False) -> None:
    """Print what `make deploy` would do to each resource, and what it would refuse.

    Without AWS, or `offline`: what is other than at the last deployment from this folder.
    """
    try:
        if not offline:
            return _with_aws(configuration, Stack(configuration.session(), configuration.stack_name))
    except WITHOUT_AWS as error:
        print(f"Without AWS: {error}")
    deployed, changes, parameters = since(configuration, configuration.parameters)
    print(f"Against what was last deployed from this folder ({deployed}); only AWS knows what others have done since")
    tree = flatten(load(BUILD), configuration.source.relative_to(BUILD).with_suffix("").as_posix())
    for name, value in parameters.items():
        print(f"Parameter {name} = {value!r}: {'; '.join(effects(tree, name)) or 'reaches nothing'}")
    if changes or not parameters:
        show(changes, parameters)


def _with_aws(configuration: Configuration, stack: Stack) -> None:
    complete(configuration, stack, built_parameters(configuration.template))
    deployment = Deployment(configuration, stack, Progress())

    def look(changes: list[Change], parameters: dict[str, str]) -> None:
        show(changes, parameters)
        for line in deployment.refusals(changes, parameters):
            print(f"`make deploy` refuses: {line}")

    deployment.compare(look)


def show(changes: list[Change], parameters: dict[str, str]) -> None:
    """Print the changes by nested stack: what holds data first, then the worst."""
    rows = [change for change in changes if change.kind != NESTED]
    if not rows:
        print("Nothing changes")
    data = [change for change in rows if change.kind in HOLDS_DATA and change.action != "Add"]
    _section("Data", data, parameters, whole=True)
    for stack in dict.fromkeys(change.path.rpartition("/")[0] for change in rows):
        here = [change for change in rows if change.path.rpartition("/")[0] == stack and change not in data]
        _section(stack or "The root", here, parameters)


def _section(title: str, changes: list[Change], parameters: dict[str, str], whole: bool = False) -> None:
    if changes:
        print(title)
    for change in sorted(changes, key=_worst_first):
        name = change.path if whole else change.path.rpartition("/")[2]
        because = change.because(parameters) if change.action == "Modify" else ""
        print(f"  {_word(change):<15} {name} ({change.kind}){f': {because}' if because else ''}")


def _word(change: Change) -> str:
    if change.replaces:
        return "REPLACED" if change.replaces == "True" else "MAYBE REPLACED"
    if change.risk and change.action == "Modify":
        return "NEW VALUE" if change.kind == SECRET else "REPLACED"
    return WORDS.get(change.action) or ("interrupted" if change.interrupts else "changed")


def _worst_first(change: Change) -> tuple[int, str]:
    order = ("REPLACED", "NEW VALUE", "MAYBE REPLACED", "deleted", "interrupted", "changed", "added", "imported")
    return order.index(_word(change)), change.path
