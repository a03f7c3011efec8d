"""A change set of a stack and of all that it nests: made, read, and executed or deleted."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from commands import CommandError
from commands.changes import Change
from commands.packaging import Template, argument
from commands.stack import NESTED
from commands.tracing import traced

if TYPE_CHECKING:
    from commands.options import Options
    from commands.progress import Progress
    from commands.stack import Stack

UNCHANGED = ("didn't contain changes", "No updates are to be performed")
NESTED_ARN = re.compile(r"arn:[^:\s]+:cloudformation:\S+:changeSet/[^\s,]+")
DELETION = 60.0  # seconds that a deletion may take, which nobody watches


class ChangeSet:
    """As a context: made at its beginning, and deleted at its end, with a stack that came with it, unless executed."""

    def __init__(self, stack: Stack, template: Template, given: dict[str, str], options: Options) -> None:
        """`given` are the values of parameters; one that is not given stays as it is in the stack."""
        self._stack, self._template, self._given, self._options = stack, template, given, options
        self._client: Any = stack.session.client("cloudformation")
        self._is_new, self._executed, self._id = not stack.status, False, ""

    def __enter__(self) -> Self:
        self._makes_stack = self._is_new and not self._stack.reviewed
        made = self._client.create_change_set(
            StackName=self._stack.name,
            ChangeSetName=f"hydra-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}",
            ChangeSetType="CREATE" if self._is_new else "UPDATE",
            IncludeNestedStacks=True,
            Parameters=self._parameters(),
            **argument(self._stack.session, self._template, self._options),
            **self._options.change_set,
        )
        self._id, self._stack_id = made["Id"], made["StackId"]
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if not self._executed:
            # What stopped us says more than that what is left could not be deleted.
            with suppress(ClientError, BotoCoreError) if error else nullcontext():
                self._delete()

    def _delete(self) -> None:
        self._client.delete_change_set(ChangeSetName=self._id)
        deadline = time.monotonic() + DELETION
        while self._is_being_deleted() and time.monotonic() < deadline:
            time.sleep(0.5)
        if self._makes_stack:
            self._client.delete_stack(StackName=self._stack_id)

    def _parameters(self) -> list[dict[str, Any]]:
        there = self._stack.parameters
        kept: dict[str, dict[str, Any]] = {name: {"UsePreviousValue": True} for name in there}
        rows = {**kept, **{name: {"ParameterValue": value} for name, value in self._given.items()}}
        declared = self._template.get("Parameters", {})
        return [{"ParameterKey": name, **row} for name, row in rows.items() if name in declared]

    def changes_anything(self, progress: Progress) -> bool:
        """Wait until it is computed. Raises CommandError that says why it could not be."""
        answer = progress.until(self._computed, "Asking CloudFormation what would change")
        if answer["Status"] != "FAILED":
            return True
        reason = answer.get("StatusReason", "")
        if any(text in reason for text in UNCHANGED):
            return False
        raise CommandError(f"{self._stack.name}: no change set: {self._cause(reason)}")

    def _computed(self) -> dict[str, Any] | None:
        answer = self._client.describe_change_set(ChangeSetName=self._id)
        return None if answer["Status"] in ("CREATE_PENDING", "CREATE_IN_PROGRESS") else dict(answer)

    def _cause(self, reason: str) -> str:
        """The reason below, where the one here only says which nested change set failed."""
        found = NESTED_ARN.search(reason)
        if not found or found[0].rstrip(".") == self._id:
            return reason
        answer = self._client.describe_change_set(ChangeSetName=found[0].rstrip("."))
        return f"{answer['StackName']}: {self._cause(answer.get('StatusReason', ''))}"

    def changes(self) -> list[Change]:
        """Return what would become of each resource, in the nested stacks too."""
        return traced(list(self._of(self._id, "")))

    def _of(self, arn: str, above: str) -> Iterator[Change]:
        pages = self._client.get_paginator("describe_change_set")
        for page in pages.paginate(ChangeSetName=arn, IncludePropertyValues=True):
            for row in (found["ResourceChange"] for found in page["Changes"]):
                path = f"{above}{row['LogicalResourceId']}"
                yield Change.of(path, row)
                if row.get("ChangeSetId"):
                    yield from self._of(row["ChangeSetId"], f"{path}/")
                elif row["ResourceType"] == NESTED and row["Action"] == "Remove":
                    yield from self._removed(row["PhysicalResourceId"], f"{path}/")

    def _removed(self, stack_id: str, above: str) -> Iterator[Change]:
        """All that goes with a nested stack, of which a change set says nothing."""
        for path, row in self._stack.at(stack_id).everything():
            yield Change(f"{above}{path}", row["ResourceType"], "Remove")

    def execute(self) -> None:
        """Begin it."""
        more = {"DisableRollback": True} if self._options.disable_rollback else {}
        self._client.execute_change_set(ChangeSetName=self._id, **more)
        self._executed = True

    def _is_being_deleted(self) -> bool:
        try:
            status = self._client.describe_change_set(ChangeSetName=self._id)["Status"]
        except ClientError as error:
            if "ChangeSetNotFound" in str(error) or "does not exist" in str(error):
                return False
            raise
        return status in ("DELETE_PENDING", "DELETE_IN_PROGRESS")
