"""What a failing creation leaves, what a deletion leaves, and whether the same can be made again: tried, all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import msgspec

from templates_py.review.account import BUCKET, REPOSITORY, Account, Stack
from templates_py.review.facts import NAMES
from templates_py.review.samples import base
from templates_py.review.scope import STACK, Templates, references
from templates_py.review.transitions import templates
from templates_py.review.tree import Tree, defaults, flatten
from templates_py.settings import DeletionPolicy

ROOTS = {"batch": "batch/template", "mlflow": "mlflow/template", "artifacts": "artifacts/template", "both": "template"}
POLICIES: tuple[DeletionPolicy, ...] = ("Snapshot", "Retain", "Delete")


class Case(NamedTuple):
    """A root, the deletion policy of its databases, and whether all that can have a name of its own has one."""

    system: str
    policy: DeletionPolicy
    named: bool

    def __str__(self) -> str:
        return f"{self.system}-{self.policy}-{'named' if self.named else 'generated'}"


CASES = [Case(s, p, n) for s in ROOTS for p in POLICIES for n in (False, True) if s != "artifacts" or p == "Snapshot"]


@cache
def made(policy: DeletionPolicy) -> Templates:
    """The templates of everything with a deletion policy."""
    systems = {
        name: msgspec.structs.replace(getattr(base(), name), deletion_policy=policy) for name in ("batch", "mlflow")
    }
    basic = msgspec.structs.replace(systems["mlflow"], auth="basic")
    return templates(msgspec.structs.replace(base(), batch=systems["batch"], mlflow=basic))


def names(tree: Tree) -> list[str]:
    """The parameters of a root that name a resource; a tree of open parameters."""
    given = [
        one.properties[NAMES[one.type]] for one in tree.resources.values() if NAMES.get(one.type) in one.properties
    ]
    return sorted({name for value in given for name, _, _ in references(value) if name in tree.parameters})


def tree(case: Case, bodies: Templates | None = None, **more: Any) -> Tree:
    """The graph of a case as `make deploy` first makes it: nothing protected yet. `more` are further parameters.

    With names of its own it has everything else too: a service, a certificate, a record in a zone.
    """
    bodies, root = bodies or made(case.policy), ROOTS[case.system]
    given: dict[str, Any] = defaults(bodies, root)
    given |= {name: "false" for name in given if name.endswith("DeletionProtection")}
    if case.named:
        given |= {name: f"our-{name}" for name in names(flatten(bodies, root))}
        given |= {name: f"our-{name}" for name in ("ImageTag", "CertificateArn", "HostedZoneId") if name in given}
    return flatten(bodies, root, {**given, **more})


class Failure(NamedTuple):
    """A creation that failed at one resource, and what came of it."""

    failing: str
    stuck: list[str]  # what could not be undone
    taken: list[str]  # what could then not be made again
    snapshots: list[str]


def failures(whole: Tree, *, whole_children: bool = True) -> Iterator[Failure]:
    """Fail at each resource in turn, as late and as early as can be; roll back; make it again."""
    for path in [path for path, one in whole.resources.items() if one.type != STACK]:
        for alone in (False, True):
            account = Account()
            first = Stack(account, whole)
            first.create(path, alone=alone)
            stuck = first.roll_back(whole_children=whole_children)
            yield Failure(path, stuck, Stack(account, whole).create(), account.snapshots)


class Life(NamedTuple):
    """A creation, a time of use, a deletion, and another creation."""

    stuck: list[str]
    left: list[str]
    snapshots: list[str]
    taken: list[str]


def life(whole: Tree, again: Tree | None = None, *, used: bool = True) -> Life:
    """Live it: artifacts and packages in the buckets, images in the repository; then make it again, or `again`."""
    account = Account()
    first = Stack(account, whole)
    first.create()
    if used:
        first.fill(BUCKET, "objects")
        first.fill(REPOSITORY, "images")
    stuck = first.delete()
    left = sorted(thing.path for thing in account.things.values())
    return Life(stuck, left, sorted(account.snapshots), Stack(account, again or whole).create())


def counts() -> list[str]:
    """How many creations `failures` fails, by system."""
    found = {}
    for system in ROOTS:
        cases = [case for case in CASES if case.system == system]
        each = [sum(one.type != STACK for one in tree(case).resources.values()) for case in cases]
        found[system] = f"- {system}: {max(each)} resources, {len(cases)} shapes, {2 * sum(each)} failures"
    return list(found.values())


def emptied(case: Case) -> Mapping[str, Any]:
    """What must be said before a deletion: that the images may go."""
    return {"EmptyOnDelete": "true"} if case.system in ("mlflow", "both") else {}


def reused(case: Case) -> dict[str, Any]:
    """How it is made again with the names that are still taken: what stays is used, or another name is given."""
    kept: dict[str, Any] = {}
    if case.system in ("batch", "both"):
        kept["ExistingTableSetupScriptBucket"] = "our-TableSetupScriptBucketName"
    if case.system in ("mlflow", "both"):
        kept |= {"ExistingArtifactStore": "our-MlflowArtifactStore", "AccessLogStore": "another"}
    if case.system == "artifacts":
        kept |= {"RemoteStateBucketName": "another", "RemoteLocksDynamodbName": "another"}
    if case.policy == "Retain":
        of_database = ("BackendStoreIdentifier", "RdsSubnetGroupName", "UsernameSecretName", "PasswordSecretName")
        systems = {"both": ("Batch", "Mlflow"), "batch": ("",), "mlflow": ("",)}[case.system]
        kept |= {system + name: f"another-{system}{name}" for system in systems for name in of_database}
    return kept
