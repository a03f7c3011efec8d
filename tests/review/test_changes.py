"""What CloudFormation does from one tree to another, by the schemas and by what they do not say."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest

from templates_py.review.changes import EITHER, POLICY, Change, changes, changes_of
from templates_py.review.facts import FACTS, MOVES, NAMES, SHARED, STAYS, listed, schema
from templates_py.review.scope import STACK, Resource
from templates_py.review.transitions import templates
from templates_py.review.tree import Tree, flatten
from templates_py.settings import ComputeEnvironment, SchedulingPolicy, Settings
from tests.emitted import BASIC, DEFAULT, QUEUES, WHOLE, with_batch

pytestmark = pytest.mark.slow

SHAPES = {"default": DEFAULT, "whole": WHOLE, "basic": BASIC}


CUSTOM, KEPT = with_batch(service_role="custom"), with_batch(deletion_policy="Retain")


def tree(settings: Settings = DEFAULT, root: str = "template", **values: Any) -> Tree:
    return flatten(templates(settings), root, values)


def everything() -> list[Resource]:
    roots = [(settings, "template") for settings in SHAPES.values()] + [
        (DEFAULT, "artifacts/template"),
        (DEFAULT, "endpoints/template"),
    ]
    trees = [tree(settings, root) for settings, root in roots]
    return [made for tree in trees for made in tree.resources.values() if made.type != STACK]


def found(before: Tree, after: Tree) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {change.path: (change.does, change.properties) for change in changes(before, after)}


def test_nothing_changes_to_the_same() -> None:
    assert changes(tree(), tree()) == []


@pytest.mark.parametrize("shape", SHAPES)
def test_a_parameter_does_what_another_value_of_it_does(shape: str) -> None:
    before = tree(SHAPES[shape])
    for name in before.parameters:
        after = tree(SHAPES[shape], **{name: {"Ref": "another value"}})
        of_trees = {change[:3] for change in changes(before, after)}
        assert of_trees == {change[:3] for change in changes_of(before, name)}, name


def test_what_a_schema_leaves_open_is_answered() -> None:
    """Each conditional create-only property in use has a line of FACTS, and each line is for something in use."""
    made = everything()
    open_ones = {
        (one.type, path)
        for one in made
        if not one.type.startswith("Custom::")
        for path in schema(one.type)["conditionalCreateOnlyProperties"]
        if _has(one.properties, path.split("/"))
    }
    assert open_ones - FACTS.keys() == set()
    assert [
        key for key in FACTS if not any(one.type == key[0] and _has(one.properties, key[1].split("/")) for one in made)
    ] == []


def _has(node: Any, steps: list[str]) -> bool:
    return not steps or (isinstance(node, dict) and steps[0] in node and _has(node[steps[0]], steps[1:]))


def test_each_attribute_in_use_is_known_to_move_with_an_update_or_to_stay() -> None:
    """By the schemas' read-only lists: what is none of these is a property, and moves with that."""
    trees = [tree(settings) for settings in SHAPES.values()]
    used = {
        (whole.resources[name].type, use.attribute)
        for whole in trees
        for name, uses in whole.users.items()
        for use in uses
        if use.attribute
    }
    assert used == MOVES | STAYS
    for kind, attribute in used:
        assert listed(kind, tuple(attribute.split(".")), "readOnlyProperties")


def test_an_updated_launch_template_reaches_its_environments() -> None:
    before = tree()
    after = flatten(copy.deepcopy(dict(templates(DEFAULT))), "template")
    after.resources["Batch/Batch/LaunchTemplate30"].properties["LaunchTemplateData"]["Changed"] = True
    does = found(before, after)
    assert does["Batch/Batch/LaunchTemplate30"][0] == does["Batch/Batch/MlComputeEnvironment"][0] == "updates"


def test_each_name_is_known_as_one() -> None:
    """What a schema fixes at creation, and is called a name, is in NAMES: what a simulation collides by."""
    made = everything()
    names = {
        (one.type, key)
        for one in made
        if not one.type.startswith("Custom::")
        for key in schema(one.type)["createOnlyProperties"]
        if key in one.properties and key.endswith(("Name", "Identifier", "Family"))
    }
    # Of a resource that the name refers to, and of what is inside.
    names -= {("AWS::RDS::DBInstance", "DBName"), ("AWS::RDS::DBInstance", "DBSubnetGroupName")}
    names -= {("AWS::RDS::DBParameterGroup", "Family"), ("AWS::EC2::VPCEndpoint", "ServiceName")}
    assert names - SHARED <= set(NAMES.items())
    assert names >= SHARED


def test_what_has_a_name_is_not_replaced_while_that_stands() -> None:
    before, after = (tree(MlflowSg="balancer", VpcId=vpc) for vpc in ("vpc-1", "vpc-2"))
    assert found(before, after)["Mlflow/Security/LoadBalancer"] == ("cannot change", ("VpcId",))
    renamed = tree(MlflowSg="another", VpcId="vpc-2")
    assert found(before, renamed)["Mlflow/Security/LoadBalancer"][0] == "replaces"


def test_an_environment_is_replaced_where_it_may_be() -> None:
    """P04: with a role of its own, and only then."""
    name = "Batch/Batch/MlComputeEnvironment"
    before, after = (tree(ComputeEnvironmentSubnets=subnets) for subnets in ("subnet-1", "subnet-2"))
    assert found(before, after)[name] == ("updates", ("ComputeResources/Subnets",))
    before, after = (tree(CUSTOM, ComputeEnvironmentSubnets=subnets) for subnets in ("subnet-1", "subnet-2"))
    assert found(before, after)[name] == ("replaces", ("ComputeResources/Subnets",))
    assert found(before, after)["Batch/Batch/HydraMlQueueJobQueue"][0] == "updates"


def test_an_environments_role_and_a_queues_policy_neither_come_nor_go() -> None:
    does = found(tree(), tree(CUSTOM))
    assert does["Batch/Batch/MlComputeEnvironment"] == ("cannot change", ("ServiceRole",))
    queue = msgspec.structs.replace(DEFAULT.batch.job_queues[0], scheduling_policy="fair")
    fair = with_batch(job_queues=[queue, QUEUES[1]], scheduling_policies=[SchedulingPolicy(name="fair")])
    assert found(tree(), tree(fair))["Batch/Batch/HydraMlQueueJobQueue"] == ("cannot change", ("SchedulingPolicyArn",))


def test_fargate_is_neither_left_nor_entered() -> None:
    kinds = {}
    for kind in ("EC2", "SPOT", "FARGATE", "FARGATE_SPOT"):
        env = ComputeEnvironment(name="ml", resource_type=kind)
        kinds[kind] = tree(with_batch(compute_environments=[env], job_queues=[]))
    name = "Batch/Batch/MlComputeEnvironment"
    assert found(kinds["EC2"], kinds["SPOT"])[name][0] == "updates"
    for old, new in (("EC2", "FARGATE"), ("FARGATE", "SPOT"), ("FARGATE", "FARGATE_SPOT")):
        assert found(kinds[old], kinds[new])[name] == ("cannot change", ("ComputeResources/Type",))


def test_a_deletion_policy_is_a_change_too() -> None:
    does = found(tree(), tree(KEPT))
    assert does["Batch/Database/Instance"] == (POLICY, ())
    assert {what for what, _ in does.values()} == {POLICY}


def test_a_changed_condition_may_add_or_remove() -> None:
    assert Change("Mlflow/Storage/ArtifactStore", "AWS::S3::Bucket", EITHER) in changes_of(
        tree(), "ExistingArtifactStore"
    )
    given = found(tree(ExistingArtifactStore=""), tree(ExistingArtifactStore="mine"))
    assert given["Mlflow/Storage/ArtifactStore"] == ("removes", ())
