"""A template in its tree: what its parameters are, and its values with those put in."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from templates_py.review.functions import FUNCTIONS, NO_VALUE, without_nothing

Body = dict[str, Any]
Templates = Mapping[str, Body]  # path under build/ without its ending -> template
STACK = "AWS::CloudFormation::Stack"
SAID = ("Type", "Properties", "Condition", "DependsOn")  # what a Resource says in another form


@dataclass(frozen=True)
class Resource:
    """A resource; a nested stack is one too, and what it holds stands beside it."""

    path: str
    type: str
    properties: Body
    condition: Any  # True, or the expression that decides whether it is made
    attributes: Body  # what stands beside its properties: DeletionPolicy, UpdateReplacePolicy, Metadata
    needs: frozenset[str]  # the resources of its own template that CloudFormation makes before it

    @property
    def stack(self) -> str:
        """The path of the nested stack that it is in; empty: the root."""
        return self.path.rpartition("/")[0]


def references(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield what a value is made of: parameter or resource, attribute (empty: Ref), and the property that it is in."""
    if isinstance(node, list):
        for item in node:
            yield from references(item, path)
    elif isinstance(node, dict):
        if isinstance(node.get("Ref"), str):
            yield node["Ref"], "", path
        elif "Fn::GetAtt" in node:
            yield node["Fn::GetAtt"][0], node["Fn::GetAtt"][1], path
        for key, value in node.items():
            yield from references(value, path if key.startswith("Fn::") else (*path, key))


class Scope:
    """A template of the tree, and what its parameters are."""

    def __init__(
        self, templates: Templates, name: str, prefix: str, values: Mapping[str, object], condition: Any
    ) -> None:
        self.templates, self.name, self.prefix, self.condition = templates, name, prefix, condition
        self.body = templates[name]
        self.values = {key: self._value(key, given, values) for key, given in self.body.get("Parameters", {}).items()}
        self.children: dict[str, Scope] = {}
        self.conditions: Body = {}

    def _value(self, key: str, declared: Body, values: Mapping[str, Any]) -> Any:
        if key not in values:
            return declared["Default"] if self.prefix and "Default" in declared else {"Ref": key}
        if declared["Type"] != "CommaDelimitedList" and not declared["Type"].startswith("List<"):
            return values[key]
        if isinstance(values[key], dict) and "Ref" in values[key]:  # a list of the root's; a resource is one item
            return [values[key]] if "/" in values[key]["Ref"] else values[key]
        return FUNCTIONS["Fn::Split"]([",", values[key]])

    def resources(self) -> Iterator[Resource]:
        for title, made in self.body["Resources"].items():
            condition = self._condition_of(made)
            if condition is False:
                continue
            known = {key: value for key, value in made.items() if key not in SAID}
            needs = frozenset(self.prefix + name for name in self._names(made) & self.body["Resources"].keys())
            properties = self.resolve(made.get("Properties", {}))
            yield Resource(self.prefix + title, made["Type"], properties, condition, self.resolve(known), needs)
            if made["Type"] == STACK:
                yield from self.child(title).resources()

    def _condition_of(self, made: Body) -> Any:
        own = self._condition(made["Condition"]) if "Condition" in made else True
        return FUNCTIONS["Fn::And"]([self.condition, own])

    def _condition(self, name: str) -> Any:
        if name not in self.conditions:
            self.conditions[name] = self.resolve(self.body["Conditions"][name])
        return self.conditions[name]

    def _names(self, made: Body) -> set[str]:
        """The logical IDs that a resource names, by whatever function."""
        depends = made.get("DependsOn", [])
        subs = re.findall(r"\$\{([^!.}]+)", json.dumps(made.get("Properties", {})))
        return {name for name, _, _ in references(made)}.union(subs, [depends] if isinstance(depends, str) else depends)

    def child(self, title: str) -> Scope:
        if title not in self.children:
            made = self.body["Resources"][title]
            url = posixpath.splitext(made["Properties"]["TemplateURL"])[0]
            name = posixpath.normpath(posixpath.join(posixpath.dirname(self.name), url))
            values = {key: self.resolve(value) for key, value in made["Properties"].get("Parameters", {}).items()}
            prefix = f"{self.prefix}{title}/"
            self.children[title] = Scope(self.templates, name, prefix, values, self._condition_of(made))
        return self.children[title]

    def resolve(self, node: Any) -> Any:
        if isinstance(node, list):
            return without_nothing(self.resolve(item) for item in node)
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((function, given),) = node.items()
            if function == "Ref":
                return self._ref(given)
            if function == "Condition" and isinstance(given, str):
                return self._condition(given)
            if function == "Fn::GetAtt":
                return self._attribute(given)
            if function == "Fn::If":
                decided = self._condition(given[0])
                branches = [self.resolve(branch) for branch in given[1:]]
                return FUNCTIONS[function]([decided, *branches])
            if function == "Fn::Sub":
                return self._sub(given)
            if function in FUNCTIONS:
                return FUNCTIONS[function](self.resolve(given))
        return {key: made for key, value in node.items() if (made := self.resolve(value)) != NO_VALUE}

    def _ref(self, name: str) -> Any:
        if name in self.values:
            return self.values[name]
        return {"Ref": name if name.startswith("AWS::") else self.prefix + name}

    def _attribute(self, given: list[str] | str) -> Any:
        title, _, attribute = (given if isinstance(given, str) else ".".join(given)).partition(".")
        output = attribute.removeprefix("Outputs.")
        if output == attribute:
            return {"Fn::GetAtt": [self.prefix + title, attribute]}
        below = self.child(title)
        return below.resolve(below.body["Outputs"][output]["Value"])

    def _sub(self, given: Any) -> Any:
        """As a Fn::Join of its parts."""
        text, names = (given, {}) if isinstance(given, str) else given
        parts = []
        for number, part in enumerate(re.split(r"\$\{([^!}]+)\}", text)):
            named = self._attribute(part) if "." in part else self._ref(part)
            parts.append(part if number % 2 == 0 else self.resolve(names[part]) if part in names else named)
        return FUNCTIONS["Fn::Join"](["", parts])
