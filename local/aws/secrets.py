"""Secrets as Secrets Manager has them.

What it mends: `Ref` of a secret is its ARN, not its name; and a generated value is generated as GenerateSecretString
says in all of its properties, not in its length alone.
"""

from __future__ import annotations

import json
from typing import Any


def install() -> None:
    from ministack.services import secretsmanager
    from ministack.services.cloudformation import provisioners

    handlers = dict(provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"])

    def name(arn: str) -> str:
        return next((name for name, secret in secretsmanager._secrets.items() if secret["ARN"] == arn), arn)

    def create(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        _, attributes = handlers["create"](logical_id, properties, stack)
        return attributes["Arn"], attributes

    def update(
        physical_id: str, old: dict[str, Any], new: dict[str, Any], stack: str, logical_id: str
    ) -> tuple[str, dict[str, str]]:
        _, attributes = handlers["update"](name(physical_id), old, new, stack, logical_id)
        return attributes["Arn"], attributes

    def delete(physical_id: str, properties: dict[str, Any]) -> None:
        handlers["delete"](name(physical_id), properties)

    provisioners._sm_secret_string = _value
    provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"] = {
        **handlers,
        "create": create,
        "update": update,
        "delete": delete,
    }


def _value(properties: dict[str, Any]) -> str:
    """Return a secret's value: as it is given, else made at random."""
    from ministack.services.secretsmanager import _get_random_password

    wanted = properties.get("GenerateSecretString")
    if properties.get("SecretString") or not wanted:
        return str(properties.get("SecretString", ""))
    arguments = {key: _plain(value) for key, value in wanted.items()}
    status, _, body = _get_random_password(arguments)
    if status != 200:
        raise ValueError(json.loads(body)["message"])
    made = str(json.loads(body)["RandomPassword"])
    if template := wanted.get("SecretStringTemplate"):
        return json.dumps({**json.loads(template), wanted["GenerateStringKey"]: made})
    return made


def _plain(value: Any) -> Any:
    """Return a number or a truth that a parameter gave as a string."""
    if isinstance(value, str):
        return int(value) if value.isdigit() else {"true": True, "false": False}.get(value, value)
    return value
