"""`make rollback_container`: the image of before, where the schema allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commands import CommandError
from commands.pushing import Pushing
from commands.rolling import nothing_to_do, roll, serving, standing
from commands.service import SCHEMA_IS_NEWER, UP_TO_DATE, Service
from commands.snapshots import Snapshots
from commands.stack import TRACKING_URI

if TYPE_CHECKING:
    from commands.configuration import Configuration


def rollback(configuration: Configuration, given: str = "") -> None:
    """Go back to the image of before, or to `given`, where the schema allows."""
    deployment, mlflow = standing(configuration)
    stack, old = deployment.stack, serving(deployment.stack)
    tag = given or configuration.tag_before
    if not tag:
        raise CommandError(f"{configuration.path}: no tag of before is kept there: give one, TAG=...")
    if tag == old:
        return nothing_to_do(deployment)
    with Pushing(configuration, stack.session, deployment.progress, tag) as pushing:
        pushing.begin(stack.repository_url)
    checked = Service(stack.session, mlflow).migrate(pushing.image, deployment.progress)
    if checked.exit_code == SCHEMA_IS_NEWER:
        snapshot = Snapshots(stack.session, mlflow).newest() or "one of RDS's own: no upgrade here took one"
        raise CommandError(
            f"{tag} cannot serve the schema of {old}: to go back, restore the database from snapshot {snapshot} "
            "(docs/mlflow.md); what was written since is lost"
        )
    if checked.exit_code != UP_TO_DATE:
        raise CommandError(f"{tag} does not start, {old} serves as before: {checked}")
    roll(deployment, tag, pushing.image)
    deployment.progress.say(f"MLflow {tag} is at {mlflow.output(TRACKING_URI)}")
