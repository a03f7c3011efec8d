"""One environment of samconfig.toml, as `sam deploy --config-env` reads it, and what the commands write there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import boto3
import tomlkit
from tomlkit.exceptions import TOMLKitError

from commands import CommandError
from commands.overrides import parsed, with_value

OVERRIDES = "parameter_overrides"
TAG = "ImageTag"
# SAM reads the sections of its own commands alone: the tag before is kept in the same form, under ours.
BEFORE = ("rollback_container", "parameters", "image_tag")

Table = MutableMapping[str, Any]


class NoRegionError(CommandError):
    """Nothing says which Region to speak to."""


class Configuration:
    """An environment of samconfig.toml; read anew each time, as somebody may edit it while a stack is being made."""

    def __init__(self, path: Path, environment: str) -> None:
        self.path, self.environment = path, environment
        known = [name for name, table in self._read().items() if isinstance(table, dict)]
        if environment not in known:
            raise CommandError(f"{path}: environment {environment!r}: expected one of {', '.join(known)}")

    @property
    def deploy(self) -> dict[str, Any]:
        """What `sam deploy` is told: what is said of every command, then of itself."""
        tables = self._read()[self.environment]
        return {**self._own(tables, "global"), **self._own(tables, "deploy")}

    @property
    def deploy_alone(self) -> set[str]:
        """The names of what is said to `sam deploy` and to no other command."""
        return set(self._own(self._read()[self.environment], "deploy"))

    @property
    def stack_name(self) -> str:
        name = self.deploy.get("stack_name")
        if not isinstance(name, str) or not name:
            raise CommandError(f"{self.path}: [{self.environment}.deploy.parameters] stack_name: expected a name")
        return name

    @property
    def template(self) -> Path:
        """What `sam deploy` takes: what `sam build` made, where nothing else is said."""
        return Path(self.deploy.get("template_file") or ".aws-sam/build/template.yaml")

    @property
    def source(self) -> Path:
        """What `sam build` takes."""
        tables = self._read()[self.environment]
        return Path(self._own(tables, "build").get("template_file") or "template.yaml")

    @property
    def parameters(self) -> dict[str, str]:
        """What it gives to the template's parameters."""
        try:
            return parsed(self.deploy.get(OVERRIDES))
        except CommandError as error:
            raise CommandError(f"{self.path}: [{self.environment}.deploy.parameters] {error}") from None

    @property
    def tag(self) -> str:
        """The image's tag; empty where there is none."""
        return self.parameters.get(TAG, "")

    @property
    def tag_before(self) -> str:
        """The tag that the last roll replaced; empty where there is none."""
        found: Any = self._read()[self.environment]
        for key in BEFORE:
            found = found.get(key, {}) if isinstance(found, dict) else {}
        return found if isinstance(found, str) else ""

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that say the same profile and Region to another program."""
        known = {"profile": "AWS_PROFILE", "region": "AWS_DEFAULT_REGION"}
        deploy = self.deploy
        return {variable: str(deploy[key]) for key, variable in known.items() if deploy.get(key)}

    def session(self) -> boto3.Session:
        """Return a session by its profile and Region, or by those of the environment.

        Raises CommandError for the stack of this machine, where nothing says that it is meant: in AWS, another one has
        its name.
        """
        if self.environment == "local" and not os.environ.get("AWS_ENDPOINT_URL"):
            raise CommandError(
                "SYSTEM=local: expected AWS_ENDPOINT_URL and what else `make up` prints in the environment"
            )
        deploy = self.deploy
        session = boto3.Session(profile_name=deploy.get("profile"), region_name=deploy.get("region"))
        if not session.region_name:
            raise NoRegionError("No Region is configured: expected one by `aws configure` or AWS_DEFAULT_REGION")
        return session

    def write(self, *, before: str | None = None, **parameters: str) -> None:
        """Write values of the template's parameters, and the tag before (none: ""): all of it or nothing."""
        document = self._read()
        tables = document[self.environment]
        section = tables.get("global") if OVERRIDES not in self._own(tables, "deploy") else None
        name = "global" if section and OVERRIDES in section.get("parameters", {}) else "deploy"
        place = _table(tables, name, "parameters")
        for key, value in parameters.items():
            place[OVERRIDES] = with_value(place.get(OVERRIDES), key, value)
        if before:
            *path, last = BEFORE
            _table(tables, *path)[last] = before
        elif before is not None:
            tables.pop(BEFORE[0], None)
        self._replace(tomlkit.dumps(document))

    def _read(self) -> Any:
        try:
            return tomlkit.parse(self.path.read_bytes().decode())
        except OSError as error:
            raise CommandError(f"{self.path}: {error.strerror}: expected SAM's settings") from None
        except (ValueError, TOMLKitError) as error:
            raise CommandError(f"{self.path}: {error}: expected TOML in UTF-8") from None

    @staticmethod
    def _own(tables: Table, command: str) -> dict[str, Any]:
        return dict(tables.get(command, {}).get("parameters", {}))

    def _replace(self, text: str) -> None:
        path = self.path.resolve()  # where a link leads
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as partial:
            try:
                partial.write(text.encode())
                partial.flush()
                os.fsync(partial.fileno())
                shutil.copymode(path, partial.name)
                Path(partial.name).replace(path)
            except BaseException:
                Path(partial.name).unlink()
                raise


def _table(tables: Table, *path: str) -> Table:
    """Return the table at a path of keys, made where it is not there."""
    for key in path:
        if key not in tables:
            tables[key] = tomlkit.table(is_super_table=key != path[-1])
        tables = tables[key]
    return tables
