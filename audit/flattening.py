"""What is judged: each root of build/ as one template, as it comes and with the options of the register on."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from templates_py.review.flat import one_template
from templates_py.review.scope import STACK, Body, Templates
from templates_py.review.tree import defaults, flatten

SUBNETS = "subnet-0123456789abcdef0,subnet-0123456789abcdef1"
# What a deployment must be told, by type or by name: any real one would do.
TOLD = {
    "AWS::EC2::VPC::Id": "vpc-0123456789abcdef0",
    "List<AWS::EC2::Subnet::Id>": SUBNETS,
    "RouteTableIds": "rtb-0123456789abcdef0",
    "VpcCidr": "10.0.0.0/16",
    "OidcIssuer": "https://login.example.org",
    "OidcAuthorizationEndpoint": "https://login.example.org/authorize",
    "OidcTokenEndpoint": "https://login.example.org/token",
    "OidcUserInfoEndpoint": "https://login.example.org/userinfo",
    "OidcJwksEndpoint": "https://login.example.org/keys",
    "OidcClientId": "mlflow",
    "OidcClientSecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:oidc-AbCdEf",
}
SERVED = {"ImageTag": "1"}  # without one there is no service to judge


def flattened(templates: Templates, deployments: Mapping[str, Mapping[str, str]]) -> dict[str, Body]:
    """Return the templates to judge: `hydra`, `hydra-hardened`, `artifacts`, ...

    `deployments` are names and parameters, those of a system (`MultiAz`) by either name (`BatchMultiAz`).
    """
    return {
        "-".join(filter(None, [posixpath.dirname(root) or "hydra", deployment])): _flat(
            templates, root, {**SERVED, **_of(templates[root], told)}
        )
        for root in sorted(_roots(templates))
        for deployment, told in deployments.items()
    }


def given(path: Path) -> dict[str, Body]:
    """Return the template to judge that a file has: flattened, as `write` leaves it, or with parameters still open.

    Raises ValueError where it is no such template, or a parameter has no value.
    """
    expected = "expected a flattened template, as `make flat` writes it"
    try:
        body = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path}: no JSON ({error}): {expected}") from None
    made = body.get("Resources") if isinstance(body, dict) else None
    if not made or any(one.get("Type") == STACK for one in made.values()):
        raise ValueError(f"{path}: {'a nested stack is in it' if made else 'no resources'}: {expected}")
    return {path.stem: _flat({str(path): body}, str(path), SERVED)}


def _roots(templates: Templates) -> set[str]:
    nested = {
        posixpath.normpath(posixpath.join(posixpath.dirname(name), posixpath.splitext(url)[0]))
        for name, body in templates.items()
        for url in _urls(body)
    }
    return templates.keys() - nested


def _urls(body: Body) -> Iterator[str]:
    for made in body["Resources"].values():
        if made["Type"] == STACK:
            yield made["Properties"]["TemplateURL"]


def _of(root: Body, told: Mapping[str, str]) -> dict[str, Any]:
    """What of it a root asks for."""
    asked = root.get("Parameters", {})
    named = {name: name.removeprefix("Batch").removeprefix("Mlflow") for name in asked}
    return {name: told[key] for name, one in named.items() for key in (one, name) if key in told}


def _flat(templates: Templates, root: str, given: Mapping[str, object]) -> Body:
    asked = templates[root].get("Parameters", {})
    told = {name: TOLD.get(name, TOLD.get(made["Type"])) for name, made in asked.items() if "Default" not in made}
    if open_ones := [name for name, value in told.items() if value is None]:
        raise ValueError(f"{root}: no value to judge {', '.join(open_ones)} with: expected one in audit/flattening.py")
    tree = flatten(templates, root, {**defaults(templates, root), **told, **given})
    made = one_template(tree)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": made["Resources"],
        "Outputs": made["Outputs"],
    }


def write(templates: Mapping[str, Body], folder: Path) -> list[Path]:
    """Write each template to a folder: `hydra-hardened.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.json" for name in templates}
    for name, path in paths.items():
        path.write_text(json.dumps(templates[name], indent=1) + "\n")
    return list(paths.values())
