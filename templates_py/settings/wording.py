"""What is wrong with the settings, in words: the key, the value, what was expected, the nearest key that there is."""

from __future__ import annotations

import difflib
import re
from typing import Any

import msgspec

from templates_py.settings import Settings

# msgspec ends an error with where it is; `[...]` is one value of a table of any keys, and it does not say which.
PLACE = re.compile(r" - at `\$\.?([\w.\[\]]*)`$")
STEP = re.compile(r"\w+|\.\.\.")
TYPES = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a table",
}
WIDEST = 80  # characters of a value


def line(key: str, value: Any, expected: str) -> str:
    """Say that `key` has `value` where something else was expected."""
    return f"{key} = {_shown(value)}: expected {expected}"


def explain(error: str, data: dict[str, Any]) -> str:
    """Turn msgspec's `Expected `int`, got `str` - at `$.batch.min_vcpus`` into a line of ours."""
    place = PLACE.search(error)
    key, value, schema = _find(STEP.findall(place[1]) if place else [], data)
    known = schema.get("properties", {})
    if error.startswith("Object contains unknown field"):
        unknown = next(name for name in value if name not in known)
        return f"{_under(key, unknown)} = {_shown(value[unknown])}: unknown key, {_nearest(unknown, list(known))}"
    if error.startswith("Object missing required field"):
        missing = next(name for name in schema["required"] if name not in value)
        return f"{_under(key, missing)}: missing, expected {_expected(known[missing], _under(key, missing))}"
    return line(key, value, _expected(schema, key))


def _find(steps: list[str], value: Any) -> tuple[str, Any, dict[str, Any]]:
    """Return what we call the place of the file to which `steps` lead, its value, and the schema of what belongs."""
    (reference,), components = msgspec.json.schema_components([Settings])
    key, schema = "", _resolve(reference, components)
    for step in steps:
        if step == "...":
            step = next(name for name, one in value.items() if not isinstance(one, str))
            key, value, schema = f"{key}[{step!r}]", value[step], schema["additionalProperties"]
        elif step.isdecimal():
            value, schema = value[int(step)], schema.get("items") or schema["anyOf"][1]["items"]
            name = value.get("name", "") if isinstance(value, dict) else ""
            key = f"{key}[{_shown(name) if isinstance(name, str) and name else step}]"
        else:
            key, value, schema = _under(key, step), value[step], schema["properties"][step]
        schema = _resolve(schema, components)
    return key, value, schema


def _resolve(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    return components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _under(table: str, key: str) -> str:
    name = key if re.fullmatch(r"[\w-]+", key, re.ASCII) else _shown(key)
    return f"{table}.{name}" if table else name


def _shown(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= WIDEST else text[: WIDEST - 3] + "..."


def _nearest(unknown: str, known: list[str]) -> str:
    near = difflib.get_close_matches(unknown, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"expected one of {', '.join(known)}"


def _expected(schema: dict[str, Any], key: str) -> str:
    if "anyOf" in schema:
        return " or ".join(_expected(one, key) for one in schema["anyOf"] if one.get("type") != "null")
    if "enum" in schema:
        return "one of " + ", ".join(str(value) for value in schema["enum"])
    if "pattern" in schema:
        return str(schema["description"])
    if "items" in schema:
        many = f"{schema['minItems']} to {schema['maxItems']} " if "maxItems" in schema else ""
        header = re.sub(r"\[.*?\]", "", key)
        return f"tables, each under [[{header}]]" if "$ref" in schema["items"] else f"a list of {many}strings"
    words = TYPES[schema["type"]]
    if "maximum" in schema:
        words += f" from {schema['minimum']} to {schema['maximum']}"
    elif "minimum" in schema:
        words += f" of at least {schema['minimum']}"
    return f"{words} ({schema['description']})" if "minimum" in schema and "description" in schema else words


def schema() -> str:
    """Return the JSON Schema of the settings, by which editors complete the file."""
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Settings))).decode()
