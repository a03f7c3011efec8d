"""What the function is asked: a custom resource's event, or Hydra's payload by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

SCRIPT = "schema/0001_jobs.sql"
REQUIRED = (
    "database_hostname",
    "database_username_secret",
    "database_password_secret",
    "database_default_name",
    "table_setup_script_bucket_name",
    "table_setup_script_bucket_key",
)


class RefusedError(Exception):
    """What stops a run, in one line that may be shown to anybody."""


@dataclass(frozen=True)
class Request:
    """One run: which database, by which secrets, with which script."""

    database_hostname: str
    database_username_secret: str
    database_password_secret: str
    database_default_name: str
    table_setup_script_bucket_name: str
    table_setup_script_bucket_key: str
    database_port: int = 3306
    aws_region: str | None = None
    table_setup_script: str = SCRIPT  # in the function's package
    table_setup_script_sha256: str = ""  # of all scripts that the sender's package has
    allow_data_loss: frozenset[str] = field(default_factory=frozenset)  # tables, in lower case


def properties(event: Any) -> dict[str, Any]:
    """What an event asks for: empty where it is none."""
    found = event.get("ResourceProperties", event) if isinstance(event, dict) else None
    return found if isinstance(found, dict) else {}


def parse(event: dict[str, Any]) -> Request:
    """Read a custom resource's properties (`DatabaseHostname`, ...) or a payload (`database_hostname`, ...).

    Raises RefusedError for a property that is missing or malformed, and names it.
    """
    given = {_snake(key): value for key, value in properties(event).items()}
    if missing := [name for name in REQUIRED if not isinstance(given.get(name), str) or not given[name]]:
        raise RefusedError(f"{missing[0]} = {given.get(missing[0])!r}: expected a text that is not empty")
    known = {name: given[name] for name in Request.__dataclass_fields__ if given.get(name) not in (None, "")}
    port = given.get("database_port") or 3306
    if not str(port).isdecimal() or not 0 < int(port) < 1 << 16:
        raise RefusedError(f"database_port = {port!r}: expected a number from 1 to 65535")
    known["database_port"] = int(port)
    known["allow_data_loss"] = _tables(given.get("allow_data_loss") or [])
    return Request(**known)


def _tables(given: Any) -> frozenset[str]:
    """`job,job_event`, a list of names, or `{"job": "true"}`."""
    if isinstance(given, dict):
        given = [name for name, allowed in given.items() if str(allowed).lower() == "true"]
    names = given.split(",") if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RefusedError(f"allow_data_loss = {given!r}: expected names of tables, with commas between")
    return frozenset(name.strip().lower() for name in names if name.strip())


def _snake(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()
