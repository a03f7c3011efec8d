"""ECR's repositories, login and images: those of a registry on this machine, where the environment names one.

REGISTRY_HOST is HOST:PORT of a registry (local/registry.py), REGISTRY_PASSWORD that of its user AWS. What it mends:
ministack names addresses of AWS, where nobody answers.
"""

from __future__ import annotations

import os
import time
from base64 import b64encode
from typing import Any


def install() -> None:
    if not (host := os.environ.get("REGISTRY_HOST")):
        return
    from ministack.services import ecr

    ecr._repo_uri = lambda name: f"{host}/{name}"
    ecr._get_authorization_token = _token


def has(image: str) -> bool:
    """Tell whether the registry has an image; False where there is no registry. Raises ImageError: it does not say."""
    host, _, path = image.partition("/")
    name, _, tag = path.rpartition(":")
    if host != os.environ.get("REGISTRY_HOST"):
        return False
    from mlflow_container.registry import Login, digest

    return digest(Login(host, "AWS", os.environ["REGISTRY_PASSWORD"], plain_http=True), name, tag) is not None


def _token(_: dict[str, Any]) -> Any:
    from ministack.core.responses import json_response

    token = b64encode(f"AWS:{os.environ['REGISTRY_PASSWORD']}".encode()).decode()
    login = {"authorizationToken": token, "expiresAt": int(time.time()) + 43200}
    return json_response({"authorizationData": [{**login, "proxyEndpoint": f"http://{os.environ['REGISTRY_HOST']}"}]})
