"""What the template asks for and samconfig.toml does not give: asked of a person, or named in one line."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from commands import CommandError

if TYPE_CHECKING:
    from commands.configuration import Configuration
    from commands.stack import Stack

Asked = dict[str, dict[str, str]]


def built_parameters(built: Path) -> Asked:
    """Return the parameters of the template that `sam build` made: name -> declaration."""
    try:
        template = yaml.load(built.read_text(), Loader=yaml.CSafeLoader)
    except OSError as error:
        raise CommandError(f"{built}: {error.strerror}: run `make build` first") from None
    return dict(template.get("Parameters", {}))


def complete(configuration: Configuration, stack: Stack, asked: Asked) -> None:
    """See that every parameter without a default has a value: from samconfig.toml, or from the stack as it is.

    What is missing is asked for where a person is there, and saved. Raises CommandError that names it otherwise.
    """
    known = configuration.parameters.keys() | stack.parameters.keys()
    missing = [name for name, about in asked.items() if "Default" not in about and name not in known]
    if not missing:
        return
    if not sys.stdin.isatty():
        raise CommandError(
            f"{configuration.path}: [{configuration.environment}.deploy.parameters] parameter_overrides: "
            f"expected values for {', '.join(missing)}"
        )
    print(f"{configuration.path} lacks {len(missing)} values, which it keeps from now on:")
    configuration.write(**{name: _answer(name, asked[name].get("Description", "")) for name in missing})


def check(configuration: Configuration, asked: Asked) -> None:
    """Raise CommandError for a value of a parameter that the template lacks; SAM leaves it out without a word."""
    for name in configuration.parameters.keys() - asked.keys():
        raise CommandError(
            f"{configuration.path}: [{configuration.environment}.deploy.parameters] parameter_overrides: "
            f"{unknown(name, asked)}"
        )


def unknown(name: str, asked: Iterable[str]) -> str:
    """Say that a template has no parameter of this name, and which one may be meant."""
    near = get_close_matches(name, asked, n=1)
    return f"{name}: unknown parameter{f', did you mean {near[0]}?' if near else ''}"


def _answer(name: str, description: str) -> str:
    answer = ""
    while not answer:
        answer = input(f"  {name} ({description}): ").strip()
    return answer
