"""What samconfig.toml says to `sam deploy`, and where it goes here: nothing of it is left out in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from samcli.cli.types import CfnTags

from commands import CommandError

if TYPE_CHECKING:
    from commands.configuration import Configuration

# `sam package` takes these as `sam deploy` does.
PACKAGED = frozenset(
    {
        "s3_bucket",
        "s3_prefix",
        "resolve_s3",
        "kms_key_id",
        "force_upload",
        "image_repository",
        "image_repositories",
        "resolve_image_repos",
        "signing_profiles",
        "metadata",
        "language_extensions",
        "region",
        "profile",
    }
)
# A change set takes these, the ones that are read here, and those that Configuration reads.
ARGUMENTS = {"role_arn": "RoleARN", "capabilities": "Capabilities", "notification_arns": "NotificationARNs"}
READ = frozenset({*ARGUMENTS, "tags", "disable_rollback", "confirm_changeset"})
CONFIGURED = frozenset({"stack_name", "parameter_overrides", "template_file"})
# How SAM talks, waits and ends: these commands have a way of their own.
TALK = frozenset(
    {"no_progressbar", "output", "use_json", "debug", "save_params", "max_wait_duration", "fail_on_empty_changeset"}
)
# What these commands do otherwise, unless it says the same.
OTHERWISE = {
    "on_failure": ("ROLLBACK", "`make destroy` deletes, disable_rollback = true leaves what failed"),
    "express": (False, "a resource counts here when it works"),
    "guided": (False, "`sam deploy --guided` asks"),
    "no_execute_changeset": (False, "`make diff` shows what would change"),
    "beta_features": (False, "none is used"),
}


class Options:
    """An environment's options of `sam deploy`. Raises CommandError for one that is not known, or not taken."""

    def __init__(self, configuration: Configuration) -> None:
        self._said, self._place = configuration.deploy, f"{configuration.path}: [{configuration.environment}.deploy"
        known = PACKAGED | READ | CONFIGURED | TALK | OTHERWISE.keys()
        for name in sorted(configuration.deploy_alone - known):
            raise CommandError(f"{self._place}.parameters] {name} = {self._said[name]!r}: unknown to `sam deploy`")
        for name, value in self._said.items():
            expected, way = OTHERWISE.get(name, (value, ""))
            if value != expected:
                raise CommandError(f"{self._place}.parameters] {name} = {value!r}: expected {expected!r}: {way}")

    @property
    def packaging(self) -> dict[str, Any]:
        """Those of `sam package`."""
        return {name: value for name, value in self._said.items() if name in PACKAGED}

    @property
    def change_set(self) -> dict[str, Any]:
        """The arguments of CreateChangeSet that they say."""
        arguments = {to: self._said[name] for name, to in ARGUMENTS.items() if self._said.get(name)}
        for name in ("Capabilities", "NotificationARNs"):
            if isinstance(arguments.get(name), str):
                arguments[name] = arguments[name].split()
        if self._said.get("tags"):
            arguments["Tags"] = [{"Key": key, "Value": value} for key, value in self._tags().items()]
        return arguments

    @property
    def disable_rollback(self) -> bool:
        """Whether what fails is left as it is."""
        return self._flag("disable_rollback")

    @property
    def confirm(self) -> bool:
        """Whether a person is asked first."""
        return self._flag("confirm_changeset")

    def _flag(self, name: str) -> bool:
        value = self._said.get(name, False)
        if not isinstance(value, bool):
            raise CommandError(f"{self._place}.parameters] {name} = {value!r}: expected true or false")
        return value

    def _tags(self) -> dict[str, str]:
        try:
            return dict(CfnTags().convert(self._said["tags"], None, None))
        except (click.ClickException, AttributeError, TypeError):
            said = f"{self._place}.parameters] tags = {self._said['tags']!r}: expected KEY=VALUE pairs"
            raise CommandError(said) from None
