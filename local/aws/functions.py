"""A deleted function's process ends with it; ministack lets the one of a stack wait for calls that never come."""

from __future__ import annotations

from typing import Any


def install() -> None:
    from ministack.core.lambda_runtime import invalidate_worker
    from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

    handlers = _RESOURCE_HANDLERS["AWS::Lambda::Function"]
    delete = handlers["delete"]

    def deleted(physical_id: str, properties: dict[str, Any]) -> None:
        delete(physical_id, properties)
        invalidate_worker(physical_id)

    handlers["delete"] = deleted
