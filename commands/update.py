"""`make update_container`: a new image, its schema first, then its tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commands import CommandError
from commands.pushing import Pushing
from commands.resting import DeploymentError
from commands.rolling import nothing_to_do, roll, serving, standing
from commands.service import NEEDS_UPGRADE, UP_TO_DATE, Service
from commands.snapshots import Snapshots
from commands.stack import TRACKING_URI

if TYPE_CHECKING:
    from commands.configuration import Configuration
    from commands.deployment import Deployment
    from commands.stack import Stack


def update(configuration: Configuration, given: str = "") -> None:
    """Build and push the image of this folder, upgrade the schema where it needs that, and roll it out.

    `given` is the tag of an image that is in the repository, to roll out instead.
    """
    deployment, mlflow = standing(configuration)
    stack, old = deployment.stack, serving(deployment.stack)
    with Pushing(configuration, stack.session, deployment.progress, given) as pushing:
        if pushing.tag != old:
            pushing.begin(stack.repository_url)
            pushing.finish()
    if pushing.tag == old:
        return nothing_to_do(deployment)
    snapshot = _upgrade(deployment, mlflow, pushing.image, old)
    try:
        roll(deployment, pushing.tag, pushing.image)
    except DeploymentError as error:
        if snapshot:
            raise DeploymentError(
                f"{error}. The schema is {pushing.tag}'s now: tasks of {old} go on, but none starts anew. "
                f"Mend the image and update again, or restore snapshot {snapshot} (docs/mlflow.md)"
            ) from None
        raise
    deployment.progress.say(f"MLflow {pushing.tag} is at {mlflow.output(TRACKING_URI)}")


def _upgrade(deployment: Deployment, mlflow: Stack, image: str, old: str) -> str:
    """Upgrade the schema where the image needs that, a snapshot first (P55); return the snapshot's name, or "".

    It is also where an image that does not run shows, before anything is changed.
    """
    service, progress = Service(deployment.stack.session, mlflow), deployment.progress
    checked = service.migrate(image, progress)
    if checked.exit_code == UP_TO_DATE:
        return ""
    if checked.exit_code != NEEDS_UPGRADE:
        raise CommandError(f"{image.rpartition(':')[2]} does not start, {old} serves as before: {checked}")
    snapshot = Snapshots(deployment.stack.session, mlflow).take(old, progress)
    done = service.migrate(image, progress, "--snapshot", snapshot)
    if done.exit_code != UP_TO_DATE:
        raise CommandError(f"The schema was not upgraded: {done}. The way back is snapshot {snapshot} (docs/mlflow.md)")
    return snapshot
