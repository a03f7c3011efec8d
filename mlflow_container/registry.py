"""Registries of images, by their HTTP API: what a name stands for, whether a tag is there, and ECR's login."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from mlflow_container.errors import ImageError

PATIENCE = 30  # seconds for an answer
MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


@dataclass(frozen=True)
class Login:
    """Where a registry is (HOST or HOST:PORT), and who comes in; over plain HTTP only where it is on this machine."""

    host: str
    username: str = ""
    password: str = field(default="", repr=False)
    plain_http: bool = False

    @property
    def authorization(self) -> str:
        """The header of HTTP's basic authentication."""
        return "Basic " + b64encode(f"{self.username}:{self.password}".encode()).decode()


def ecr_login(ecr: Any) -> Login:
    """Ask ECR (boto3's client) for a login, good for 12 hours, and for the registry that it is good for."""
    (data,) = ecr.get_authorization_token()["authorizationData"]
    endpoint = urlsplit(data["proxyEndpoint"])
    username, _, password = b64decode(data["authorizationToken"]).decode().partition(":")
    return Login(endpoint.netloc, username, password, endpoint.scheme == "http")


def has(ecr: Any, repository: str, tag: str) -> bool:
    """Tell whether a repository of ECR (boto3's client) has this tag. Raises ImageError where it does not say."""
    return digest(ecr_login(ecr), repository, tag) is not None


def resolved(name: str) -> str:
    """Return an image's name with the digest that its tag stands for now; one with a digest stays as it is.

    Asks its registry, without a login. Raises ImageError where that does not tell.
    """
    if "@" in name:
        if not re.fullmatch(r"\S+@sha256:[0-9a-f]{64}", name):
            raise ImageError(f"BASE_IMAGE: {name!r} ends in no digest (NAME@sha256: and 64 hexadecimal digits)")
        return name
    host, _, path = name.partition("/")
    repository, _, reference = path.partition(":")
    advice = "try again, or name it by its digest (BASE_IMAGE=NAME@sha256:...)"
    if not ("." in host or ":" in host) or not repository:
        raise ImageError(f"BASE_IMAGE: {name!r} has no registry to ask for its digest: {advice}")
    login = Login(host, plain_http=host.partition(":")[0] in ("127.0.0.1", "localhost"))
    try:
        found = digest(login, repository, reference or "latest")
    except ImageError as error:
        raise ImageError(f"BASE_IMAGE {name}: {error}: {advice}") from None
    if not found:
        raise ImageError(f"BASE_IMAGE {name}: {host} has no such image: {advice}")
    return f"{host}/{repository}@{found}"


def digest(login: Login, repository: str, reference: str) -> str | None:
    """Return the digest of what a repository has under a tag, None where it has none. Raises ImageError."""
    url = f"{'http' if login.plain_http else 'https'}://{login.host}/v2/{repository}/manifests/{reference}"
    try:
        try:
            manifest = _get(url, login.authorization if login.username else "")
        except HTTPError as error:
            if error.code != 401 or login.username:
                raise
            manifest = _get(url, _anonymous(error.headers.get("WWW-Authenticate", "")))
    except HTTPError as error:
        if error.code == 404:
            return None
        raise ImageError(f"{login.host} answers {error.code} {error.reason} for {repository}:{reference}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise ImageError(f"{login.host} does not answer: {getattr(error, 'reason', error)}") from None
    return f"sha256:{sha256(manifest).hexdigest()}"


def _anonymous(challenge: str) -> str:
    """Return the header that a registry hands out to anybody who asks where it says."""
    asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    query = urlencode({key: asked[key] for key in ("service", "scope") if key in asked})
    token = json.loads(_get(f"{asked.get('realm')}?{query}"))
    return f"Bearer {token.get('token') or token.get('access_token')}"


def _get(url: str, authorization: str = "") -> bytes:
    request = Request(url, headers={"Accept": ", ".join(MANIFESTS)})
    if authorization:
        request.add_unredirected_header("Authorization", authorization)
    with urlopen(request, timeout=PATIENCE) as response:  # the registry's  # nosec B310
        body: bytes = response.read()
    return body
