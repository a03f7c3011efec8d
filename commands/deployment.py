"""A deployment: packages uploaded, a change set of the whole tree judged, executed and watched to its end."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from commands import CommandError
from commands.asking import check
from commands.change_set import ChangeSet
from commands.changes import Change, refusals
from commands.configuration import TAG
from commands.events import first_cause, latest
from commands.options import Options
from commands.packaging import Template, package
from commands.stack import NESTED
from commands.waiting import watch
from templates_py.review.data import HOLDS_DATA

if TYPE_CHECKING:
    from commands.configuration import Configuration
    from commands.progress import Progress
    from commands.stack import Stack

# What cannot be updated, and the way out.
DEAD_ENDS = {
    "CREATE_FAILED": "delete it (aws cloudformation delete-stack --stack-name {name})",
    "ROLLBACK_COMPLETE": "delete it (aws cloudformation delete-stack --stack-name {name})",
    "ROLLBACK_FAILED": "empty or unprotect what it could not delete, and delete it "
    "(aws cloudformation delete-stack --stack-name {name})",
    "DELETE_FAILED": "delete it (aws cloudformation delete-stack --stack-name {name})",
    "UPDATE_ROLLBACK_FAILED": "finish its rollback (aws cloudformation continue-update-rollback --stack-name {name})",
    "DELETE_IN_PROGRESS": "wait for its end",
}
GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_COMPLETE")
PROTECTION = "DeletionProtection"  # what the names of its parameters end with

Parameters = dict[str, str]
# Shown the changes before they are made, and the parameters that change.
Look = Callable[[list[Change], Parameters], None]


class DeploymentError(CommandError):
    """The stack could not be made or changed."""


class RefusedError(DeploymentError):
    """What the change would take is not to be taken: a line for each thing; nothing was changed."""

    def __init__(self, lines: Collection[str]) -> None:
        super().__init__("\n".join(lines))


class Deployment:
    """The stack of an environment, as it is changed here."""

    def __init__(
        self, configuration: Configuration, stack: Stack, progress: Progress, allowed: Collection[str] = ()
    ) -> None:
        """`allowed` names what may be replaced, removed or made anew although it holds data: paths of logical IDs."""
        self.configuration, self.stack, self.progress, self.allowed = configuration, stack, progress, allowed

    def run(self, alongside: Callable[[], None] = lambda: None, look: Look = lambda changes, parameters: None) -> None:
        """Deploy what `sam build` made, with the parameters of samconfig.toml, and wait for the end.

        A first creation is made without deletion protection, so that one that fails can be taken back (P62); what is
        to be protected is afterwards. `alongside` is called at each look at the stack, `look` with the changes before
        they are made. Raises RefusedError, or DeploymentError with the first cause.
        """
        self.progress.say(f"Deploying {self.stack.name}")
        template = package(self.configuration, self.progress)
        given = self._given(template)
        unprotected = {**given, **dict.fromkeys(_protections(template), "false")}
        if not self.stack.status and unprotected != given:
            self._change(template, unprotected, alongside, look)
            self.progress.say("It stands: turning deletion protection on")
        self._change(template, given, alongside, look)

    def compare(self, look: Look) -> None:
        """Show `look` what `run` would change, and change nothing."""
        template = package(self.configuration, self.progress)
        given = self._given(template)
        with ChangeSet(self.stack, template, given, Options(self.configuration)) as change_set:
            changes = change_set.changes() if change_set.changes_anything(self.progress) else []
            look(changes, self._changed(given))

    def refusals(self, changes: list[Change], parameters: Parameters) -> list[str]:
        """Return a line for each thing that `run` refuses to do."""
        there = (path for path, _ in self.stack.everything()) if any(change.risk for change in changes) else ()
        lines = refusals(changes, self.allowed, parameters, there)
        if parameters.get(TAG) == "" and (tag := self.stack.parameters.get(TAG)) and TAG not in self.allowed:
            lines.append(
                f"{TAG} is empty, and the service that runs image {tag} would be removed: "
                f"`make start` keeps it. To have that: ALLOW={TAG}"
            )
        return lines

    def _given(self, template: Template) -> Parameters:
        """The values of the parameters; deletion protection is always among them, as a first creation left it off."""
        declared = template.get("Parameters", {})
        check(self.configuration, declared)
        defaults = {name: str(declared[name].get("Default", "")) for name in _protections(template)}
        return {**{name: value for name, value in defaults.items() if value}, **self.configuration.parameters}

    def _changed(self, given: Parameters) -> Parameters:
        there = self.stack.parameters
        return {name: value for name, value in given.items() if there.get(name, "") != value}

    def _change(self, template: Template, given: Parameters, alongside: Callable[[], None], look: Look) -> None:
        with ChangeSet(self.stack, template, given, Options(self.configuration)) as change_set:
            if not change_set.changes_anything(self.progress):
                return self.progress.say("Nothing to change")
            changes, parameters = change_set.changes(), self._changed(given)
            if lines := self.refusals(changes, parameters):
                raise RefusedError(lines)
            look(changes, parameters)
            before = latest(self.stack)
            change_set.execute()
            self.progress.until(lambda: latest(self.stack) != before or None, f"Changing {_count(changes)}")
        watch(self.stack, self.progress, alongside)
        self._check(self.stack.status)

    def _check(self, status: str) -> None:
        if status not in GOOD:
            raise DeploymentError(f"{self.stack.name}: {first_cause(self.stack) or status}{self._way_out(status)}")

    def settle(self, alongside: Callable[[], None] = lambda: None) -> None:
        """Wait for what somebody else, or an interrupted command, has begun; no change can be made before its end.

        Raises DeploymentError where that fails, or where the stack is one that cannot be changed.
        """
        began = self.stack.status
        if began.endswith("_IN_PROGRESS") and began not in DEAD_ENDS:
            self.progress.say(f"{self.stack.name} is in progress already ({began}): waiting for its end")
            watch(self.stack, self.progress, alongside)
        status = self.stack.status
        if status in DEAD_ENDS or status != began:
            self._check(status)

    def clear(self) -> None:
        """Delete a stack that was never made, if nothing in it holds data: only then can it be made anew."""
        if self.stack.status != "ROLLBACK_COMPLETE" or self._holds_data():
            return
        self.progress.say(f"{self.stack.name} was not made the last time, and nothing in it holds data: deleting it")
        client: Any = self.stack.session.client("cloudformation")
        client.delete_stack(StackName=self.stack.name)
        self.progress.until(lambda: not self.stack.status or None, f"Deleting {self.stack.name}")

    def _holds_data(self) -> bool:
        rows = [row for _, row in self.stack.everything() if row["ResourceType"] in HOLDS_DATA]
        return any(row["ResourceStatus"] != "DELETE_COMPLETE" for row in rows)

    def _way_out(self, status: str) -> str:
        if status not in DEAD_ENDS:
            return ""
        return f". The stack is in {status}: {DEAD_ENDS[status].format(name=self.stack.name)}, then run this again"


def _protections(template: Template) -> list[str]:
    return [name for name in template.get("Parameters", {}) if name.endswith(PROTECTION)]


def _count(changes: list[Change]) -> str:
    count = sum(change.kind != NESTED for change in changes)
    return f"{count} resource{'s' if count != 1 else ''}"
