"""A tree as one template: the nested stacks inlined, conditions named, parameters still open."""

from __future__ import annotations

import json
import zlib
from typing import Any

from templates_py.review.scope import STACK, Body
from templates_py.review.tree import Tree


def one_template(tree: Tree) -> Body:
    """Return the template of an open tree: one that was flattened without values.

    A logical ID is the path without its slashes: `MlflowDatabaseInstance`.
    """
    return _Flat(tree).body()


class _Flat:
    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.conditions: Body = {}

    def body(self) -> Body:
        resources = {_logical_id(path): self._resource(path) for path in self.tree.resources if self._is_made(path)}
        outputs = {name: {"Value": self._written(value)} for name, value in self.tree.outputs.items()}
        named: Body = {}
        while len(named) < len(self.conditions):  # one may bring another along
            named |= {name: self._written(self.conditions[name]) for name in self.conditions.keys() - named.keys()}
        parameters = self.tree.parameters
        return {"Parameters": parameters, "Conditions": named, "Resources": resources, "Outputs": outputs}

    def _is_made(self, path: str) -> bool:
        return self.tree.resources[path].type != STACK

    def _resource(self, path: str) -> Body:
        one = self.tree.resources[path]
        condition = {} if one.condition is True else {"Condition": self._named(one.condition)}
        needs = sorted(_logical_id(need) for need in one.needs - self.tree.uses[path] if self._is_made(need))
        depends = {"DependsOn": needs} if needs else {}
        return {"Type": one.type, **condition, **depends, **one.attributes, "Properties": self._written(one.properties)}

    def _named(self, expression: Any) -> str:
        """The name of a condition: the same one in each shape."""
        name = f"Condition{zlib.crc32(json.dumps(expression).encode())}"
        self.conditions[name] = expression
        return name

    def _written(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._written(item) for item in node]
        if not isinstance(node, dict):
            return node
        if node.get("Ref") in self.tree.resources:
            return {"Ref": _logical_id(node["Ref"])}
        if "Fn::GetAtt" in node:
            return {"Fn::GetAtt": [_logical_id(node["Fn::GetAtt"][0]), node["Fn::GetAtt"][1]]}
        if "Fn::If" in node:
            return {"Fn::If": [self._named(node["Fn::If"][0]), *self._written(node["Fn::If"][1:])]}
        return {key: self._written(value) for key, value in node.items()}


def _logical_id(path: str) -> str:
    return path.replace("/", "")
