"""Where the secrets go, and where they may not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from templates_py.review.relations.view import (
    DATABASE,
    JOB,
    LISTENER_RULE,
    SECRET,
    TASK,
    at,
    containers,
    customs,
    environment,
    named,
    of,
    said,
    secrets_of,
    walk,
)
from templates_py.review.scope import Resource
from templates_py.review.tree import Tree

REFERENCE = "{{resolve:"
# Where CloudFormation puts a secret's value in, and the service keeps it to itself.
VALUES = {
    (DATABASE, ("MasterUsername",)),
    (DATABASE, ("MasterUserPassword",)),
    (LISTENER_RULE, ("Actions", "AuthenticateOidcConfig", "ClientSecret")),
}
SECRETIVE = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|_KEY$|^KEY$", re.IGNORECASE)


def no_secret_is_idle(tree: Tree) -> Iterator[str]:
    """One that nobody reads is one that somebody thinks is the right one."""
    for secret in of(tree, SECRET):
        if not tree.users.get(secret.path):
            yield f"{secret.path} is read by nobody"


def no_value_of_a_secret_leaves(tree: Tree) -> Iterator[str]:
    """A dynamic reference stands only where the service that gets the value keeps it; a secret goes by its ARN."""
    for one in tree.resources.values():
        for place, node in _strings(one.properties):
            if REFERENCE in node and (one.type, place) not in VALUES:
                yield f"{one.path} has a secret's value in {'.'.join(place)}"
        if any(REFERENCE in node for _, node in _strings(one.attributes)):
            yield f"{one.path} has a secret's value in its metadata"
    for name, value in tree.outputs.items():
        if REFERENCE in said(value):
            yield f"the output {name} is a secret's value"


def _strings(node: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(node, str):
        yield place, node
    elif isinstance(node, list):
        for below in node:
            yield from _strings(below, place)
    elif isinstance(node, dict):
        for key, below in node.items():
            yield from _strings(below, place if key.startswith("Fn::") else (*place, key))


def no_secret_is_written_down(tree: Tree) -> Iterator[str]:
    """A secret's value is generated, and what asks for one gets a dynamic reference or an ARN."""
    for one in tree.resources.values():
        for kind, place in VALUES:
            value = at(one.properties, *place) if one.type == kind and len(place) == 1 else None
            if value is not None and REFERENCE not in said(value):
                yield f"{one.path} has {place[0]} written down"
        for node in walk(one.properties):
            if one.type == LISTENER_RULE and REFERENCE not in said(at(node, "ClientSecret") or REFERENCE):
                yield f"{one.path} has ClientSecret written down"
        if one.type == SECRET:
            if one.properties.get("SecretString") is not None and not named(one.properties["SecretString"]):
                yield f"{one.path} has its value written down"
            if at(one.properties, "GenerateSecretString") is None and "SecretString" not in one.properties:
                yield f"{one.path} has no value"
        for box in containers(one) if one.type in (TASK, JOB) else []:
            for name in environment(box):
                if SECRETIVE.search(said(name)):
                    yield f"{one.path} has {name} in its environment"
    for name, given in tree.parameters.items():
        if SECRETIVE.search(name) and given.get("NoEcho"):
            yield f"the parameter {name} is a secret's value"


def clients_have_their_databases_secrets(tree: Tree) -> Iterator[str]:
    """The very ones that it was made with."""
    for database in of(tree, DATABASE):
        expected = [said(database.properties.get(key)) for key in ("MasterUsername", "MasterUserPassword")]
        for task in of(tree, TASK):
            for box in containers(task):
                if database.path in named(environment(box).get("DB_HOST")):
                    given = [secrets_of(box).get(name) for name in ("DB_USERNAME", "DB_PASSWORD")]
                    yield from _differ(f"{task.path} ({said(box.get('Name'))})", given, expected, database)
        for setup in customs(tree):
            if database.path in named(setup.properties.get("DatabaseHostname")):
                given = [setup.properties.get(f"Database{name}Secret") for name in ("Username", "Password")]
                yield from _differ(setup.path, given, expected, database)


def _differ(path: str, given: list[Any], expected: list[str], database: Resource) -> Iterator[str]:
    for arn, value in zip(given, expected, strict=True):
        if (
            f"secretsmanager:{said(arn)}" not in value.replace('", "', "").replace('", {', "{")
            and said(arn) not in value
        ):
            yield f"{path} has {said(arn)}, and {database.path} was made with {value}"


def generated_secrets_fit_where_they_go(tree: Tree) -> Iterator[str]:
    """RDS takes no user name with a digit first, and no password with a slash; so does no URL (P19, P24)."""
    for database in of(tree, DATABASE):
        for key, excluded in (
            ("MasterUsername", ("ExcludeNumbers", "ExcludePunctuation")),
            ("MasterUserPassword", ("ExcludePunctuation",)),
        ):
            for path in named(database.properties.get(key)) & tree.resources.keys():
                generated = tree.resources[path].properties.get("GenerateSecretString")
                if generated and any(said(at(generated, name)) != "true" for name in excluded):
                    yield f"{path} may have a character that {database.path} refuses as {key}"
    for secret in of(tree, SECRET):
        generated = secret.properties.get("GenerateSecretString") or {}
        short = said(at(generated, "ExcludeNumbers")) == "true"
        if short and not said(at(generated, "PasswordLength")).isdigit():
            yield f"{secret.path} may be longer than the 16 characters that MySQL takes for a user name"
        least = 8 if said(at(generated, "ExcludeNumbers")) == "true" else 24
        if generated and not _long(at(generated, "PasswordLength"), least):
            yield f"{secret.path} is shorter than {least} characters"


def _long(length: Any, least: int) -> bool:
    return not isinstance(length, (int, str)) or int(length) >= least


RULES = (
    no_secret_is_idle,
    no_value_of_a_secret_leaves,
    no_secret_is_written_down,
    clients_have_their_databases_secrets,
    generated_secrets_fit_where_they_go,
)
