"""What `sam build` made, with values for its parameters: which resources there will be, and their properties."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from commands.preflight.values import ABSENT, UNKNOWN, Values

NESTED = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class Resource:
    """A resource by its path of logical IDs; of its properties, UNKNOWN stands for what only a deploy makes known."""

    path: str
    type: str
    properties: dict[str, Any]

    def get(self, *path: str) -> Any:
        """Return a property at a path of keys; None where it is not there or not known."""
        found: Any = self.properties
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return None if found is UNKNOWN else found

    def lists(self, *path: str) -> list[str]:
        """Return a property that is a list, as far as it is known."""
        return [one for one in self.get(*path) or [] if isinstance(one, str)]


class Template:
    """A built template and those that it nests. `pseudo`: the value of each pseudo parameter that is known."""

    def __init__(self, path: Path, given: Mapping[str, Any], pseudo: Mapping[str, Any]) -> None:
        self.path, self._pseudo = path, pseudo
        text = path.read_text()
        self.size = len(text.encode())
        # SAM builds YAML; what `make synth` wrote is JSON, which YAML's parser takes as well, but slowly.
        self.body: dict[str, Any] = (
            json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=yaml.CSafeLoader)
        )
        declared = self.body.get("Parameters", {})
        self.parameters = {
            name: _parameter(given.get(name, about.get("Default", UNKNOWN)), about) for name, about in declared.items()
        }
        self._nested: dict[str, Template] = {}
        self._values = Values(self._ref, self._attribute, self._condition)

    def nested(self, title: str) -> Template:
        """Return the template of a nested stack; made when asked for, as its parameters come from others."""
        if title not in self._nested:
            properties = self.body["Resources"][title]["Properties"]
            given = self._values.of(properties.get("Parameters", {}))
            pseudo = {**self._pseudo, "AWS::StackName": UNKNOWN}
            self._nested[title] = Template(self.path.parent / properties["TemplateURL"], given, pseudo)
        return self._nested[title]

    def tree(self, path: str = "") -> Iterator[tuple[str, Template]]:
        """Yield this template and those below it: path of logical IDs, template."""
        yield path, self
        for title, made in self._made():
            if made["Type"] == NESTED:
                yield from self.nested(title).tree(f"{path}/{title}".lstrip("/"))

    def resources(self, path: str = "") -> Iterator[Resource]:
        """Yield the resources that there will be, nested ones after the stack that they are in."""
        for title, made in self._made():
            here = f"{path}{title}"
            yield Resource(here, made["Type"], self._values.of(made.get("Properties", {})))
            if made["Type"] == NESTED:
                yield from self.nested(title).resources(f"{here}/")

    def _made(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for title, made in self.body.get("Resources", {}).items():
            if "Condition" not in made or self._condition(made["Condition"]):  # UNKNOWN: it may be
                yield title, made

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return ABSENT
        return self._pseudo.get(name, UNKNOWN) if "::" in name else self.parameters.get(name, UNKNOWN)

    def _attribute(self, said: str) -> Any:
        title, _, attribute = said.partition(".")
        if not attribute.startswith("Outputs."):
            return UNKNOWN
        below = self.nested(title)
        made = below.body.get("Outputs", {}).get(attribute.removeprefix("Outputs."), {})
        return below._values.of(made.get("Value", UNKNOWN))

    def _condition(self, name: str) -> Any:
        return self._values.of(self.body["Conditions"][name])


def _parameter(value: Any, about: Mapping[str, Any]) -> Any:
    if value is UNKNOWN or isinstance(value, list):
        return value
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if about["Type"] == "CommaDelimitedList" or about["Type"].startswith("List<"):
        return [part.strip() for part in text.split(",")]
    return text
