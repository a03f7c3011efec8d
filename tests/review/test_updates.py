"""What a changed parameter does, from CloudFormation's own schemas."""

from __future__ import annotations

from pathlib import Path

import pytest

from templates_py.review.updates import effects
from templates_py.synthesis import synthesize
from tests.emitted import DEFAULT


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build = tmp_path_factory.mktemp("build").resolve()
    synthesize(DEFAULT, build)
    return build / "template.json"


@pytest.mark.parametrize(
    ("parameter", "does"),
    [
        ("BatchAllocatedStorage", ["updates DBInstance"]),
        ("BatchDbDefaultName", ["replaces DBInstance", "runs the database initialiser"]),  # by an output, to a sibling
        ("ComputeEnvironmentSubnets", ["updates ComputeEnvironment"]),
        ("NamePrefix", ["replaces JobQueue"]),
        (
            "ExistingArtifactStore",
            [
                *("adds or removes Bucket", "adds or removes BucketPolicy", "rolls the tasks"),
                *("updates ManagedPolicy", "updates Policy", "updates Role"),
            ],
        ),
        ("BatchPasswordLength", ["makes a new secret value, unknown to what runs"]),
        ("TaskMemory", ["rolls the tasks"]),
        ("LambdaFunctionName", ["replaces Function"]),  # SAM's function by CloudFormation's schema
    ],
)
def test_effects(root: Path, parameter: str, does: list[str]) -> None:
    assert effects(root, parameter) == does


def test_a_condition_and_the_connection_are_followed(root: Path) -> None:
    does = effects(root, "CertificateArn")
    assert {"adds or removes Listener", "updates Parameter", "replaces SecurityGroupIngress"} <= set(does)
