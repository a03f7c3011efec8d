"""(d) The larger moves: what each does in one stack, what it would collide with, and the ways of docs/updates.md."""

from __future__ import annotations

from typing import Any

import pytest

from templates_py.review.account import Account, Stack
from templates_py.review.changes import changes
from templates_py.review.collisions import collisions
from templates_py.review.outcomes import ROOTS, Case, made, names
from templates_py.review.outcomes import tree as case_tree
from templates_py.review.samples import base, samples
from templates_py.review.transitions import TRANSITIONS, State, Transition, happens, templates, tree
from templates_py.review.tree import Tree, flatten
from templates_py.review.ways import at_stake, way
from tests.emitted import emitted, with_mlflow

pytestmark = pytest.mark.slow

MOVES = {move.title: move for move in TRANSITIONS}
ONE_STACK = [move for move in TRANSITIONS if move.before.root == move.after.root]
BASIC = ("Mlflow/BasicAuth/AdminPassword", "Mlflow/BasicAuth/SecretKey")
# What has one key for good, and is restored or made elsewhere.
KEYED = {"Batch/Database/Instance", "Mlflow/Database/Instance", "Mlflow/ContainerRepository/Repository"}
BALANCER = "Mlflow/Security/LoadBalancer"


def does(title: str) -> dict[str, str]:
    return {change.path: change.does for change in happens(MOVES[title])}


def at(system: str = "", **parameters: Any) -> Tree:
    return tree(State(f"{system}/template".removeprefix("/"), base(), parameters))


@pytest.mark.parametrize("title", ["`batch` alone to both", "`mlflow` alone to both"])
def test_one_stack_cannot_become_both(title: str) -> None:
    """Each path gets its system before it: the database would go, and the queues' names stand in the way."""
    found = does(title)
    assert found["Database/Instance"] == "removes"
    collides = collisions(tree(MOVES[title].before), tree(MOVES[title].after))
    assert bool(collides) == ("batch" in title)


def test_both_systems_are_made_beside_one_that_stands() -> None:
    account = Account()
    Stack(account, at("batch")).create()
    queues = [text.partition(":")[0] for text in Stack(account, at()).create()]
    assert queues == ["Batch/Batch/MlQueueJobQueue", "Batch/Batch/SpareQueueJobQueue"]
    for system, prefix in (("batch", "new-"), ("mlflow", "")):
        account = Account()
        Stack(account, at(system)).create()
        assert Stack(account, at(NamePrefix=prefix)).create() == []


def test_the_other_system_is_made_beside_one_that_stands() -> None:
    account = Account()
    assert Stack(account, at("batch")).create() == Stack(account, at("mlflow")).create() == []


@pytest.mark.parametrize("move", ONE_STACK, ids=lambda move: move.title)
def test_a_move_in_one_stack_collides_with_nothing_and_takes_no_database(move: Transition) -> None:
    assert collisions(tree(move.before), tree(move.after)) == []
    told = {change.path: change.does for change in happens(move) if at_stake(change)}
    said = {
        "MLflow's own users to open": set(BASIC),
        "another VPC": {"Mlflow/LoadBalancing/TargetGroup"},
        "AWS's own keys to one of your own": KEYED,
    }
    assert told.keys() == said.get(move.title, set())
    assert move.way


def test_https_adds_a_listener_and_redirects_the_other() -> None:
    found = does("HTTP to HTTPS")
    assert found["Mlflow/LoadBalancing/HttpsListener"] == "adds"
    assert found["Mlflow/LoadBalancing/HttpListener"] == "updates"
    assert "Mlflow/LoadBalancing/LoadBalancer" not in found
    assert does("HTTPS to HTTP")["Mlflow/LoadBalancing/HttpsListener"] == "removes"


def test_mysqls_next_major_version_is_an_upgrade_in_place() -> None:
    found = does("MySQL's next major version")
    assert found == {"Mlflow/Database/Instance": "interrupts", "Mlflow/Database/ParameterGroup": "replaces"}
    minor = changes(at(), at(MlflowDbEngineVersion="8.4.12"))
    assert {change.path: change.does for change in minor} == {"Mlflow/Database/Instance": "interrupts"}


def test_users_and_artifacts_change_by_a_rolling_deployment() -> None:
    for title in ("MLflow open to its own users", "artifacts direct to proxied", "artifacts proxied to direct"):
        found = does(title)
        assert found["Mlflow/TaskDeployment/TaskDefinition"] == "replaces"
        assert not any("Database" in path or "Storage" in path for path in found)


def test_one_environment_or_queue_more_or_fewer_touches_no_other() -> None:
    before = flatten(templates(base()), "template")
    for sample in samples():
        if sample.new == "one more" and sample.setting.count(".") == 1:
            after = flatten(templates(sample.settings), "template")
            assert [change.does for change in changes(before, after)] == ["adds"]
            assert [change.does for change in changes(after, before)] == ["removes"]


def test_no_setting_collides_with_what_stands() -> None:
    before = flatten(templates(base()), "template")
    for sample in samples():
        after = flatten(templates(sample.settings), "template")
        assert collisions(before, after) == collisions(after, before) == [], sample.setting


def test_a_rule_that_is_named_by_its_number_collides() -> None:
    """With the first of two blocks gone, the second one's rule would be made while it stands."""
    bodies = emitted(with_mlflow(cidr_blocks=["10.0.0.0/8", "172.16.0.0/12"]))
    fewer = emitted(with_mlflow(cidr_blocks=["172.16.0.0/12"]))
    assert collisions(flatten(bodies, "template"), flatten(fewer, "template")) == []
    for numbered, blocks in ((bodies, ["10x0x0x0x8", "172x16x0x0x12"]), (fewer, ["172x16x0x0x12"])):
        rules = numbered["mlflow/security"]["Resources"]
        for number, block in enumerate(blocks, start=1):
            rules[f"Http{number}"] = rules.pop(f"Http{block}")
    (said,) = collisions(flatten(bodies, "template"), flatten(fewer, "template"))
    assert "Mlflow/Security/Http1 is made while Mlflow/Security/Http2 is the same" in said


@pytest.mark.parametrize("system", [root for root in ROOTS if root != "endpoints"])  # those have no names
def test_an_unnamed_thing_is_named_and_back(system: str) -> None:
    """Each is replaced by the named one, whose name nothing has; what holds data has its way."""
    bodies, root = made("Snapshot"), ROOTS[system]
    unnamed = case_tree(Case(system, "Snapshot", False))
    found = names(flatten(bodies, root))
    assert len(found) >= 2
    for name in found:
        named = case_tree(Case(system, "Snapshot", False), **{name: "ours"})
        assert collisions(unnamed, named) == collisions(named, unnamed) == [], name
        for change in changes(unnamed, named) + changes(named, unnamed):
            assert not at_stake(change) or way(name, change)


@pytest.mark.parametrize("given", [False, True])
def test_another_balancer_has_a_target_group_of_its_own(given: bool) -> None:
    """A group belongs to one balancer, and the old one has it to the end; one with a name of its own is in the way."""
    group = {"LbTargetGroup": "ours"} if given else {}
    case = Case("both", "Snapshot", False)
    outward = templates(with_mlflow(internet_facing=True))
    moves = [
        (case_tree(case, **group), case_tree(case, LbName="ours", **group)),
        (case_tree(case, templates(with_mlflow()), **group), case_tree(case, outward, **group)),
    ]
    for before, after in moves:
        found = {change.path: change.does for change in changes(before, after)}
        assert found["Mlflow/LoadBalancing/LoadBalancer"] == "replaces"
        assert ("Mlflow/LoadBalancing/TargetGroup" in found) != given
        held = [
            "while the old balancer has its Mlflow/LoadBalancing/TargetGroup" in text
            for text in collisions(before, after)
        ]
        assert held == [True] * given
    renamed = case_tree(case, LbName="ours", LbTargetGroup="another")
    assert collisions(moves[0][0], renamed) == []


def test_what_has_a_name_is_not_replaced_by_another_change() -> None:
    """CloudFormation refuses, and so nothing is lost: the name changes too, or it stays as it is."""
    case = Case("both", "Snapshot", True)
    moved = {change.path: change.does for change in changes(case_tree(case, VpcId="1"), case_tree(case, VpcId="2"))}
    assert moved[BALANCER] == "cannot change"
    renamed = case_tree(case, VpcId="2", MlflowSg="another")
    assert {change.path: change.does for change in changes(case_tree(case, VpcId="1"), renamed)}[BALANCER] == "replaces"
