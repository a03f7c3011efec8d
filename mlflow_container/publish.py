"""Build what is not built, push what is not pushed."""

from __future__ import annotations

import sys
from typing import Any

from mlflow_container import registry
from mlflow_container.builder import Builder, find
from mlflow_container.image import Image


def build(image: Image, builder: Builder) -> str:
    """Return the image's name on this machine, after building it where it is not there. Raises ImageError."""
    if builder.has(image):
        _say(f"{image.name} is built already")
    else:
        _say(f"Building {image.name} with {builder.kind}, one to five minutes")
        builder.build(image)
    return image.name


def push(image: Image, ecr: Any, repository: str) -> str:
    """Return the image's name in ECR, after building and pushing it where it is not there. Raises ImageError.

    The repository is its URL or its name. What is there needs no builder.
    """
    host, _, path = repository.partition("/")
    name = path if "." in host or ":" in host else repository
    login = registry.ecr_login(ecr)
    target = f"{login.host}/{name}:{image.tag}"
    if registry.digest(login, name, image.tag):
        _say(f"{target} is there already")
    else:
        builder = find()
        build(image, builder)
        _say(f"Pushing it to {login.host}/{name}")
        builder.push(image, login, name)
    return target


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
