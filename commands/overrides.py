"""SAM's `parameter_overrides` in every form that it takes: one string, a list, a mapping, and each within another."""

from __future__ import annotations

import re
from typing import Any

import click
from samcli.cli.types import CfnParameterOverridesType

from commands import CommandError

FORM = CfnParameterOverridesType()
LONG, SHORT = FORM.ordered_pattern_match  # ParameterKey=KEY,ParameterValue=VALUE and KEY=VALUE; never both in a string


def parsed(value: Any) -> dict[str, str]:
    """Return what SAM reads in it. Raises CommandError where SAM would refuse it."""
    try:
        return dict(FORM.convert(value, None, None))
    except (click.ClickException, OSError) as error:
        reason = str(getattr(error, "message", error)).partition(". ")[0]  # SAM goes on with examples
        raise CommandError(f"parameter_overrides = {value!r}: {reason}: expected KEY=VALUE pairs") from None


def with_value(value: Any, key: str, to: str) -> Any:
    """Return it with one parameter changed or added, and all else as it was written.

    A list or a mapping is changed in place. Raises CommandError where SAM would then read anything else.
    """
    wanted = {**parsed(value), key: to}
    changed = _replaced(value, key, to)
    if changed is None:
        changed = _added(value, key, to)
    if parsed(changed) != wanted:
        raise CommandError(f"parameter_overrides = {value!r}: {key} = {to!r} cannot be written there: set it by hand")
    return changed


def _replaced(value: Any, key: str, to: str) -> Any:
    """Return it with the last mention of the parameter changed; None where there is none."""
    if isinstance(value, str):
        return _replaced_in_text(value, key, to)
    if isinstance(value, dict):
        if key not in value:
            return None
        value[key] = to
        return value
    for index in reversed(range(len(value or []))):
        if (changed := _replaced(value[index], key, to)) is not None:
            value[index] = changed
            return value
    return None


def _replaced_in_text(text: str, key: str, to: str) -> str | None:
    padded = f" {text}"  # as SAM does: its short form begins with a space
    found = list(re.finditer(LONG, padded)) or list(re.finditer(SHORT, padded))
    for match in reversed(found):
        if match[1].strip("\"'") == key:
            return f'{padded[: match.start(2)]}"{to}"{padded[match.end(2) :]}'[1:]
    return None


def _added(value: Any, key: str, to: str) -> Any:
    if isinstance(value, dict):
        value[key] = to
    elif isinstance(value, list):
        value.append(f'{key}="{to}"')
    elif not value:
        return f'{key}="{to}"'
    elif value.startswith("file://"):
        return [value, f'{key}="{to}"']
    elif re.search(LONG, f" {value}"):
        return f'{value} ParameterKey={key},ParameterValue="{to}"'
    else:
        return f'{value} {key}="{to}"'
    return value
