"""MLflow's schema of users and permissions (basic auth), in a database of its own.

MLflow's migrations do not run on MySQL as they are: two foreign keys of the first one have one name, which MySQL wants
unique in a database (error 1826, P49). Made from the models instead, the schema would lack the tables that deleting a
user reads (error 1146). So the migrations run, and the second of the two keys gets a name of its own.
"""

from __future__ import annotations

from typing import Any

from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from mlflow.server.auth.db import utils
from sqlalchemy import Engine, event

from .schema import Schema

VERSION_TABLE = "alembic_version_auth"
TABLE, TWICE, ONCE = "registered_model_permissions", "CONSTRAINT fk_user_id ", "CONSTRAINT fk_model_user_id "


def schema() -> Schema:
    """Return it as this MLflow has it."""
    scripts = ScriptDirectory.from_config(utils._get_alembic_config(""))
    return Schema(scripts, VERSION_TABLE, "users", make=upgrade, upgrade=upgrade)


def upgrade(engine: Engine) -> None:
    """Run the migrations over the engine's own connection: MLflow's env.py would open another, without the lock."""
    config = utils._get_alembic_config("")
    scripts = ScriptDirectory.from_config(config)
    event.listen(engine, "before_cursor_execute", _named_once, retval=True)
    try:
        with (
            EnvironmentContext(config, scripts, fn=lambda rev, _: scripts._upgrade_revs("head", rev)) as environment,
            engine.connect() as connection,
        ):
            environment.configure(connection=connection, version_table=VERSION_TABLE)
            with environment.begin_transaction():
                environment.run_migrations()
    finally:
        event.remove(engine, "before_cursor_execute", _named_once)


def _named_once(_connection: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> tuple[str, Any]:
    return (sql.replace(TWICE, ONCE) if f"CREATE TABLE {TABLE} " in sql else sql), values
