"""A connection to the database: TLS with the server's name verified, and patience with one that is starting."""

from __future__ import annotations

import json
import os
import ssl
import time
from pathlib import Path
from typing import Any

import pymysql
import sqlalchemy
from request import RefusedError, Request
from words import told

CA_FILE = Path(__file__).with_name("rds-ca.pem")  # RDS's own authorities, of all Regions
CONNECT_TIMEOUT = 10  # seconds for a try
# A server that is not there yet, or is just going: refused, unreachable, shutting down, too many connections.
TRANSIENT = {2002, 2003, 2006, 2013, 1040, 1053, 1129, 1203}


def credentials(request: Request, secrets: Any) -> tuple[str, str]:
    """Return user name and password: two plain secrets, or JSON ones with `username` and `password`."""

    def read(secret: str, key: str) -> str:
        try:
            text: str = secrets.get_secret_value(SecretId=secret)["SecretString"]
        except secrets.exceptions.ClientError as error:
            raise RefusedError(f"secret {secret}: {error.response['Error']['Code']}") from None
        try:
            found = json.loads(text)
        except ValueError:
            return text
        return str(found[key]) if isinstance(found, dict) and key in found else text

    return read(request.database_username_secret, "username"), read(request.database_password_secret, "password")


def connect(request: Request, username: str, password: str, until: float) -> Any:
    """Return a DB-API connection in autocommit mode; wait for the server until `until` (time.monotonic()).

    Raises RefusedError for wrong credentials, an unknown database, a certificate that does not verify, and where no
    server answers in time.
    """
    url = sqlalchemy.URL.create(
        "mysql+pymysql",
        username=username,
        password=password,
        host=request.database_hostname,
        port=request.database_port,
        database=request.database_default_name,
        query={"charset": "utf8mb4"},
    )
    engine = sqlalchemy.create_engine(
        url,
        poolclass=sqlalchemy.NullPool,
        connect_args={
            "ssl": _tls(),
            "connect_timeout": CONNECT_TIMEOUT,
            "autocommit": True,
            "client_flag": pymysql.constants.CLIENT.MULTI_STATEMENTS,  # as the command-line client speaks
        },
    )
    wait = 0.5
    while True:
        try:
            pooled = engine.raw_connection()
            connection = pooled.driver_connection
            pooled.detach()  # ours to close: the pool would roll back first, over a connection that may be gone
            return connection
        except pymysql.err.MySQLError as error:
            code, said = error.args[0], str(error.args[-1])
            if "CERTIFICATE_VERIFY_FAILED" in said:
                raise RefusedError(f"{_server(request)}: its certificate does not verify by {_ca()}") from None
            if code not in TRANSIENT or time.monotonic() + wait > until:
                raise RefusedError(f"{_server(request)}: {told(error)}") from None
        time.sleep(wait)
        wait = min(wait * 2, 10)


def _tls() -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=_ca())
    except OSError:  # as ssl says of a file that is none of certificates, too
        raise RefusedError(f"DATABASE_CA_FILE = {_ca()!r}: expected a file of certificates (PEM)") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # Python 3.13's pedantry about extensions, not about trust
    return context


def _ca() -> str:
    return os.environ.get("DATABASE_CA_FILE") or str(CA_FILE)


def _server(request: Request) -> str:
    return f"{request.database_hostname}:{request.database_port}/{request.database_default_name}"
