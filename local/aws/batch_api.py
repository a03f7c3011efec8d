"""How an operation of Batch's API is added to ministack, and what botocore's model of that API knows.

An operation is a function of the request, named as in boto3, that returns the response or raises ClientError.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from botocore.session import get_session
from ministack.core.responses import error_response_json
from ministack.services import batch

Record = dict[str, Any]
Operation = Callable[[Record], Record]

INVALID = "Properties validation failed"  # as CloudFormation says it
OPERATIONS: dict[str, Operation] = {}


class ClientError(Exception):
    """What Batch answers with 400 and the code ClientException."""


def register(name: str, operation: Operation) -> None:
    """Give ministack the operation of this name, in place of its own where it has one."""

    def answered(request: Record) -> Any:
        try:
            return batch._json(200, operation(request))
        except ClientError as error:
            return error_response_json("ClientException", str(error), 400)

    OPERATIONS[name] = operation
    batch._DISPATCH["/v1/" + name.replace("_", "")] = answered


@cache
def model() -> Any:
    return get_session().get_service_model("batch")


def as_request(properties: Record, shape: Any, place: str = "") -> Record:
    """Return CloudFormation's properties as the API names and types them, which is what CloudFormation sends.

    Raises ValueError that names the property, where it is unknown, missing, or of another type or value.
    """
    request = {}
    for key, value in properties.items():
        name = key[0].lower() + key[1:]
        if name not in shape.members or not key[0].isupper():
            raise ValueError(f"{INVALID}: extraneous key [{place}{key}] is not permitted")
        request[name] = _value(value, shape.members[name], f"{place}{key}")
    for name in shape.required_members:
        if name not in request:
            raise ValueError(f"{INVALID}: required key [{place}{name[0].upper()}{name[1:]}] not found")
    return request


def _value(value: Any, shape: Any, place: str) -> Any:
    try:
        match shape.type_name:
            case "structure":
                return as_request(value, shape, f"{place}/")
            case "list":
                return [_value(item, shape.member, f"{place}/{at}") for at, item in enumerate(value)]
            case "map":
                return {key: str(item) for key, item in value.items()}
            case "boolean":
                return {"true": True, "false": False}[str(value).lower()]
            case "integer" | "long":
                return int(value)
            case "float":
                return float(value)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if str(error).startswith(INVALID):
            raise
        raise ValueError(f"{INVALID}: [{place}] is {value!r}, no {shape.type_name}") from None
    if shape.enum and value not in shape.enum:
        raise ValueError(f"{INVALID}: [{place}] is {value!r}, not one of {', '.join(shape.enum)}")
    return str(value)
