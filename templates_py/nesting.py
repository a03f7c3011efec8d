"""What passes between a stack and one that it nests: outputs up, values down, and rules up."""

from __future__ import annotations

from typing import Any

from troposphere import AWSHelperFn, GetAtt, Join, Ref

from templates_py.inputs import Input, Value, camel

Outputs = dict[str, tuple[Any, ...]]  # name -> (value, description[, condition])
Rules = dict[str, dict[str, Any]]


class Nested:
    """A nested stack as its parent sees it: its outputs are its attributes."""

    def __init__(self, title: str, outlets: Outputs, whose: str) -> None:
        self._title, self._outlets, self._whose = title, outlets, whose

    def __getattr__(self, name: str) -> GetAtt:
        if name not in self._outlets:
            raise AttributeError(f"{self._whose} has no output {name}")
        return GetAtt(self._title, f"Outputs.{camel(name)}")

    def those(self, *names: str) -> dict[str, Any]:
        """Those of the outputs that this shape has, as inputs of the same name for another stack."""
        return {name: getattr(self, name) for name in names if name in self._outlets}

    def outputs(self, prefix: dict[str, str] | None = None) -> Outputs:
        """All of the outputs, for a parent to hand on; `prefix` goes before the names that it has."""
        handed_on = self._outlets.items()
        return {(prefix or {}).get(n, "") + n: (getattr(self, n), meaning) for n, (_, meaning, *_) in handed_on}


def passed(value: Any) -> Any:
    """Turn a value into a child's parameter: a list becomes one string (P45)."""
    if isinstance(value, list) or (isinstance(value, Value) and value.row.is_list):
        return Join(",", value)
    return value


def lifted(rules: Rules, values: dict[str, Any], prefix: str) -> Rules:
    """A child's rules in the words of its parent, so that a mistake shows at once and not in a nested stack.

    `values` is what the parent gives the child; a rule about what the parent itself was not asked for stays below.
    `prefix` goes before the name of one that is in other words above: another child may have its like.
    """
    names = {camel(name): value.row.logical_id for name, value in values.items() if isinstance(value, Value)}
    above = {}
    for name, rule in rules.items():
        try:
            said = _renamed(rule, names)
        except KeyError:
            continue
        above[name if said == _renamed(rule) else prefix + name] = said
    return above


def _renamed(node: Any, names: dict[str, str] | None = None) -> Any:
    """A part of a rule as plain data, its references by other names; a KeyError for one that has none."""
    if isinstance(node, Ref):
        return {"Ref": names[node.data["Ref"]]} if names is not None else node.data
    if isinstance(node, AWSHelperFn):
        return _renamed(node.data, names)
    if isinstance(node, dict):
        return {key: _renamed(value, names) for key, value in node.items()}
    return [_renamed(value, names) for value in node] if isinstance(node, list) else node


def interface(rows: list[Input], headings: dict[str, str]) -> dict[str, Any]:
    """The parameters under the headings of the nested stacks that ask for them, as the console shows them."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(headings.get(row.name, "general"), []).append(row.logical_id)
    headed = [{"Label": {"default": label}, "Parameters": names} for label, names in groups.items()]
    return {"AWS::CloudFormation::Interface": {"ParameterGroups": headed}}
