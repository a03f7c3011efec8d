"""Whether a value that CloudFormation cannot know before is another at all.

An output of a nested stack that changes in any way is "known after apply", and what takes it "will be replaced"
(coverage-roadmap#759, #2113). It is the same as long as nothing in that stack is added, removed or replaced, and its
template, and so the output, is the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from commands.stack import NESTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.changes import Change, Detail

Tree = dict[str, "Change"]


def traced(changes: Sequence[Change]) -> list[Change]:
    """Return the changes with each detail marked whose value is the same by what the others say."""
    tree = {change.path: change for change in changes}
    return [_marked(change, tree) if change.details and change.kind != NESTED else change for change in changes]


def _marked(change: Change, tree: Tree) -> Change:
    by_name: dict[str, list[Detail]] = {}
    for detail in change.details:
        by_name.setdefault(detail.name, []).append(detail)
    same = {name for name, details in by_name.items() if not _differs(details, change.path, tree)}
    details = tuple(replace(detail, same=detail.same or detail.name in same) for detail in change.details)
    return replace(change, details=details)


def _differs(details: list[Detail], path: str, tree: Tree) -> bool:
    """Whether a property's value may be another; where nothing says that it is the same, it may."""
    causes = [detail.cause for detail in details if detail.cause]
    edited = any(not detail.cause and not detail.is_dynamic for detail in details)
    return edited or not causes or any(_is_another(cause, path, tree) for cause in causes)


def _is_another(cause: str, path: str, tree: Tree) -> bool:
    """Whether what a resource's property is taken from may be another: a resource beside it, or a parameter."""
    above = path.rpartition("/")[0]
    title, _, attribute = cause.partition(".")
    beside = tree.get(f"{above}/{title}".removeprefix("/"))
    if beside and beside.kind == NESTED:
        return _gives_another(beside, tree)
    if beside:
        return bool(attribute or beside.replaces or beside.action != "Modify")
    given = [detail for detail in tree[above].details if detail.place.endswith(f"/{cause}")] if above in tree else []
    return not given or _differs(given, above, tree)


def _gives_another(nested: Change, tree: Tree) -> bool:
    edited = nested.action != "Modify" or any(detail.name == "TemplateURL" for detail in nested.details)
    below = [change for path, change in tree.items() if path.startswith(f"{nested.path}/")]
    return edited or any(change.action != "Modify" or change.replaces for change in below)
