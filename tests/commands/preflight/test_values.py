"""CloudFormation's functions, and the built templates with their parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from commands.preflight.built import Resource, Template
from commands.preflight.values import ABSENT, UNKNOWN, Values
from templates_py.settings import Settings
from templates_py.synthesis import synthesize
from tests.emitted import BASIC, DEFAULT, WHOLE

KNOWN = {"Name": "hydra", "List": ["a", "b"], "AWS::NoValue": ABSENT, "Yes": "true", "Number": "3306"}
VALUES = Values(
    ref=lambda name: KNOWN.get(name, UNKNOWN),
    attribute=lambda said: {"Other.Outputs.Port": 80}.get(said, UNKNOWN),
    condition=lambda name: {"Met": True, "Unmet": False}.get(name, UNKNOWN),
)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ({"Ref": "Name"}, "hydra"),
        ({"Ref": "Bucket"}, UNKNOWN),
        ({"Fn::GetAtt": ["Other", "Outputs.Port"]}, 80),
        ({"Fn::GetAtt": "Other.Outputs.Port"}, 80),
        ({"Fn::Join": ["-", [{"Ref": "Name"}, "x"]]}, "hydra-x"),
        ({"Fn::Join": [",", {"Ref": "List"}]}, "a,b"),
        ({"Fn::Join": ["-", [{"Ref": "Bucket"}, "x"]]}, UNKNOWN),
        ({"Fn::Sub": "/${Name}/${Other.Outputs.Port}/${!Name}"}, "/hydra/80/${Name}"),
        ({"Fn::Sub": ["${A}-${Name}", {"A": {"Ref": "Yes"}}]}, "true-hydra"),
        ({"Fn::Sub": "${Bucket}"}, UNKNOWN),
        ({"Fn::Select": ["1", {"Ref": "List"}]}, "b"),
        ({"Fn::Select": [0, {"Fn::Split": [".", "8.4.11"]}]}, "8"),
        ({"Fn::If": ["Met", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Unmet", "yes", {"Ref": "Name"}]}, "hydra"),
        ({"Fn::If": ["Else", "yes", "no"]}, UNKNOWN),
        ({"Fn::Equals": [{"Ref": "Yes"}, True]}, True),
        ({"Fn::Equals": [{"Ref": "Number"}, 3306]}, True),
        ({"Fn::Equals": [{"Fn::Join": [",", {"Ref": "List"}]}, ""]}, False),
        ({"Fn::Not": [{"Condition": "Met"}]}, False),
        ({"Fn::And": [{"Condition": "Met"}, {"Condition": "Unmet"}]}, False),
        ({"Fn::And": [{"Condition": "Met"}, {"Condition": "Else"}]}, UNKNOWN),
        ({"Fn::Or": [{"Condition": "Else"}, {"Condition": "Met"}]}, True),
        ({"Fn::Or": [{"Condition": "Unmet"}, {"Condition": "Unmet"}]}, False),
        ({"Fn::ImportValue": "x"}, UNKNOWN),
        ([{"Ref": "AWS::NoValue"}, "a"], ["a"]),
        ({"A": {"Ref": "AWS::NoValue"}, "B": [{"Ref": "Bucket"}]}, {"B": [UNKNOWN]}),
    ],
)
def test_a_function_is_resolved_as_far_as_it_is_known(said: Any, value: Any) -> None:
    assert VALUES.of(said) == value


GIVEN = {"VpcId": "vpc-1", "LbSubnets": "subnet-1,subnet-2", "NamePrefix": "mine-", "ImageTag": "one"}


def resources(folder: Path, settings: Settings, **given: str) -> dict[str, Resource]:
    synthesize(settings, folder)
    pseudo = {"AWS::StackName": "hydra", "AWS::Region": "us-east-1", "AWS::Partition": "aws", "AWS::AccountId": "1"}
    template = Template(folder / "template.json", {**GIVEN, **given}, pseudo)
    return {one.path: one for one in template.resources()}


def test_a_parameter_reaches_the_nested_stacks(tmp_path: Path) -> None:
    made = resources(tmp_path, DEFAULT, MlflowExistingUsernameSecret="arn:x")
    assert made["Batch/Batch/HydraMlQueueJobQueue"].get("JobQueueName") == "mine-hydra-ml-queue"
    assert made["Mlflow/LoadBalancing/LoadBalancer"].lists("Subnets") == ["subnet-1", "subnet-2"]
    assert made["Connection/TrackingUriOfJobs"].get("Name") == "/hydra/mlflow-tracking-uri"
    assert made["Mlflow/Database/ParameterGroup"].get("Family") == "mysql8.4"
    assert "Mlflow/Secrets/UsernameSecret" not in made
    assert "Batch/Secrets/UsernameSecret" in made


def test_an_output_of_one_stack_is_a_parameter_of_another(tmp_path: Path) -> None:
    arn = "arn:aws:acm:us-east-1:1:certificate/x"
    assert resources(tmp_path, DEFAULT)["Connection/JobsToMlflow"].get("FromPort") == "80"
    assert resources(tmp_path, DEFAULT, CertificateArn=arn)["Connection/JobsToMlflow"].get("FromPort") == "443"


@pytest.mark.parametrize("settings", [DEFAULT, WHOLE, BASIC])
def test_every_shape_is_resolved(tmp_path: Path, settings: Settings) -> None:
    made = resources(tmp_path, settings)
    assert "Mlflow/TaskDeployment/Service" in made
    assert not [one for one in made.values() if one.type == "AWS::Batch::JobQueue" and not one.get("JobQueueName")]
