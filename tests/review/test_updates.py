"""What a changed parameter does, from CloudFormation's own schemas."""

from __future__ import annotations

import pytest

from templates_py.review.transitions import templates
from templates_py.review.tree import Tree, flatten
from templates_py.review.updates import effects
from tests.emitted import DEFAULT


@pytest.fixture(scope="module")
def root() -> Tree:
    return flatten(templates(DEFAULT), "template")


@pytest.mark.parametrize(
    ("parameter", "does"),
    [
        ("BatchAllocatedStorage", ["updates DBInstance"]),
        ("BatchDbInstanceClass", ["interrupts DBInstance"]),
        ("BatchDbDefaultName", ["replaces DBInstance", "runs the database initialiser"]),  # by an output, to a sibling
        ("ComputeEnvironmentSubnets", ["updates ComputeEnvironment"]),
        ("NamePrefix", ["replaces JobQueue"]),
        # A replaced subnet group has another name, and that is create-only for the database.
        (
            "BatchRdsSubnetGroupName",
            ["replaces DBInstance", "replaces DBSubnetGroup", "runs the database initialiser"],
        ),
        (
            "ExistingArtifactStore",
            [
                *("rolls the tasks", "adds or removes Bucket", "adds or removes BucketPolicy"),
                *("updates Policy", "updates ManagedPolicy", "updates Role", "updates BucketPolicy"),
                "updates Service",
            ],
        ),
        ("BatchPasswordLength", ["makes a new secret value, unknown to what runs", "updates DBInstance"]),
        ("TaskMemory", ["rolls the tasks", "updates Service"]),
        # SAM's function by CloudFormation's schema; and a custom resource keeps its function for good.
        ("LambdaFunctionName", ["replaces Function", "is refused: DbInit cannot have another function"]),
    ],
)
def test_effects(root: Tree, parameter: str, does: list[str]) -> None:
    assert effects(root, parameter) == does


def test_another_user_name_is_another_database(root: Tree) -> None:
    """P61: the dynamic reference resolves to a new MasterUsername, which is create-only."""
    assert effects(root, "BatchUsernameLength")[0] == "replaces DBInstance"


def test_a_condition_and_the_connection_are_followed(root: Tree) -> None:
    does = effects(root, "CertificateArn")
    assert {"adds or removes Listener", "updates Parameter", "replaces SecurityGroupIngress"} <= set(does)


def test_no_parameter_is_without_effect(root: Tree) -> None:
    assert [name for name in root.parameters if not effects(root, name)] == []
