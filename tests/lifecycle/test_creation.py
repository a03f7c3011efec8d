"""(b) A creation that fails, at each resource in turn: it is undone whole, and the same can be made again."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from templates_py.review import account as accounts
from templates_py.review.account import REPOSITORY, Account, Stack
from templates_py.review.outcomes import CASES, Case, Failure, failures, made, reused, tree
from templates_py.review.scope import STACK
from templates_py.review.tree import Tree
from tests.emitted import Body

pytestmark = pytest.mark.slow

NAMED = Case("both", "Snapshot", True)
RETAINED = Case("both", "Retain", True)
DATABASES = {"Batch/Database/Instance", "Mlflow/Database/Instance"}
BUCKET = ("mlflow/storage", "ArtifactStore")


def counted(case: Case) -> str:
    number = sum(one.type != STACK for one in tree(case).resources.values())
    return f"{case}, {number} resources"


def mutated(change: Callable[[dict[str, Body]], object], case: Case = NAMED) -> Tree:
    bodies = copy.deepcopy(dict(made(case.policy)))
    change(bodies)
    return tree(case, bodies)


def stuck(found: list[Failure]) -> set[str]:
    return {text.partition(":")[0] for failure in found for text in failure.stuck}


def taken(found: list[Failure]) -> set[str]:
    return {text.partition(":")[0] for failure in found for text in failure.taken}


def logs(case: Case) -> set[str]:
    """The bucket that stays, come what may: a balancer has put something into it."""
    found = {"both": {"Mlflow/Storage/AccessLogs"}, "mlflow": {"Storage/AccessLogs"}}
    return found.get(case.system, set())


@pytest.mark.parametrize("case", CASES, ids=counted)
def test_after_a_failure_at_any_resource_the_same_is_made(case: Case) -> None:
    found = list(failures(tree(case)))
    assert len(found) == 2 * sum(one.type != STACK for one in tree(case).resources.values())
    assert stuck(found) == set()
    assert taken(found) == (logs(case) if case.named else set())
    left = {path.rpartition("/")[0] for failure in found for path in failure.snapshots}
    systems = {"both": {"Batch/Database", "Mlflow/Database"}, "artifacts": set()}.get(case.system, {"Database"})
    assert left == (systems if case.policy == "Snapshot" else set())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_were_children_to_keep_what_they_retain_only_given_names_would_be_taken(case: Case) -> None:
    """The other reading of RetainExceptOnCreate (P62), and no more in the way than docs/updates.md says."""
    found = list(failures(tree(case), whole_children=False))
    assert stuck(found) == set()
    if not case.named:
        assert taken(found) == set()
        return
    account = Account()
    first = Stack(account, tree(case))
    first.create()
    first.delete()
    again = Stack(account, tree(case)).create()
    assert taken(found) <= {text.partition(":")[0] for text in again}


def test_what_is_protected_sticks() -> None:
    """P62: the default, by plain SAM; `make deploy` protects after the first success."""
    protected = {f"{name}DeletionProtection": "true" for name in ("Batch", "Mlflow", "Lb")}
    found = list(failures(tree(NAMED, **protected)))
    assert stuck(found) == DATABASES | {"Mlflow/LoadBalancing/LoadBalancer"}
    assert DATABASES | {"Mlflow/LoadBalancing/LoadBalancer"} <= taken(found)


MUTATIONS: dict[str, tuple[Callable[[dict[str, Body]], object], Case, set[str], set[str]]] = {
    "a named bucket that is retained, come what may": (
        lambda b: b[BUCKET[0]]["Resources"][BUCKET[1]].update(DeletionPolicy="Retain"),
        NAMED,
        set(),
        {"Mlflow/Storage/ArtifactStore"},
    ),
    "a bucket of access logs that is deleted after a failure": (
        lambda b: b[BUCKET[0]]["Resources"]["AccessLogs"].update(DeletionPolicy="RetainExceptOnCreate"),
        NAMED,
        {"Mlflow/Storage/AccessLogs"},
        {"Mlflow/Storage/AccessLogs"},
    ),
    "a fixed name on what is retained": (
        lambda b: (
            b["artifacts/template"]["Resources"]["Locks"]["Properties"].update(TableName="locks"),
            b["artifacts/template"]["Resources"]["Locks"].update(DeletionPolicy="Retain"),
        ),
        Case("artifacts", "Snapshot", False),
        set(),
        {"Locks"},
    ),
    "a database that is retained, come what may": (
        lambda b: b["shared/database-retain"]["Resources"]["Instance"].update(DeletionPolicy="Retain"),
        RETAINED,
        {"Batch/Database/ParameterGroup", "Mlflow/Database/ParameterGroup"},
        DATABASES,
    ),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_template_that_sticks_is_found(mutation: str) -> None:
    change, case, sticks, collides = MUTATIONS[mutation]
    found = list(failures(mutated(change, case)))
    assert sticks <= stuck(found)
    assert collides <= taken(found)


def test_a_script_that_stayed_would_keep_its_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    """P62: the function takes its own script away on Delete."""
    rolled_back = _failed("Mlflow/Database/Instance")
    assert rolled_back == []
    monkeypatch.setattr(accounts.Stack, "_script", _only_puts(accounts.Stack._script))
    assert _failed("Mlflow/Database/Instance") == ["Batch/Storage/TableSetupScriptBucket: holds table setup script"]


def _failed(path: str) -> list[str]:
    stack = Stack(Account(), tree(NAMED))
    stack.create(path)
    return stack.roll_back()


def _only_puts(script: Callable[..., None]) -> Callable[..., None]:
    return lambda self, one, *, put: script(self, one, put=put) if put else None


@pytest.mark.parametrize("empties", ["false", "true"])
def test_an_image_keeps_its_repository_unless_that_empties_itself(empties: str) -> None:
    """P62, P36: `make start` takes its image away when the creation fails."""
    stack = Stack(Account(), tree(NAMED, EmptyOnDelete=empties))
    stack.create("Batch/Database/Instance")
    stack.fill(REPOSITORY, "images")
    kept = ["Mlflow/ContainerRepository/Repository: holds images"] if empties == "false" else []
    assert stack.roll_back() == kept


def test_two_deployments_live_side_by_side_where_names_are_generated() -> None:
    """P68: but for the queues, which a prefix tells apart."""
    account = Account()
    case = Case("both", "Snapshot", False)
    Stack(account, tree(case)).create()
    second = Stack(account, tree(case, NamePrefix="second-")).create()
    assert [text for text in second if "mlflow-tracking-uri" not in text] == []  # it has the stack's name in it
    assert reused(NAMED)
