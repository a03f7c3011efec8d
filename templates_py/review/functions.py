"""CloudFormation's functions as far as their arguments are known; what is not known stays as it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

NO_VALUE = {"Ref": "AWS::NoValue"}


def without_nothing(items: Iterable[Any]) -> list[Any]:
    """The list without what AWS::NoValue takes out of it."""
    return [item for item in items if item != NO_VALUE]


def text(value: Any) -> str:
    """A value as CloudFormation compares and joins it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _known(value: Any) -> bool:
    return not isinstance(value, dict) and not (isinstance(value, list) and not all(map(_known, value)))


def _equals(given: Any) -> Any:
    one, other = given
    if _known(one) and _known(other):
        return text(one) == text(other)
    if "" in given and any(map(_has_text, given)):
        return False
    return True if one == other else {"Fn::Equals": given}


def _has_text(value: Any) -> bool:
    """Whether a value is joined of something that is never empty, though not all of it is known."""
    parts = value.get("Fn::Join", ["", []])[1] if isinstance(value, dict) else []
    return isinstance(parts, list) and any(isinstance(item, str) and item for item in parts)


def _not(given: Any) -> Any:
    return not given[0] if isinstance(given[0], bool) else {"Fn::Not": given}


def _and(given: Any) -> Any:
    open_ones = [item for item in given if item is not True]
    if False in open_ones or not open_ones:
        return not open_ones
    return open_ones[0] if len(open_ones) == 1 else {"Fn::And": open_ones}


def _or(given: Any) -> Any:
    open_ones = [item for item in given if item is not False]
    if True in open_ones or not open_ones:
        return bool(open_ones)
    return open_ones[0] if len(open_ones) == 1 else {"Fn::Or": open_ones}


def _if(given: Any) -> Any:
    condition, yes, no = given
    return (yes if condition else no) if isinstance(condition, bool) else {"Fn::If": given}


def _join(given: Any) -> Any:
    separator, items = given
    if isinstance(items, list) and all(_known(item) and not isinstance(item, list) for item in items):
        return separator.join(map(text, items))
    return items[0] if isinstance(items, list) and len(items) == 1 else {"Fn::Join": given}


def _split(given: Any) -> Any:
    separator, whole = given
    if isinstance(whole, dict) and whole.get("Fn::Join", [None])[0] == separator:
        return whole["Fn::Join"][1]
    if isinstance(whole, list):
        return whole
    return text(whole).split(separator) if _known(whole) else {"Fn::Split": given}


def _select(given: Any) -> Any:
    place, items = given
    return items[int(place)] if isinstance(items, list) and _known(place) else {"Fn::Select": given}


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "Fn::Equals": _equals,
    "Fn::Not": _not,
    "Fn::And": _and,
    "Fn::Or": _or,
    "Fn::If": _if,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
}
