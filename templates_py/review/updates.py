"""What a changed parameter does to the resources that it reaches, in words."""

from __future__ import annotations

from templates_py.review.changes import Change, changes_of
from templates_py.review.facts import REFUSED, RENEWS, REPLACES, UPDATES
from templates_py.review.tree import Tree

# What is said of one type in other words. A replaced revision of a task definition is a rolling deployment, no loss.
SAID = {
    ("AWS::ECS::TaskDefinition", REPLACES): "rolls the tasks",
    ("AWS::SecretsManager::Secret", RENEWS): "makes a new secret value, unknown to what runs",
    ("Custom::DbInit", UPDATES): "runs the database initialiser",
    ("Custom::DbInit", REFUSED): "is refused: DbInit cannot have another function",
}


def effects(tree: Tree, parameter: str) -> list[str]:
    """Return what a change of a root's `parameter` does, the worst first: `replaces DBInstance`, ..."""
    return list(dict.fromkeys(said(change, change.type.rpartition("::")[2]) for change in changes_of(tree, parameter)))


def said(change: Change, what: str) -> str:
    """A change in words, of a resource that is called `what`."""
    return SAID.get((change.type, change.does), f"{change.does} {what}")
