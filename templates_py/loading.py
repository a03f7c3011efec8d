"""From a settings file to `Settings`, or to one line that names the key, the value and what was expected."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from templates_py.checks import complaints
from templates_py.settings import Settings

OF_ENVIRONMENTS = ("resource_type", "type", "min_vcpus", "max_vcpus")
OF_QUEUES = ("priority", "state")


class SettingsError(Exception):
    """What is wrong with the settings, in one line."""


def load(path: Path) -> Settings:
    """Read the settings file; what an environment or a queue does not say is as `[batch]` says.

    Raises SettingsError for a file that is missing or no TOML, for a key or a value that the settings do not know, and
    for what does not fit together.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}: expected a settings file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}: expected TOML") from None
    try:
        msgspec.convert(data, Settings)  # each value by itself, before the defaults are spread
        settings = msgspec.convert(_spread(data), Settings)
    except msgspec.ValidationError as error:
        from templates_py.wording import explain  # an error's wording is slow to import, and rarely needed

        raise SettingsError(f"{path}: {explain(str(error), data)}") from None
    for key, value, expected in complaints(settings, data):
        raise SettingsError(f"{path}: {key} = {value!r}: expected {expected}")
    return settings


def _spread(data: dict[str, Any]) -> dict[str, Any]:
    """Give each environment and queue what `[batch]` says once for all of them."""
    batch = data.get("batch", {})
    spread = {
        **batch,
        "compute_environments": [_with(batch, OF_ENVIRONMENTS, env) for env in batch.get("compute_environments", [])],
        "job_queues": [_with(batch, OF_QUEUES, queue) for queue in batch.get("job_queues", [])],
    }
    return {**data, "batch": spread}


def _with(batch: dict[str, Any], keys: tuple[str, ...], table: dict[str, Any]) -> dict[str, Any]:
    return {**{key: batch[key] for key in keys if key in batch}, **table}
