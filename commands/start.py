"""`make start`: everything in one command. The image is built and pushed while the databases are being made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from commands import CommandError
from commands.asking import built_parameters, complete
from commands.configuration import TAG
from commands.deployment import Deployment
from commands.progress import Progress
from commands.pushing import Pushing
from commands.rolling import agree, roll, serving
from commands.stack import REPOSITORY, TRACKING_URI, Stack
from mlflow_container import builder
from mlflow_container.errors import ImageError

if TYPE_CHECKING:
    from commands.configuration import Configuration


def start(configuration: Configuration, given: str = "", allow: Sequence[str] = ()) -> None:
    """Bring the stack up to what `sam build` made, and MLflow's service with it; each step only where it is not done.

    `given` is the tag of an image that is in the repository; else the image of this folder is built and pushed. `allow`
    names what may be lost that holds data.
    """
    stack, asked = Stack(configuration.session(), configuration.stack_name), built_parameters(configuration.template)
    complete(configuration, stack, asked)
    deployment = Deployment(configuration, stack, Progress(), allow)
    if TAG not in asked:  # a system without MLflow
        deployment.settle()
        deployment.run()
        deployment.progress.say(f"{stack.name} stands")
    elif serving(stack):
        _again(deployment, given)
    else:
        _anew(deployment, given)


def _again(deployment: Deployment, given: str) -> None:
    """Deploy where there is a service: its image stays, since another one may need its database upgraded first."""
    configuration, stack = deployment.configuration, deployment.stack
    deployment.settle()
    wanted, tag = given or configuration.tag, serving(stack)
    if wanted not in ("", tag):
        raise CommandError(f"{stack.name} runs image {tag}, not {wanted}: `make update_container` changes that")
    agree(configuration, stack)
    deployment.run()
    _end(deployment)


def _anew(deployment: Deployment, given: str) -> None:
    """Make what is missing: the stack, the image, then the service. An interrupted start goes on here."""
    configuration, stack = deployment.configuration, deployment.stack
    with Pushing(configuration, stack.session, deployment.progress, given) as pushing:
        if not given and not stack.repository_url:
            builder.find()  # a machine without one says so before anything is made
        alongside = Alongside(stack, pushing)
        deployment.settle(alongside)
        if not stack.repository_url:
            if configuration.tag:
                configuration.write(ImageTag="")  # of a stack that is gone: nothing has been pushed for this one
            deployment.run(alongside)
        pushing.begin(stack.repository_url)
        pushing.finish()
    if serving(stack) != pushing.tag:
        roll(deployment, pushing.tag, pushing.image)
    _end(deployment)


class Alongside:
    """What happens while the stack is being made: the image is pushed as soon as there is a repository."""

    def __init__(self, stack: Stack, pushing: Pushing) -> None:
        self._stack, self._pushing = stack, pushing
        self._over = self._taken_away = False

    def __call__(self) -> None:
        if self._stack.status == "ROLLBACK_IN_PROGRESS":
            self._take_away()
        elif not self._over and (url := self._pushing.url or self._stack.repository_url):
            try:
                self._pushing.begin(url)
                self._over = self._pushing.look()
            except (CommandError, ImageError) as error:  # the stack goes on, and this is raised again after it
                self._pushing.progress.say(f"{error}; the rest of the stack is still being made")
                self._over = True

    def _take_away(self) -> None:
        """Take the image out of the repository that the failed stack made, as long as that is there (P62)."""
        repository = None if self._taken_away else self._stack.repository
        if repository and REPOSITORY in repository.resources:
            self._pushing.take_away(self._pushing.url or self._stack.repository_url)
            self._taken_away = True


def _end(deployment: Deployment) -> None:
    mlflow = deployment.stack.mlflow
    if mlflow:
        deployment.progress.say(f"MLflow {serving(deployment.stack)} is at {mlflow.output(TRACKING_URI)}")
