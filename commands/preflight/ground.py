"""What the checks stand on: what was built, what stands already, and AWS to ask, without changing anything."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from commands.asking import built_parameters
from commands.configuration import TAG
from commands.preflight.built import Resource, Template
from commands.preflight.outcome import NotCheckedError
from commands.stack import Stack

if TYPE_CHECKING:
    from commands.configuration import Configuration

DENIED = ("403", "AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")
PERMISSIONS = {"s3:HeadBucket": "s3:ListBucket"}  # of an operation, where it has another name
PATIENCE = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=10, read_timeout=30)

Answer = dict[str, Any]


class Ground:
    """All that a check may look at. What costs more than one call is looked up once, here."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration, self.session = configuration, configuration.session()
        self._clients: dict[str, Any] = {}
        self._lock = Lock()
        self.region = str(self.session.region_name)
        self.identity = str(self.call("sts", "get_caller_identity")["Arn"])
        _, self.partition, _, _, self.account, _ = self.identity.split(":", 5)
        self.stack = Stack(self.session, configuration.stack_name)
        self.description: Answer = {}
        self.standing: list[tuple[str, str]] = []  # type, physical ID
        self.unseen = ""  # why its stack cannot be looked at
        self._look_at_stack()
        self.asked = built_parameters(configuration.template)
        standing = self.description.get("Parameters", [])
        self.kept = {row["ParameterKey"]: row.get("ParameterValue", "") for row in standing}
        given = {**self.kept, **configuration.parameters}
        self.tag = given.get(TAG, "")
        if TAG in self.asked:
            given[TAG] = self.tag or "(pushed by make start)"  # with a tag there is a service to look at
        self.template = Template(configuration.template, given, self._pseudo())
        self.resources = list(self.template.resources())

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of the root's parameters: given, standing or by default."""
        return self.template.parameters

    def of(self, *types: str) -> Iterator[Resource]:
        """Yield the resources of these types that there will be."""
        return (one for one in self.resources if one.type in types)

    def count_standing(self) -> Counter[str]:
        """Return how many resources of each type the stack has already."""
        return Counter(kind for kind, _ in self.standing)

    def is_ours(self, kind: str, name: str) -> bool:
        """Tell whether the stack has a resource of this type and physical name already."""
        return any(name == known or name in re.split("[:/]", known) for one, known in self.standing if one == kind)

    def client(self, service: str) -> Any:
        with self._lock:  # a session makes one client at a time
            if service not in self._clients:
                self._clients[service] = self.session.client(service, config=PATIENCE)  # type: ignore[call-overload]
            return self._clients[service]

    def call(self, service: str, operation: str, missing: tuple[str, ...] = (), **arguments: Any) -> Answer:
        """Ask AWS, for all pages. An error code of `missing` is an empty answer.

        Raises NotCheckedError for any other error: it names the permission, where that is what is missing.
        """
        client = self.client(service)
        try:
            if client.can_paginate(operation):
                return dict(client.get_paginator(operation).paginate(**arguments).build_full_result())
            return dict(getattr(client, operation)(**arguments))
        except ClientError as error:
            if _code(error) in missing:
                return {}
            raise _not_checked(client.meta.service_model.signing_name, error) from error
        except ResponseParserError as error:  # an emulator that does not know the operation
            raise NotCheckedError(f"{service} does not answer {operation} here") from error
        except BotoCoreError as error:
            raise NotCheckedError(str(error)) from error

    def rows(self, service: str, operation: str, key: str, **arguments: Any) -> list[Answer]:
        """Ask AWS for a list, which some answers leave out where it is empty. Raises NotCheckedError as `call` does."""
        return list(self.call(service, operation, (), **arguments).get(key, []))

    def _look_at_stack(self) -> None:
        try:
            self.description = self.stack.description or {}
            self.standing = list(_standing(self.stack))
        except ClientError as error:
            self.unseen = str(_not_checked("cloudformation", error))

    def _pseudo(self) -> dict[str, str]:
        return {
            "AWS::AccountId": self.account,
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::StackName": self.stack.name,
            "AWS::URLSuffix": "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com",
        }


def _code(error: ClientError) -> str:
    return str(error.response["Error"].get("Code", ""))


def _not_checked(service: str, error: ClientError) -> NotCheckedError:
    action, code = f"{service}:{error.operation_name}", _code(error)
    why = f"{action} says {code}: {error.response['Error'].get('Message', '')}"
    if code in DENIED:
        why = f"it takes the permission {PERMISSIONS.get(action, action)}"
    return NotCheckedError(why, error.response["ResponseMetadata"].get("HTTPHeaders"))


def _standing(stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield what a stack has and those that it nests: type, physical ID."""
    for row in stack.resources.values():
        physical = row.get("PhysicalResourceId", "")
        if not physical or row["ResourceStatus"] == "DELETE_COMPLETE":
            continue
        yield row["ResourceType"], physical
        if row["ResourceType"] == "AWS::CloudFormation::Stack":
            yield from _standing(Stack(stack.session, physical))
