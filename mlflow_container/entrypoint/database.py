"""Connections to the database: TLS with chain and server name verified, patience with one that is starting, a lock."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pymysql
import sqlalchemy
from sqlalchemy import Connection, Engine, text
from sqlalchemy.pool import StaticPool

from .environment import Database
from .errors import EntrypointError, SettingError

PATIENCE = 600  # seconds for a database that is starting: RDS takes minutes
TIMEOUT = 10  # seconds for a try
LOCK_WAIT = 10  # seconds between two lines of whoever waits for the lock
# A server that is not there yet, or is just going: refused, unreachable, shutting down, too many connections.
TRANSIENT = {2002, 2003, 2006, 2013, 1040, 1053, 1129, 1203, 1077, 1079}
DENIED, NO_DATABASE, NO_RIGHTS = 1045, 1049, 1044


def url(database: Database, name: str) -> sqlalchemy.URL:
    """Return the address of a database on the server, as MLflow takes it.

    `ssl_ca` alone makes PyMySQL verify both chain and name; MLFLOW_MYSQL_SSL_CA would verify neither (P50).
    """
    return sqlalchemy.URL.create(
        "mysql+pymysql",
        username=database.username,
        password=database.password,
        host=database.host,
        port=database.port,
        database=name,
        query={"charset": "utf8mb4", "ssl_ca": str(database.ca_file)},
    )


@contextmanager
def connected(database: Database, name: str) -> Iterator[Engine]:
    """Give an engine that has one connection, and no other once that is lost; wait for a server that is starting.

    Raises SettingError for what waiting would not mend, EntrypointError where the server does not come in time.
    """
    unmade = sqlalchemy.create_engine(url(database, name), connect_args={"connect_timeout": TIMEOUT})
    found = _patiently(unmade.raw_connection, database, name)
    connection = found.driver_connection
    found.detach()  # ours to close: the pool would roll back first, over a connection that may be gone
    handed = iter([connection])

    def once() -> Any:
        for only in handed:
            return only
        raise LostError(f"the connection to {_server(database)} was lost")

    engine = sqlalchemy.create_engine(url(database, name), poolclass=StaticPool, creator=once)
    try:
        yield engine
    finally:
        connection.close() if connection.open else None


class LostError(EntrypointError):
    """The connection that held the lock is gone: nothing may go on over another one."""


@contextmanager
def locked(engine: Engine) -> Iterator[None]:
    """Hold the lock of the engine's database, over its one connection: what that still runs, the lock still covers.

    Were the lock another connection's, a killed migration's last statement could outlive it.
    """
    name = "mlflow " + hashlib.sha256(str(engine.url.database).encode()).hexdigest()[:32]
    started = time.monotonic()
    while not _query(engine, "SELECT GET_LOCK(:name, :wait)", name=name, wait=LOCK_WAIT):
        print(f"another migration is at work; waited {time.monotonic() - started:.0f} s", flush=True)
    yield
    _query(engine, "SELECT RELEASE_LOCK(:name)", name=name)


def is_lost(error: BaseException) -> bool:
    """Tell whether an error is that of a connection that is gone."""
    if isinstance(error, sqlalchemy.exc.DBAPIError):
        return bool(error.connection_invalidated) or _code(error.orig) in TRANSIENT
    return isinstance(error, LostError) or (isinstance(error, pymysql.err.MySQLError) and _code(error) in TRANSIENT)


def _query(engine: Engine, sql: str, **values: object) -> Any:
    connection: Connection
    with engine.connect() as connection:
        return connection.execute(text(sql), values).scalar()


def _patiently(connect: Callable[[], Any], database: Database, name: str) -> Any:
    started, wait = time.monotonic(), 0.5
    while True:
        try:
            return connect()
        except (sqlalchemy.exc.DBAPIError, pymysql.err.MySQLError) as error:
            reason = _reason(getattr(error, "orig", error), database, name)
        waited = time.monotonic() - started
        if waited + wait > PATIENCE:
            raise EntrypointError(f"{_server(database)} did not come up in {PATIENCE} s: {reason}")
        print(f"waiting for {_server(database)}, {waited:.0f} s: {reason}", flush=True)
        time.sleep(wait)
        wait = min(wait * 2, 10)


def _reason(error: Any, database: Database, name: str) -> str:
    """Return why a try failed; raise SettingError where another one would fail as well."""
    code, said = _code(error), str(error.args[-1] if error.args else error)
    if "CERTIFICATE_VERIFY_FAILED" in said:
        raise SettingError(
            f"DB_HOST, DB_CA_FILE: the certificate of {_server(database)} does not verify by {database.ca_file}: "
            + said.partition("certificate verify failed: ")[2].partition(" (_ssl")[0]
        )
    if code in (DENIED, NO_RIGHTS):
        raise SettingError(f"DB_USERNAME, DB_PASSWORD: {_server(database)} refuses: {said}")
    if code == NO_DATABASE:
        raise SettingError(f"DB_NAME={name!r}: {_server(database)} has no such database")
    if code not in TRANSIENT:
        raise EntrypointError(f"{_server(database)}: {code} {said}")
    return f"{code} {said}"


def _code(error: Any) -> object:
    return error.args[0] if getattr(error, "args", ()) else None


def _server(database: Database) -> str:
    return f"{database.host}:{database.port}"
