"""MLflow's schema of experiments, runs, traces and models, made and upgraded by MLflow's own functions."""

from __future__ import annotations

from alembic.script import ScriptDirectory
from mlflow.store.db import utils

from .schema import Schema


def schema() -> Schema:
    """Return it as this MLflow has it."""
    scripts = ScriptDirectory.from_config(utils._get_alembic_config(""))
    return Schema(scripts, "alembic_version", "experiments", make=utils._initialize_tables, upgrade=utils._upgrade_db)
