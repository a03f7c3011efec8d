"""What a change set would do to each resource of the tree, and what of that is refused unless it is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from templates_py.review.data import HOLDS_DATA

DB_INSTANCE, SECRET = "AWS::RDS::DBInstance", "AWS::SecretsManager::Secret"
SNAPSHOT, GENERATED = "DBSnapshotIdentifier", "GenerateSecretString"
# "Update requires: Some interruptions" in RDS's reference, which a change set calls conditional: it replaces nothing.
INTERRUPTS = {
    DB_INSTANCE: frozenset(
        {"AutoMinorVersionUpgrade", "BackupRetentionPeriod", "DBParameterGroupName", "MultiAZ"}
        | {"PreferredMaintenanceWindow", "DBInstanceClass", "EngineVersion", "Port"}
    )
}
UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
# What becomes of it, by the PolicyAction that CloudFormation says.
REMOVED = {
    "Snapshot": "would be deleted, and leave a final snapshot",
    "Retain": "would leave the stack, and stay by itself",
}
REPLACED = {
    "ReplaceAndSnapshot": ", the old one leaving a snapshot",
    "ReplaceAndRetain": ", the old one staying by itself",
    "ReplaceAndDelete": ", the old one deleted",
}

Row = dict[str, Any]


@dataclass(frozen=True)
class Detail:
    """Why a resource changes: the property or attribute, and the parameter or resource that changes it."""

    name: str
    recreation: str
    cause: str
    same: bool = False  # its value before and after is known, and the same
    is_dynamic: bool = False  # whether its value is known only when the change is made
    place: str = ""  # where in the resource it is: /Properties/...

    @classmethod
    def of(cls, row: Row) -> Self:
        """Read a ResourceChangeDetail."""
        target = row.get("Target", {})
        before, after = target.get("BeforeValue"), target.get("AfterValue")
        return cls(
            target.get("Name") or target.get("Attribute", ""),
            target.get("RequiresRecreation", "Never"),
            row.get("CausingEntity", ""),
            before is not None and before == after,
            row.get("Evaluation") == "Dynamic" or after == UNKNOWN,
            target.get("Path", ""),
        )


@dataclass(frozen=True)
class Change:
    """What would become of a resource; its path is made of logical IDs."""

    path: str
    kind: str
    action: str
    replacement: str = ""
    policy: str = ""
    details: tuple[Detail, ...] = ()

    @classmethod
    def of(cls, path: str, row: Row) -> Self:
        """Read a ResourceChange."""
        return cls(
            path,
            kind=row["ResourceType"],
            action=row["Action"],
            replacement=row.get("Replacement") or "",
            policy=row.get("PolicyAction") or "",
            details=tuple(Detail.of(detail) for detail in row.get("Details", [])),
        )

    @property
    def replaces(self) -> str:
        """`True`, `Conditional` or empty: whether the resource would be replaced."""
        if self.replacement not in ("True", "Conditional") or (self.details and not self.recreating):
            return ""
        return "Conditional" if self.details and all(one.is_dynamic for one in self.recreating) else self.replacement

    @property
    def recreating(self) -> list[Detail]:
        """The details that replace it, or may."""
        spared = INTERRUPTS.get(self.kind, frozenset())
        found = [detail for detail in self.details if detail.recreation != "Never" and not detail.same]
        return [detail for detail in found if detail.recreation == "Always" or detail.name not in spared]

    @property
    def interrupts(self) -> bool:
        spared = INTERRUPTS.get(self.kind, frozenset())
        return not self.replaces and any(detail.name in spared and not detail.same for detail in self.details)

    @property
    def risk(self) -> str:
        """What would become of the data that it holds; empty where it holds none, or nothing happens to them."""
        if self.kind not in HOLDS_DATA:
            return ""
        if self.action == "Remove":
            return REMOVED.get(self.policy, "would be deleted")
        if any(detail.name == SNAPSHOT and not detail.same for detail in self.details):
            return f"would be another database, made of another snapshot or of none{REPLACED.get(self.policy, '')}"
        if self.replaces:
            would = "would" if self.replaces == "True" else "may"
            return f"{would} be replaced{REPLACED.get(self.policy, '')}"
        if any(detail.name == GENERATED and not detail.same for detail in self.details):
            return "would get a new value, which nothing that runs knows"
        return ""

    def because(self, parameters: Collection[str] = ()) -> str:
        """Name the properties that change it, and what changes them: of the root's parameters where one is known."""
        blamed = [detail for detail in self.details if detail.name in (SNAPSHOT, GENERATED)] or self.recreating
        causes: dict[str, list[str]] = {}
        for detail in blamed or self.details:
            causes.setdefault(detail.name, []).extend([self._root(detail.cause, parameters)] if detail.cause else [])
        return ", ".join(
            f"{name} ({' and '.join(dict.fromkeys(found))})" if found else name for name, found in causes.items()
        )

    def _root(self, cause: str, parameters: Collection[str]) -> str:
        """The root's own name of a nested stack's parameter: the same, or with the system's before it."""
        with_system = f"{self.path.partition('/')[0]}{cause}"
        return with_system if with_system in parameters else cause


def refusals(
    changes: Sequence[Change], allowed: Collection[str], parameters: Collection[str], there: Iterable[str]
) -> list[str]:
    """Return a line for each change that takes data and is not allowed.

    `parameters` are the root's that change, `there` the paths of all resources: what is allowed is named by its path,
    or by its logical ID where no other resource has that.
    """
    names = Counter(path.rpartition("/")[2] for path in {*there, *(change.path for change in changes)})
    lines = []
    for change in changes:
        last = change.path.rpartition("/")[2]
        name = last if names[last] == 1 else change.path
        if change.risk and change.path not in allowed and name not in allowed:
            because = change.because(parameters) or "it is in the templates no more"
            lines.append(f"{change.path} ({change.kind}) {change.risk}: {because}. To have that: ALLOW={name}")
    return lines
