"""`make deploy`: a change set of the whole tree, executed where it takes no data that was not named."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from commands import CommandError
from commands.asking import built_parameters, complete
from commands.deployment import Deployment, nothing
from commands.diff import show
from commands.progress import Progress
from commands.rolling import serving
from commands.stack import Stack

if TYPE_CHECKING:
    from commands.changes import Change
    from commands.configuration import Configuration


def deploy(configuration: Configuration, allow: Sequence[str] = ()) -> None:
    """Bring the stack up to what `sam build` made. The image of MLflow's service stays: other commands change that.

    `allow` names what may be lost that holds data: a path of logical IDs, or its last one where only one is called so.
    """
    stack, asked = Stack(configuration.session(), configuration.stack_name), built_parameters(configuration.template)
    complete(configuration, stack, asked)
    deployment = Deployment(configuration, stack, Progress(), allow)
    deployment.settle()
    wanted, tag = configuration.tag, serving(stack)
    if tag and wanted not in ("", tag):
        raise CommandError(f"{stack.name} runs image {tag}, not {wanted}: `make update_container` changes that")
    asks = deployment.options.confirm and sys.stdin.isatty()
    deployment.run(look=confirm if asks else nothing)
    deployment.progress.say(f"{stack.name} stands")


def confirm(changes: list[Change], parameters: dict[str, str]) -> None:
    """Show the changes, and ask (confirm_changeset of samconfig.toml). Raises CommandError where the answer is no."""
    show(changes, parameters)
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # or Ctrl-C would wait for an answer
    try:
        answer = input("Deploy this? [y/N] ")
    finally:
        signal.signal(signal.SIGINT, heard)
    if answer.strip().lower() not in ("y", "yes"):
        raise CommandError("Nothing was deployed")
