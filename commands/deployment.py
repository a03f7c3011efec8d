"""`sam deploy`, watched: a line for each nested stack that is made or changed, and the first cause where it fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from commands import CommandError
from commands.events import first_cause, latest
from commands.program import Program
from commands.way_on import DEAD_ENDS

if TYPE_CHECKING:
    from commands.configuration import Configuration
    from commands.progress import Progress
    from commands.stack import Stack

GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_COMPLETE")


class DeploymentError(CommandError):
    """The stack could not be made or changed."""


class Deployment:
    """The stack of an environment, as `sam deploy` changes it."""

    def __init__(self, configuration: Configuration, stack: Stack, progress: Progress) -> None:
        self.configuration, self.stack, self.progress = configuration, stack, progress

    def run(self, alongside: Callable[[], None] = lambda: None) -> None:
        """Deploy what `sam build` made, with the parameters of samconfig.toml, and wait for the end.

        `alongside` is called at each look. Raises DeploymentError with the first cause.
        """
        self.progress.say(f"Deploying {self.stack.name} (all that SAM says: .aws-sam/deploy.log)")
        line = ["samcli", "deploy", "--config-env", self.configuration.environment]
        line += ["--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"]
        before = latest(self.stack)
        with Program("deploy.log", *line, variables={"SAM_CLI_TELEMETRY": "0"}) as sam:
            self._watch(alongside, sam)
            if sam.failed:
                begun = latest(self.stack) != before  # else it is SAM that failed, and older events have another cause
                cause = (begun and first_cause(self.stack)) or sam.last_line.removeprefix("Error: ")
                raise DeploymentError(f"{self.stack.name}: {cause}{self._way_out(self.stack.status)}")

    def settle(self, alongside: Callable[[], None] = lambda: None) -> None:
        """Wait for what somebody else, or an interrupted command, has begun; no change can be made before its end.

        Raises DeploymentError where that fails, or where the stack is one that cannot be changed.
        """
        began = self.stack.status
        if began.endswith("_IN_PROGRESS") and began not in DEAD_ENDS:
            self.progress.say(f"{self.stack.name} is in progress already ({began}): waiting for its end")
            self._watch(alongside)
        status = self.stack.status
        if status in DEAD_ENDS or (status != began and status not in GOOD):
            cause = first_cause(self.stack) or status
            raise DeploymentError(f"{self.stack.name}: {cause}{self._way_out(status)}")

    def _watch(self, alongside: Callable[[], None], sam: Program | None = None) -> None:
        """Say what changes until SAM has ended, and the stack with it: a SAM that loses sight of it ends early."""
        seen, ended = self._nested(), False
        while not ended:
            ended = not (sam and sam.running) and not self.stack.status.endswith("_IN_PROGRESS")
            now = self._nested()
            busy = [path for path, (status, _) in now.items() if status.endswith("_IN_PROGRESS")]
            for path, (status, _) in now.items():
                if seen.get(path) != now[path] and path not in busy:
                    self.progress.say(f"{path}: {status}")
            seen = now
            alongside()
            if not ended:
                self.progress.still(f"In progress: {', '.join(busy) or self.stack.status or 'packages and change set'}")
                self.progress.pause(sam)

    def _nested(self) -> dict[str, tuple[str, object]]:
        """Nested stacks by path: status, and when it last changed."""
        return {path: (row["ResourceStatus"], row.get("LastUpdatedTimestamp")) for path, row in self.stack.tree()}

    def _way_out(self, status: str) -> str:
        if status not in DEAD_ENDS:
            return ""
        return f". The stack is in {status}: {DEAD_ENDS[status].format(name=self.stack.name)}, then run this again"
