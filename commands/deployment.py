"""A deployment: packages uploaded, a change set of the whole tree judged, executed and watched to its end."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from commands.asking import check
from commands.change_set import ChangeSet
from commands.changes import Change, refusals
from commands.configuration import TAG
from commands.events import latest
from commands.offline import keep
from commands.options import Options
from commands.packaging import Template, package
from commands.resting import DeploymentError, check_end, settle
from commands.stack import NESTED
from commands.waiting import watch

if TYPE_CHECKING:
    from commands.configuration import Configuration
    from commands.progress import Progress
    from commands.stack import Stack

PROTECTION = "DeletionProtection"  # what the names of its parameters end with

Parameters = dict[str, str]
# Shown the changes before they are made, and the parameters that change.
Look = Callable[[list[Change], Parameters], None]


def nothing(changes: list[Change], parameters: Parameters) -> None:
    """Look, and say nothing."""


class RefusedError(DeploymentError):
    """What the change would take is not to be taken: a line for each thing; nothing was changed."""

    def __init__(self, lines: Collection[str]) -> None:
        super().__init__("\n".join(lines))


class Deployment:
    """The stack of an environment, as it is changed here."""

    def __init__(
        self, configuration: Configuration, stack: Stack, progress: Progress, allowed: Collection[str] = ()
    ) -> None:
        """`allowed` names what may be replaced, removed or made anew although it holds data: paths of logical IDs.

        Raises CommandError for an option of samconfig.toml that is not taken.
        """
        self.configuration, self.stack, self.progress, self.allowed = configuration, stack, progress, allowed
        self.options = Options(configuration)
        self._packaged: Template | None = None

    def run(self, alongside: Callable[[], None] = lambda: None, look: Look = nothing) -> None:
        """Deploy what `sam build` made, with the parameters of samconfig.toml, and wait for the end.

        A first creation is made without deletion protection, so that one that fails can be taken back (P62); what is
        to be protected is afterwards. `alongside` is called at each look at the stack, `look` with the changes before
        they are made. Raises RefusedError, or DeploymentError with the first cause.
        """
        self.progress.say(f"Deploying {self.stack.name}")
        template = self._package()
        given = self._given(template)
        unprotected = {**given, **dict.fromkeys(_protections(template), "false")}
        if not self.stack.status and unprotected != given:
            self._change(template, unprotected, alongside, look)
            self.progress.say("It stands: turning deletion protection on")
            look = nothing
        self._change(template, given, alongside, look)
        keep(self.configuration, given)

    def compare(self, look: Look) -> None:
        """Show `look` what `run` would change, and change nothing."""
        template = self._package()
        given = self._given(template)
        with ChangeSet(self.stack, template, given, self.options) as change_set:
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

    def _package(self) -> Template:
        """Upload what was built, once for all that a command changes."""
        self._packaged = self._packaged or package(self.configuration, self.options, self.progress)
        return self._packaged

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
        with ChangeSet(self.stack, template, given, self.options) as change_set:
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
        check_end(self.stack)

    def settle(self, alongside: Callable[[], None] = lambda: None) -> None:
        """Wait for what is in progress. Raises DeploymentError where the stack cannot be changed then."""
        settle(self.stack, self.progress, alongside)


def _protections(template: Template) -> list[str]:
    return [name for name in template.get("Parameters", {}) if name.endswith(PROTECTION)]


def _count(changes: list[Change]) -> str:
    count = sum(change.kind != NESTED for change in changes)
    return f"{count} resource{'s' if count != 1 else ''}"
