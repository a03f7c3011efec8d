"""The flat graph of a tree of templates: each resource once, its values resolved, an order to make it in."""

from __future__ import annotations

from typing import Any

import pytest

from templates_py.review.transitions import templates
from templates_py.review.tree import Tree, defaults, flatten
from tests.emitted import DEFAULT, WHOLE, nested, walk

SECRET = {"Ref": "Batch/Secrets/UsernameSecret"}


@pytest.fixture(scope="module")
def tree() -> Tree:
    return flatten(templates(WHOLE), "template")


def default(**values: Any) -> Tree:
    bodies = templates(DEFAULT)
    return flatten(bodies, "template", {**defaults(bodies, "template"), **values})


def test_each_resource_of_each_nesting_is_there_once(tree: Tree) -> None:
    bodies = templates(WHOLE)

    def count(path: str) -> int:
        below = nested(bodies[path])
        urls = [made["Properties"]["TemplateURL"].removesuffix(".json") for made in below.values()]
        folder = path.rpartition("/")[0]
        inner = [url.removeprefix("../") if url.startswith("../") else f"{folder}/{url}".strip("/") for url in urls]
        return len(bodies[path]["Resources"]) + sum(map(count, inner))

    assert len(tree.resources) == count("template") > 90


def test_nothing_names_a_nested_stacks_parameter_or_output(tree: Tree) -> None:
    known = {*tree.parameters, *tree.resources}
    named = {node["Ref"] for made in tree.resources.values() for node in walk(made.properties) if has(node, "Ref")}
    assert {name for name in named if not name.startswith("AWS::")} <= known
    got = {node["Fn::GetAtt"][0] for made in tree.resources.values() for node in walk(made.properties) if has(node)}
    assert got <= known


def has(node: Any, function: str = "Fn::GetAtt") -> bool:
    return isinstance(node, dict) and function in node


def test_a_value_is_followed_through_outputs_and_parameters() -> None:
    tree = default()
    instance = tree.resources["Batch/Database/Instance"]
    assert instance.properties["MasterUsername"]["Fn::Join"][1][1] == SECRET
    assert instance.properties["DBName"] == "hydra"
    assert tree.resources["Batch/LambdaInvocation/DbInit"].properties["DatabaseUsernameSecret"] == SECRET
    assert tree.outputs["UsernameSecret"] == SECRET


def test_values_decide_conditions() -> None:
    assert "DBInstanceIdentifier" not in default().resources["Batch/Database/Instance"].properties
    given = default(BatchBackendStoreIdentifier="jobs").resources["Batch/Database/Instance"]
    assert given.properties["DBInstanceIdentifier"] == "jobs"
    assert "Mlflow/Autoscaling/Cpu" not in default().resources
    assert "Mlflow/Autoscaling/Cpu" in default(ImageTag="1").resources


def test_what_is_open_says_on_what_it_depends(tree: Tree) -> None:
    assert "ImageTag" in str(tree.resources["Mlflow/Autoscaling/Cpu"].condition)
    assert tree.resources["Batch/Database/Instance"].condition is True
    assert tree.resources["Batch/Batch/MlComputeEnvironment"].properties["ComputeResources"]["Subnets"] == {
        "Ref": "ComputeEnvironmentSubnets"
    }


def test_the_order_is_cloudformations(tree: Tree) -> None:
    place = {path: number for number, path in enumerate(tree.order)}
    assert place.keys() == tree.resources.keys()
    assert place["Mlflow/TaskDeployment/WriteLogs"] < place["Mlflow/TaskDeployment/TaskDefinition"]  # DependsOn
    assert place["Batch/Database/Instance"] < place["Batch/Database"] < place["Batch/LambdaInvocation/DbInit"]
    assert "Batch/Database/Instance" in tree.before["Batch/LambdaInvocation/DbInit"]
    assert "Batch/Database/Instance" not in tree.before["Batch/Lambda/DbInit"]
    assert not any(path.startswith("Mlflow/") for path in tree.before["Batch/LambdaInvocation/DbInit"])  # P75
