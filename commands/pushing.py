"""The image's build and push, alongside whatever else is being made."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from commands import CommandError
from commands.program import Program
from mlflow_container import image, registry

if TYPE_CHECKING:
    import boto3

    from commands.configuration import Configuration
    from commands.progress import Progress


class Pushing:
    """An image on its way into a repository. As a context, it ends with its block, finished or not."""

    def __init__(self, configuration: Configuration, session: boto3.Session, progress: Progress, given: str) -> None:
        """`given` is the tag of an image that must be there already; else it is that of the image made here."""
        self.given = given
        self._image = None if given else image.current()
        self.tag = self._image.tag if self._image else given
        self.url = ""
        self._pushed = False
        self._configuration, self.progress = configuration, progress
        self._ecr: Any = session.client("ecr")
        self._program: Program | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._program:
            self._program.__exit__(*error)

    @property
    def image(self) -> str:
        return f"{self.url}:{self.tag}"

    def begin(self, url: str) -> None:
        """Start, once, unless the image is there. Raises CommandError for a given tag that is not, or ImageError."""
        if self.url:
            return
        if registry.has(self._ecr, _name(url), self.tag):
            self.progress.say(f"Image {self.tag} is in {url}")
        elif not self._image:
            raise CommandError(f"TAG = {self.given!r}: expected a tag of an image in {url}")
        else:
            self.progress.say(f"Building {self.tag} and pushing it to {url} (all that is said: .aws-sam/image.log)")
            # A base that is named by a tag may be another one by now: it is the one that our tag was made of.
            variables = {**self._configuration.variables, "BASE_IMAGE": self._image.base}
            self._program = Program("image.log", "mlflow_container", "push", url, variables=variables).__enter__()
        self.url = url

    def look(self) -> bool:
        """Tell whether it is over. Raises CommandError where it failed."""
        if not self._program or self._pushed:
            return bool(self.url)
        if self._program.running:
            return False
        if self._program.failed:
            raise CommandError(f"The image was not pushed: {self._program.last_line} (.aws-sam/image.log)")
        self._pushed = True
        self.progress.say(f"Pushed {self.tag}")
        return True

    def finish(self) -> None:
        """Wait for the end. Raises CommandError where it failed."""
        while not self.look():
            assert self._program
            self.progress.still(f"Image: {self._program.last_line}")
            self.progress.pause(self._program)

    def take_away(self, url: str) -> None:
        """Take the image away where it is ours: one in it keeps a repository from being deleted (P62)."""
        self.__exit__()
        if url and not self.given:
            with suppress(self._ecr.exceptions.RepositoryNotFoundException):
                self._ecr.batch_delete_image(repositoryName=_name(url), imageIds=[{"imageTag": self.tag}])
            self.progress.say(f"Took image {self.tag} away again, so that its repository can be deleted")


def _name(url: str) -> str:
    return url.partition("/")[2]
