"""(c) Made, used, deleted, made again: what is left is what is listed here, and nothing else is in the way."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from templates_py.review.data import HOLDS_DATA
from templates_py.review.outcomes import CASES, Case, emptied, life, made, reused, tree
from templates_py.review.tree import Tree
from tests.emitted import Body

pytestmark = pytest.mark.slow

BATCH = ("Storage/TableSetupScriptBucket", "Storage/TableSetupScriptBucketPolicy")
MLFLOW = (
    *("Storage/ArtifactStore", "Storage/ArtifactStorePolicy"),
    *("Storage/AccessLogs", "Storage/AccessLogsPolicy"),
)
COMPANIONS = (
    *("Database/Instance", "Database/ParameterGroup", "Networking/SubnetGroup"),
    *("Secrets/PasswordSecret", "Secrets/UsernameSecret", "Security/Database"),
)
BASIC = ("BasicAuth/AdminPassword", "BasicAuth/SecretKey")
# Have names of their own where they are given: what a second creation collides with.
NAMED = {
    *("TableSetupScriptBucket", "ArtifactStore", "AccessLogs"),
    *("Instance", "SubnetGroup", "PasswordSecret", "UsernameSecret"),
}
ARTIFACTS = {"Bucket", "Locks"}
IMAGES = "ContainerRepository/Repository: holds images"


def left(case: Case) -> list[str]:
    if case.system == "artifacts":
        return ["Bucket", "BucketPolicy", "Locks"]
    if case.system == "both":
        systems = ("batch", "mlflow")
        return sorted(f"{s.title()}/{path}" for s in systems for path in left(case._replace(system=s)))
    retained = {"batch": COMPANIONS, "mlflow": (*COMPANIONS, *BASIC)}[case.system] if case.policy == "Retain" else ()
    return sorted((*{"batch": BATCH, "mlflow": MLFLOW}[case.system], *retained))


def snapshots(case: Case) -> list[str]:
    databases = {"both": ["Batch/Database/Instance", "Mlflow/Database/Instance"], "artifacts": []}
    return databases.get(case.system, ["Database/Instance"]) if case.policy == "Snapshot" else []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_left_is_listed_and_the_same_is_made_again(case: Case) -> None:
    ended = life(tree(case, **emptied(case)))
    assert ended.stuck == []
    assert ended.left == left(case)
    assert ended.snapshots == snapshots(case)
    taken = [path for path in left(case) if case.named and (path.rpartition("/")[2] in NAMED or path in ARTIFACTS)]
    assert sorted(text.partition(":")[0] for text in ended.taken) == taken
    # The way of docs/updates.md: what stays is used again, the rest has another name.
    again = tree(case, **(reused(case) if case.named else {}))
    assert life(tree(case, **emptied(case)), again).taken == []


@pytest.mark.parametrize("case", [case for case in CASES if case.system in ("mlflow", "both")], ids=str)
def test_images_are_not_deleted_unasked(case: Case) -> None:
    (stuck,) = life(tree(case)).stuck
    assert stuck.endswith(IMAGES)
    assert life(tree(case), used=False).stuck == []


def test_what_is_protected_is_not_deleted() -> None:
    case = Case("both", "Delete", False)
    protected = {f"{name}DeletionProtection": "true" for name in ("Batch", "Mlflow", "Lb")}
    ended = life(tree(case, **emptied(case), **protected))
    said = ": is protected from deletion"
    assert sorted(ended.stuck) == [
        f"Batch/Database/Instance{said}",
        f"Mlflow/Database/Instance{said}",
        f"Mlflow/LoadBalancing/LoadBalancer{said}",
    ]
    assert "Mlflow/Networking/SubnetGroup" in ended.left  # what it needs is not even tried


@pytest.mark.parametrize("case", CASES, ids=str)
def test_data_goes_only_where_that_was_said(case: Case) -> None:
    whole = tree(case, **emptied(case))
    ended = life(whole)
    gone = [
        path
        for path, one in whole.resources.items()
        if one.type in HOLDS_DATA and path not in (*ended.left, *ended.snapshots)
    ]
    kinds = {whole.resources[path].type for path in gone}
    said = {"AWS::Logs::LogGroup", "AWS::ECR::Repository"}  # gone with its stack; EmptyOnDelete
    said |= {"AWS::SecretsManager::Secret"} if case.policy != "Retain" else set()  # the database is new, or its user's
    said |= {"AWS::RDS::DBInstance"} if case.policy == "Delete" else set()
    assert kinds <= said


def mutated(change: Callable[[dict[str, Body]], object], case: Case) -> Tree:
    bodies = copy.deepcopy(dict(made(case.policy)))
    change(bodies)
    return tree(case, bodies, **emptied(case))


MUTATIONS: dict[str, tuple[Callable[[dict[str, Body]], object], str, str]] = {
    "a bucket without its policy": (
        lambda b: b["mlflow/storage"]["Resources"]["ArtifactStore"].pop("DeletionPolicy"),
        "Snapshot",
        "Mlflow/Storage/ArtifactStore: holds objects",
    ),
    "a retained database without its group": (
        lambda b: b["batch/security"]["Resources"]["Database"].pop("DeletionPolicy"),
        "Retain",
        "Batch/Security/Database: is used by Batch/Database/Instance",
    ),
    "a retained database without its parameter group": (
        lambda b: b["shared/database-retain"]["Resources"]["ParameterGroup"].pop("DeletionPolicy"),
        "Retain",
        "Batch/Database/ParameterGroup: is used by Batch/Database/Instance",
    ),
    "a retained database without its password": (
        lambda b: b["shared/secrets-retain"]["Resources"]["PasswordSecret"].pop("DeletionPolicy"),
        "Retain",
        "Batch/Database/Instance: its secret our-BatchPasswordSecretName is gone",
    ),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_template_that_sticks_or_locks_out_is_found(mutation: str) -> None:
    change, policy, said = MUTATIONS[mutation]
    assert said in life(mutated(change, Case("both", policy, True))).stuck  # type: ignore[arg-type]


def test_a_database_without_a_policy_leaves_a_snapshot() -> None:
    """CloudFormation's default for it alone."""
    case = Case("both", "Delete", False)
    whole = mutated(lambda b: b["shared/database-delete"]["Resources"]["Instance"].pop("DeletionPolicy"), case)
    assert life(whole).snapshots == ["Batch/Database/Instance", "Mlflow/Database/Instance"]
