"""Makes an empty database's schema, checks one that is there, and upgrades one with data only after a snapshot.

MLflow's own migration, killed at a statement, leaves a schema that never starts again at five moments of six (P48):
MySQL commits each change of a table by itself. So a record says how the database was when a migration began. It was
empty: what is half made is dropped and made again. It had data: nothing but its snapshot leads back.
"""

from __future__ import annotations

import logging
import sys

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from . import record, tracking
from .database import connected, is_lost, locked
from .environment import Database
from .errors import CutOffError, EntrypointError, NewerSchemaError, SettingError, UpgradeNeededError
from .schema import Schema, State, drop, tables_of


def migrate(database: Database, snapshot: str | None = None) -> None:
    """Bring the database to this MLflow's schema, or raise what stands in the way; one process at a time."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    logging.getLogger("alembic.runtime.migration").setLevel(logging.INFO)  # a line for each revision
    _until_done(database, database.name, tracking.schema(), snapshot)
    if database.has_auth:
        with connected(database, database.name) as engine, engine.begin() as connection:
            quoted = engine.dialect.identifier_preparer.quote_identifier(database.auth_name)
            connection.execute(text(f"CREATE DATABASE IF NOT EXISTS {quoted} CHARACTER SET utf8mb4"))
        from . import auth  # takes longer to import than all the rest

        _until_done(database, database.auth_name, auth.schema(), snapshot)


def check(database: Database) -> None:
    """Raise what keeps a server of this MLflow from running on the database as it is; wait for one that is starting."""
    schemas = {database.name: tracking.schema()}
    if database.has_auth:
        from . import auth

        schemas[database.auth_name] = auth.schema()
    for name, schema in schemas.items():
        with connected(database, name) as engine:
            state = schema.state(engine)
            if state in (State.EMPTY, State.HALF_MADE):
                raise EntrypointError(f"database {name}: {state.value}: run `migrate` first")
            _refuse(engine, name, schema, state)


def _until_done(database: Database, name: str, schema: Schema, snapshot: str | None) -> None:
    """Migrate one database; where the server goes away while an empty one is made, wait for it and make it again."""
    while True:
        try:
            with connected(database, name) as engine, locked(engine):
                return _migrate(engine, name, schema, snapshot)
        except Exception as error:
            if not is_lost(error):
                raise
        print(f"database {name}: the connection was lost", flush=True)


def _migrate(engine: Engine, name: str, schema: Schema, snapshot: str | None) -> None:
    state = schema.state(engine)
    if state is State.CURRENT:
        if (last := record.newest(engine)) and not last.is_finished:  # killed after all was done
            record.finish(engine)
        print(f"database {name}: current, at {schema.head}", flush=True)
        return
    if state in (State.EMPTY, State.HALF_MADE):
        _make(engine, name, schema, state)
    else:
        _refuse(engine, name, schema, state, snapshot)
        _upgrade(engine, name, schema, snapshot)
    record.finish(engine)
    print(f"database {name}: done, at {schema.head}", flush=True)


def _make(engine: Engine, name: str, schema: Schema, state: State) -> None:
    if state is State.HALF_MADE:
        print(f"database {name}: {state.value}; its tables are dropped and made again", flush=True)
        drop(engine)
    else:
        record.begin(engine, True, None, schema.head, None)
    print(f"database {name}: making its schema, {len(list(schema.scripts.walk_revisions()))} revisions", flush=True)
    try:
        schema.make(engine)
    except DBAPIError as error:
        if is_lost(error):
            raise
        raise EntrypointError(f"database {name}: its schema cannot be made: {_line(error)}") from error


def _upgrade(engine: Engine, name: str, schema: Schema, snapshot: str | None) -> None:
    record.begin(engine, False, schema.revision(engine), schema.head, snapshot)
    print(f"database {name}: upgrading from {schema.revision(engine)} to {schema.head}", flush=True)
    try:
        schema.upgrade(engine)
    except Exception as error:
        raise CutOffError(_way_back(name, snapshot, f" by {type(error).__name__}: {_line(error)}")) from error


def _refuse(engine: Engine, name: str, schema: Schema, state: State, snapshot: str | None = None) -> None:
    """Raise what a state stands in the way of; an older schema does where no snapshot is named."""
    revision = schema.revision(engine)
    if state is State.CUT_OFF:
        last = record.newest(engine)
        raise CutOffError(_way_back(name, last.snapshot if last else None))
    if state is State.FOREIGN:
        raise SettingError(f"DB_NAME: database {name} holds {state.value} ({_some(engine)}): expected an empty one")
    if state is State.NEWER:
        raise NewerSchemaError(
            f"database {name}: its schema {revision} is {state.value} ({schema.head}): run the image that made it, or "
            "restore the snapshot of before"
        )
    if state is State.OLDER and not snapshot:
        raise UpgradeNeededError(
            f"database {name}: its schema {revision} is {state.value} ({schema.head}), and it has data: run `make "
            "update_container`, which takes a snapshot and upgrades it"
        )


def _way_back(name: str, snapshot: str | None, why: str = "") -> str:
    way = f"restore snapshot {snapshot}" if snapshot else "restore a snapshot of before"
    return f"database {name}: an upgrade was cut off{why}; {way}: docs/mlflow.md says how"


def _some(engine: Engine) -> str:
    tables = sorted(tables_of(engine))
    return ", ".join(tables[:3]) + (", ..." if len(tables) > 3 else "")


def _line(error: Exception) -> str:
    return " ".join(str(getattr(error, "orig", None) or error).split())[:500]
