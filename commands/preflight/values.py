"""CloudFormation's functions, as far as they can be known before a deploy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

PLACE = re.compile(r"\$\{(!?[^}]+)\}")


class _Mark:
    """A value that is none."""

    def __init__(self, said: str) -> None:
        self._said = said

    def __repr__(self) -> str:
        return self._said


UNKNOWN = _Mark("(known after the deploy)")  # such as what a resource that is not there yet is called
ABSENT = _Mark("AWS::NoValue")

# What resolves `Ref` and `Fn::GetAtt`, and tells a condition by its name.
Look = Callable[[str], Any]


class Values:
    """Resolves what a template says: to a plain value, or to UNKNOWN where a part of it is."""

    def __init__(self, ref: Look, attribute: Look, condition: Look) -> None:
        self._ref, self._attribute, self._condition = ref, attribute, condition
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self._condition,
            "Fn::GetAtt": lambda said: self._attribute(said if isinstance(said, str) else ".".join(said)),
            "Fn::If": self._if,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Split": self._split,
            "Fn::Select": self._select,
            "Fn::Equals": self._equals,
            "Fn::Not": self._not,
            "Fn::And": lambda said: self._all(said, True),
            "Fn::Or": lambda said: self._all(said, False),
        }

    def of(self, node: Any) -> Any:
        """Return the value; lists and mappings keep what is known of them, and leave out what is absent."""
        if isinstance(node, list):
            return [value for one in node if (value := self.of(one)) is not ABSENT]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, said),) = node.items()
            if name in self._functions:
                return self._functions[name](said)
            if name.startswith("Fn::"):
                return UNKNOWN
        return {key: value for key, one in node.items() if (value := self.of(one)) is not ABSENT}

    def _if(self, said: list[Any]) -> Any:
        name, yes, no = said
        met = self._condition(name)
        return UNKNOWN if met is UNKNOWN else self.of(yes if met else no)

    def _sub(self, said: Any) -> Any:
        text, given = (said, {}) if isinstance(said, str) else said
        values = {
            name: self.of(given[name]) if name in given else self._attribute(name) if "." in name else self._ref(name)
            for name in PLACE.findall(text)
            if not name.startswith("!")
        }
        if UNKNOWN in values.values():
            return UNKNOWN
        return PLACE.sub(lambda place: str(values.get(place[1], f"${{{place[1][1:]}}}")), text)

    def _join(self, said: list[Any]) -> Any:
        between, parts = said[0], self.of(said[1])
        if parts is UNKNOWN or UNKNOWN in parts:
            return UNKNOWN
        return between.join(str(part) for part in parts)

    def _split(self, said: list[Any]) -> Any:
        text = self.of(said[1])
        return UNKNOWN if text is UNKNOWN else text.split(said[0])

    def _select(self, said: list[Any]) -> Any:
        place, values = self.of(said[0]), self.of(said[1])
        known = UNKNOWN not in (place, values) and int(place) < len(values)
        return values[int(place)] if known else UNKNOWN

    def _equals(self, said: list[Any]) -> Any:
        one, other = self.of(said)
        return UNKNOWN if UNKNOWN in (one, other) else _text(one) == _text(other)

    def _not(self, said: list[Any]) -> Any:
        (met,) = self.of(said)
        return UNKNOWN if met is UNKNOWN else not met

    def _all(self, said: list[Any], wanted: bool) -> Any:
        """Tell whether all are met, or with `wanted` False whether any is."""
        met = self.of(said)
        if (not wanted) in met:
            return not wanted
        return UNKNOWN if UNKNOWN in met else wanted


def _text(value: Any) -> Any:
    """A value as CloudFormation compares it."""
    if isinstance(value, list):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
