"""A roll to another image by a deployment, with the tag in samconfig.toml: the old one again where it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commands import CommandError
from commands.configuration import TAG
from commands.deployment import Deployment, RefusedError
from commands.progress import Progress
from commands.resting import DeploymentError
from commands.service import Service
from commands.stack import Stack

if TYPE_CHECKING:
    from commands.configuration import Configuration


def serving(stack: Stack) -> str:
    """Return the tag that the stack's service runs; empty where there is no service."""
    return stack.parameters.get(TAG, "")


def agree(configuration: Configuration, stack: Stack) -> None:
    """See that samconfig.toml says what serves: an empty tag there would take the service away (P64)."""
    if (tag := serving(stack)) and configuration.tag != tag:
        configuration.write(ImageTag=tag)


def standing(configuration: Configuration) -> tuple[Deployment, Stack]:
    """Return the stack at rest, and its MLflow with a service. Raises CommandError where there is none."""
    stack = Stack(configuration.session(), configuration.stack_name)
    deployment = Deployment(configuration, stack, Progress())
    try:
        deployment.settle()
    except DeploymentError:
        agree(configuration, stack)
        raise
    mlflow = stack.mlflow
    if not mlflow or not serving(stack):
        raise CommandError(f"{stack.name} runs no MLflow: make start brings it up")
    return deployment, mlflow


def nothing_to_do(deployment: Deployment) -> None:
    """Say that the image serves already; a tag that was not written before an interruption is written now."""
    agree(deployment.configuration, deployment.stack)
    deployment.progress.say(f"MLflow runs {serving(deployment.stack)} already: nothing to do")


def roll(deployment: Deployment, tag: str, image: str) -> None:
    """Write the tag and deploy it; the tag that it replaces is kept for a rollback.

    Raises DeploymentError that says why the image failed; ECS has kept, or brought back, the tasks of before.
    Interrupted, the stack goes on by itself, and the tag stays.
    """
    configuration, stack = deployment.configuration, deployment.stack
    old, before = serving(stack), configuration.tag_before
    configuration.write(ImageTag=tag, **({"before": old} if old else {}))
    try:
        deployment.run()
    except DeploymentError as error:
        configuration.write(ImageTag=old, **({"before": before} if old else {}))
        if isinstance(error, RefusedError):  # for what else was to change
            raise
        mlflow = stack.mlflow
        why = Service(stack.session, mlflow).why_stopped(image) if mlflow else ""
        outcome = f"{old} serves as before" if old else "there is no service yet"
        raise DeploymentError(f"{tag} was not rolled out, {outcome}: {why or 'ECS names no task'} ({error})") from None
