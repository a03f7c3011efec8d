"""An error of msgspec's in our words: the key, the value, what was expected, and the nearest key that there is."""

from __future__ import annotations

import difflib
import re
from typing import Any

import msgspec

from templates_py.settings import Settings


def explain(error: str, data: dict[str, Any]) -> str:
    """Turn `Expected `int`, got `str` - at `$.batch.min_vcpus`` into a line about `batch.min_vcpus` and its value."""
    said, _, at = error.partition(" - at `$")
    path = at.rstrip("`").lstrip(".")
    value, schema = _find(path, data)
    if unknown := re.match(r"Object contains unknown field `(.+)`", said):
        key = f"{path}.{unknown[1]}".lstrip(".")
        known = list(schema.get("properties", {}))
        near = difflib.get_close_matches(unknown[1], known, n=1)
        expected = f"perhaps {near[0]}" if near else f"one of {', '.join(known)}"
        return f"{key} = {value.get(unknown[1])!r}: unknown key, expected {expected}"
    if missing := re.match(r"Object missing required field `(.+)`", said):
        return f"{path}.{missing[1]}: missing, expected {_expected(schema['properties'][missing[1]], 'a value')}"
    return f"{path} = {value!r}: expected {_expected(schema, said.removeprefix('Expected ').replace('`', ''))}"


def _find(path: str, data: Any) -> tuple[Any, dict[str, Any]]:
    """Return the value at `path` of the file, and the JSON Schema of what belongs there."""
    (reference,), components = msgspec.json.schema_components([Settings])
    schema = _resolve(reference, components)
    for step in re.findall(r"[^.\[\]]+|\[\d+\]|\[\.\.\.\]", path):
        if step == "[...]":  # one value of a table of any keys: msgspec does not say which
            schema = schema.get("additionalProperties", {})
            continue
        index = int(step[1:-1]) if step[0] == "[" else step
        schema = schema.get("items", {}) if isinstance(index, int) else schema.get("properties", {}).get(index, {})
        data, schema = data[index], _resolve(schema, components)
    return data, schema


def _resolve(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    return components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _expected(schema: dict[str, Any], otherwise: str) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(str(value) for value in schema["enum"])
    return str(schema.get("description", otherwise)) if "pattern" in schema else otherwise


def schema() -> str:
    """Return the JSON Schema of the settings, by which editors complete the file."""
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Settings))).decode()
