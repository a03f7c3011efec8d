"""A stack as CloudFormation has it now, and those that it nests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

import yaml
from botocore.exceptions import ClientError

from commands import CommandError

if TYPE_CHECKING:
    import boto3

NESTED = "AWS::CloudFormation::Stack"
# Nested stacks, by the logical IDs that templates_py gives them.
MLFLOW, CONTAINER_REPOSITORY = "Mlflow", "ContainerRepository"
REPOSITORY = "Repository"  # in ContainerRepository, unless that takes an existing one
# Outputs, by the names that templates_py gives them.
REPOSITORY_URL = "ContainerRepositoryUrl"
TRACKING_URI = "TrackingUri"
CLUSTER, SERVICE = "EcsClusterName", "EcsServiceName"
DB_INSTANCE = "DbInstanceIdentifier"

Row = dict[str, Any]


class Stack:
    """A stack by its name or ARN; each property asks CloudFormation anew."""

    def __init__(self, session: boto3.Session, name: str) -> None:
        self.session, self.name = session, name
        self._client: Any = session.client("cloudformation")

    @property
    def description(self) -> Row | None:
        """What CloudFormation says of it; None where there is none, or no more than a change set for one."""
        found = self._found()
        return None if found and found["StackStatus"] in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else found

    @property
    def status(self) -> str:
        """Its status; empty where there is no stack."""
        return str((self.description or {}).get("StackStatus", ""))

    @property
    def reviewed(self) -> bool:
        """Whether there is no more than a change set for one."""
        return (self._found() or {}).get("StackStatus") == "REVIEW_IN_PROGRESS"

    def _found(self) -> Row | None:
        try:
            (found,) = self._client.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return dict(found)

    @property
    def parameters(self) -> dict[str, str]:
        found = (self.description or {}).get("Parameters", [])
        return {row["ParameterKey"]: row.get("ParameterValue", "") for row in found}

    def output(self, name: str) -> str:
        """Return an output. Raises CommandError where there is none of that name."""
        for row in (self.description or {}).get("Outputs", []):
            if row["OutputKey"] == name:
                return str(row["OutputValue"])
        raise CommandError(f"Stack {self.name} has no output {name}: deploy what `make build` makes first")

    @property
    def resources(self) -> dict[str, Row]:
        """Its resources by logical ID, as far as they are there; none where there is no stack."""
        try:
            pages = self._client.get_paginator("list_stack_resources").paginate(StackName=self.name)
            return {row["LogicalResourceId"]: row for page in pages for row in page["StackResourceSummaries"]}
        except ClientError as error:
            if "does not exist" in str(error):
                return {}
            raise

    @property
    def template(self) -> Row:
        """What was deployed, after its transforms; also of one that is gone."""
        body = self._client.get_template(StackName=self.name)["TemplateBody"]
        return dict(body if isinstance(body, dict) else yaml.load(body, Loader=yaml.CSafeLoader))

    def nested(self, logical_id: str) -> Self | None:
        """Return the nested stack of this logical ID, where it is there already."""
        row = self.resources.get(logical_id, {})
        return self.at(row["PhysicalResourceId"]) if row.get("PhysicalResourceId") else None

    def at(self, name: str) -> Self:
        """Return another stack, by its name or ARN."""
        return type(self)(self.session, name)

    def stacks(self, above: str = "") -> Iterator[tuple[str, Self, dict[str, Row]]]:
        """Yield itself and the stacks below it, gone ones too: what comes before the paths in it, stack, resources."""
        resources = self.resources
        yield above, self, resources
        for title, row in resources.items():
            if row["ResourceType"] == NESTED and row.get("PhysicalResourceId"):
                yield from self.at(row["PhysicalResourceId"]).stacks(f"{above}{title}/")

    def everything(self) -> Iterator[tuple[str, Row]]:
        """Yield all resources, those of a nested stack after those of its own: path of logical IDs, row."""
        for above, _, resources in self.stacks():
            yield from ((f"{above}{title}", row) for title, row in resources.items())

    def tree(self) -> Iterator[tuple[str, Row]]:
        """Yield the nested stacks and those below them: path of logical IDs, row."""
        yield from ((path, row) for path, row in self.everything() if row["ResourceType"] == NESTED)

    @property
    def deleted(self) -> Self | None:
        """The newest of its name that was deleted, by its ID: CloudFormation knows it for 90 days."""
        pages = self._client.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"])
        found = [row for page in pages for row in page["StackSummaries"] if row["StackName"] == self.name]
        newest = max(found, key=lambda row: row["CreationTime"], default=None)
        return self.at(newest["StackId"]) if newest else None

    @property
    def mlflow(self) -> Self | None:
        """The stack of the MLflow system: nested, or this one; None where there is none, or none yet."""
        resources = self.resources
        if MLFLOW in resources:
            return self.nested(MLFLOW)
        return self if CONTAINER_REPOSITORY in resources else None

    @property
    def repository(self) -> Self | None:
        """The nested stack of the image's repository, where it is there already."""
        mlflow = self.mlflow
        return mlflow.nested(CONTAINER_REPOSITORY) if mlflow else None

    @property
    def repository_url(self) -> str:
        """The URL of the image's repository, which stands long before the databases; empty until then."""
        repository = self.repository
        if repository and repository.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
            return repository.output(REPOSITORY_URL)
        return ""
