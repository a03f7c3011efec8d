"""The settings, out of environment variables alone. A bad one stops with a line that names it, never with a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from .errors import SettingError
from .workers import suiting

CA_FILE = Path(__file__).with_name("rds-ca.pem")  # RDS's own authorities, of all Regions
HOST = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?(:[0-9]{1,5})?")
SHORTEST_PASSWORD = 12  # characters; MLflow's own rule
LEGACY_PASSWORD = "password1234"  # MLflow's old default, which it refuses


class Variables:
    """Environment variables, read one by one; what is empty is absent."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str, default: str | None = None, like: str = r"(?s).+", expected: str = "") -> str:
        """Return a variable that is `like` a pattern. `expected` is said of one that is not, the value too."""
        value = self._values.get(name) or default
        if value is None:
            raise SettingError(f"{name} is not set")
        if not re.fullmatch(like, value):
            raise SettingError(f"{name}={value!r}: expected {expected}")
        return value

    def number(self, name: str, default: int | None, least: int, most: int) -> int:
        """Return a whole number between two bounds."""
        value = self.text(name, None if default is None else str(default))
        if not re.fullmatch("[0-9]{1,9}", value) or not least <= int(value) <= most:
            raise SettingError(f"{name}={value!r}: expected a whole number from {least} to {most}")
        return int(value)

    def choice(self, name: str, *choices: str) -> str:
        """Return one of the choices; the first is the default."""
        return self.text(name, choices[0], "|".join(choices), " or ".join(choices))


@dataclass(frozen=True)
class Database:
    """Where the database is, and whether users have one of their own beside it."""

    host: str
    port: int
    name: str
    username: str
    password: str = field(repr=False)
    ca_file: Path
    has_auth: bool

    @property
    def auth_name(self) -> str:
        """Name of the database that holds MLflow's own users."""
        return f"{self.name}_auth"

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Raise SettingError for what is missing or bad."""
        variables = Variables(environment)
        return cls(
            host=variables.text("DB_HOST"),
            port=variables.number("DB_PORT", 3306, 1, 65535),
            name=variables.text("DB_NAME", None, "[A-Za-z0-9_$-]{1,59}", "up to 59 letters, digits, _, $ and -"),
            username=variables.text("DB_USERNAME"),
            password=variables.text("DB_PASSWORD"),
            ca_file=_ca_file(variables),
            has_auth=auth(variables) == "basic",
        )


@dataclass(frozen=True)
class Server:
    """How the server serves."""

    host: str
    port: int
    names: tuple[str, ...]
    workers: int
    artifact_root: str
    proxied: bool
    admin_username: str
    admin_password: str = field(repr=False)
    secret_key: str = field(repr=False)

    @property
    def allowed_hosts(self) -> list[str]:
        """The Host headers to answer: each name as it is, and with each port that a client may add to it."""
        ports = dict.fromkeys(("", ":80", ":443", f":{self.port}"))
        hosts = [name + port for name in self.names for port in ([""] if ":" in name else ports)]
        return list(dict.fromkeys(hosts))

    @property
    def allowed_origins(self) -> list[str]:
        """The Origin headers to take changes from: the page's own, which a browser sends with each POST."""
        return [f"{scheme}://{host}" for host in self.allowed_hosts for scheme in ("http", "https")]

    @classmethod
    def read(cls, environment: Mapping[str, str], secrets: bool = True) -> Self:
        """Raise SettingError for what is missing or bad; without `secrets`, none of those of users is asked for."""
        variables = Variables(environment)
        variables.text("JOB_EXECUTION", "false", "false", "false: this image runs no jobs")
        basic = auth(variables) == "basic" and secrets
        cpu = variables.number("TASK_CPU", 1024, 128, 262144)
        memory = variables.number("TASK_MEMORY", 2048, 128, 9999999)
        root = r"s3://[a-z0-9][a-z0-9.-]+(/[^/\s]+)*/?"
        return cls(
            host=variables.text("HOST", "0.0.0.0"),  # the task's security group decides  # nosec B104
            port=variables.number("PORT", 5000, 1, 65535),
            names=_names(variables.text("ALLOWED_HOSTS")),
            workers=variables.number("WORKERS", suiting(cpu, memory), 1, 64),
            artifact_root=variables.text("ARTIFACT_ROOT", None, root, "s3://bucket/folder").rstrip("/"),
            proxied=variables.choice("ARTIFACTS", "direct", "proxied") == "proxied",
            admin_username=variables.text("AUTH_ADMIN_USERNAME", "admin") if basic else "",
            admin_password=_password(variables) if basic else "",
            secret_key=variables.text("AUTH_SECRET_KEY") if basic else "",
        )


def auth(variables: Variables) -> str:
    """Return who tells users apart. `oidc` is the balancer's work: the server does as with `none`."""
    return variables.choice("AUTH", "none", "basic", "oidc")


def _ca_file(variables: Variables) -> Path:
    file = Path(variables.text("DB_CA_FILE", str(CA_FILE)))
    if not file.is_file():
        raise SettingError(f"DB_CA_FILE={str(file)!r}: expected a file of certificates in PEM format")
    return file


def _names(value: str) -> tuple[str, ...]:
    """Split a list of host names. Lower case: that is what clients send, and MLflow compares exactly (P54)."""
    names = [name.strip().lower() for name in value.split(",")]
    for name in names:
        if not HOST.fullmatch(name):
            raise SettingError(f"ALLOWED_HOSTS={value!r}: {name!r} is no host name; expected names with commas between")
    return tuple(names)


def _password(variables: Variables) -> str:
    password = variables.text("AUTH_ADMIN_PASSWORD")
    if len(password) < SHORTEST_PASSWORD or password == LEGACY_PASSWORD:
        raise SettingError(
            f"AUTH_ADMIN_PASSWORD: expected {SHORTEST_PASSWORD} characters or more, and not MLflow's old default"
        )
    return password
