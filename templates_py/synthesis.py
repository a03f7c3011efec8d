"""From settings to the stacks of a system, and on to build/."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from templates_py.artifacts.template import Artifacts
from templates_py.batch.template import Batch
from templates_py.emission import emit, write
from templates_py.endpoints.template import Endpoints
from templates_py.mlflow.template import Mlflow
from templates_py.template import Hydra

if TYPE_CHECKING:
    from templates_py.settings import Settings
    from templates_py.stack import Stack

SYSTEMS: dict[str, Callable[[Settings], Stack]] = {
    "batch": lambda settings: Batch(settings.batch),
    "mlflow": lambda settings: Mlflow(settings.mlflow),
    "artifacts": lambda settings: Artifacts(),
    "endpoints": lambda settings: Endpoints(),
}


def stacks(settings: Settings, system: str | None = None) -> list[Stack]:
    """Return the roots: the one of `system`, or that of both systems (which nests the two) and what stands alone."""
    return [SYSTEMS[system](settings)] if system else [Hydra(settings), Artifacts(), Endpoints()]


def synthesize(settings: Settings, build: Path, system: str | None = None, format: str = "json") -> list[str]:
    """Write the templates under `build`, and return their paths there. Raises LimitError, and then writes nothing."""
    files = emit(stacks(settings, system), settings.tags, format)
    write(files, build, [system] if system else [])
    return list(files)
