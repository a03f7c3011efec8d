"""What a resource depends on outlives it.

What it mends: where a resource cannot be deleted (a database that is protected), ministack goes on to delete all that
it depends on, its secrets and its subnet group.
"""

from __future__ import annotations

from typing import Any


def install() -> None:
    from ministack.services.cloudformation import stacks

    delete = stacks._delete_resource

    def deleted(kind: str, physical_id: str, properties: Any, stack: str = "", logical_id: str = "") -> None:
        if dependents := _failed_dependents(stack, logical_id):
            raise ValueError(f"{', '.join(dependents)} could not be deleted, and depends on this")
        delete(kind, physical_id, properties, stack, logical_id)

    stacks._delete_resource = deleted


def _failed_dependents(name: str, logical_id: str) -> list[str]:
    """Return the resources of a stack under deletion that depend on one and are still there."""
    from ministack.services.cloudformation import _stacks
    from ministack.services.cloudformation.stacks import _with_dependencies

    stack = _stacks.get(name) or {}
    if stack.get("StackStatus") != "DELETE_IN_PROGRESS":
        return []
    there, defined = stack["_resources"], stack["_template"]["Resources"]
    failed = [other for other in there if there[other].get("ResourceStatus") == "DELETE_FAILED" and other != logical_id]
    return [other for other in failed if logical_id in _with_dependencies([other], defined, set(there))]
