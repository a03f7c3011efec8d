"""From a settings file to `Settings`, or to one line that names the key, the value and what was expected."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from templates_py.settings import Settings
from templates_py.settings.checks import complaints

OF_ENVIRONMENTS = ("resource_type", "type", "min_vcpus", "max_vcpus")
OF_QUEUES = ("priority", "state")


class SettingsError(Exception):
    """What is wrong with the settings, in one line."""


def load(path: Path) -> Settings:
    """Read the settings file; what an environment or a queue does not say is as `[batch]` says.

    Raises SettingsError for a file that is missing or no TOML, for a key or a value that the settings do not know, and
    for what does not fit together.
    """
    data = _read(path)
    try:
        msgspec.convert(data, Settings)  # each value by itself, before the defaults are spread
        settings = msgspec.convert(_spread(data), Settings)
    except msgspec.ValidationError as error:
        from templates_py.settings.wording import explain  # an error's wording is slow to import, and rarely needed

        raise SettingsError(f"{path}: {explain(str(error), data)}") from None
    for complaint in complaints(settings, data):
        from templates_py.settings.wording import line

        raise SettingsError(f"{path}: {line(*complaint)}")
    return settings


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a byte order mark first
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}: expected a settings file") from None
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, or a number or a nesting too large to read
        raise SettingsError(f"{path}: {error}: expected TOML in UTF-8") from None


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
