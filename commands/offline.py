"""What changed since the last deployment from this folder, without AWS: templates and parameters compared.

A deployment that succeeds keeps what it was made of in .aws-sam/deployed-ENVIRONMENT.json. What somebody else deployed,
or changed by hand, is known to AWS alone.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from commands import CommandError
from commands.changes import Change, Detail
from commands.program import LOGS
from commands.stack import NESTED

if TYPE_CHECKING:
    from commands.configuration import Configuration

Resources = dict[str, dict[str, Any]]
# SAM's function is CloudFormation's.
SCHEMAS = {"AWS::Serverless::Function": "AWS::Lambda::Function"}


def keep(configuration: Configuration, given: dict[str, str]) -> None:
    """Keep what was deployed: the resources as they are in the templates, and the values of parameters."""
    kept = {
        "deployed": datetime.now(UTC).isoformat(timespec="seconds"),
        "parameters": given,
        "resources": resources(configuration.template),
    }
    _place(configuration).write_text(json.dumps(kept))


def since(configuration: Configuration, given: dict[str, str]) -> tuple[str, list[Change], dict[str, str]]:
    """Return when that was, what would change of it, and the parameters that are others. Raises CommandError."""
    try:
        kept = json.loads(_place(configuration).read_text())
    except FileNotFoundError:
        raise CommandError(f"{_place(configuration)}: not there: nothing was deployed from this folder yet") from None
    old, new = kept["resources"], resources(configuration.template)
    changes = [_change(path, old.get(path), new.get(path)) for path in {**old, **new} if old.get(path) != new.get(path)]
    return (
        kept["deployed"],
        changes,
        {name: value for name, value in given.items() if kept["parameters"].get(name) != value},
    )


def resources(template: Path, above: str = "") -> Resources:
    """Return all resources of a template that was built, and of those that it nests, by path."""
    body = yaml.load(template.read_text(), Loader=yaml.CSafeLoader)
    found: Resources = {}
    for title, made in body["Resources"].items():
        found[f"{above}{title}"] = made
        if made["Type"] == NESTED:
            url = made["Properties"].pop("TemplateURL")
            found |= resources(template.parent / url, f"{above}{title}/")
    return found


def _change(path: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Change:
    kind = str((new or old or {})["Type"])
    if not old or not new:
        return Change(path, kind, "Add" if new else "Remove")
    if old["Type"] != kind:
        return Change(path, kind, "Modify", "True")
    before, after = old.get("Properties", {}), new.get("Properties", {})
    fixed = _create_only(kind)
    details = tuple(
        Detail(name, "Always" if name in fixed else "Never", "")
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )
    return Change(path, kind, "Modify", "True" if any(detail.name in fixed for detail in details) else "", "", details)


def _create_only(kind: str) -> set[str]:
    """The properties whose change replaces a resource of this type, by the schemas that cfn-lint ships."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    if kind.startswith("Custom::"):
        return set()
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", SCHEMAS.get(kind, kind)).schema
    return {path.removeprefix("/properties/") for path in schema.get("createOnlyProperties", [])}


def _place(configuration: Configuration) -> Path:
    return LOGS / f"deployed-{configuration.environment}.json"
