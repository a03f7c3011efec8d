"""What scanners read: no SAM, no conditions, no parameters, values of the schemas' types."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audit.flattening import flattened
from audit.policies import policies
from audit.preparation import prepared
from audit.register import load
from templates_py.review.transitions import templates
from tests.emitted import DEFAULT, WHOLE

CERTIFIED = {"": {"CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1"}}


@pytest.fixture(scope="module")
def hydra() -> dict[str, Any]:
    return prepared(flattened(templates(DEFAULT), {"": {}})["hydra"])


def test_each_root_is_flattened_in_each_deployment() -> None:
    roots = {"hydra", "artifacts"}
    names = flattened(templates(DEFAULT), load().deployments).keys()
    assert {name.partition("-")[0] for name in names} >= roots
    assert {name.partition("-")[2] for name in names} == load().deployments.keys()


@pytest.mark.parametrize("settings", [DEFAULT, WHOLE], ids=["default", "whole"])
def test_nothing_is_open(settings: Any) -> None:
    for body in flattened(templates(settings), CERTIFIED).values():
        text = json.dumps(prepared(body))
        assert "Fn::If" not in text
        assert not {"Parameters", "Conditions", "Transform"} & prepared(body).keys()
        assert not any("Condition" in made for made in body["Resources"].values())


def test_values_have_the_types_of_the_schema(hydra: dict[str, Any]) -> None:
    database = hydra["Resources"]["MlflowDatabaseInstance"]["Properties"]
    assert database["DeletionProtection"] is True
    assert database["Port"] == "3306"
    assert hydra["Resources"]["ConnectionJobsToMlflow"]["Properties"]["FromPort"] == 80
    assert hydra["Resources"]["ConnectionJobsArtifacts"]["Properties"]["Roles"] == [
        {"Ref": "BatchPermissionsInstanceRole"}
    ]


def test_the_function_is_lambdas(hydra: dict[str, Any]) -> None:
    assert hydra["Resources"]["BatchLambdaDbInit"]["Type"] == "AWS::Lambda::Function"
    assert hydra["Resources"]["BatchLambdaInvocationDbInit"]["Properties"]["ServiceToken"] == {
        "Fn::GetAtt": ["BatchLambdaDbInit", "Arn"]
    }


def test_text_is_joined_by_sub_but_not_in_a_policys_resource(hydra: dict[str, Any]) -> None:
    password = hydra["Resources"]["MlflowDatabaseInstance"]["Properties"]["MasterUserPassword"]
    assert password == {"Fn::Sub": "{{resolve:secretsmanager:${MlflowSecretsPasswordSecret}:SecretString}}"}
    (deny,) = hydra["Resources"]["MlflowStorageArtifactStorePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert "Fn::Join" in deny["Resource"][1]


def test_policies_name_whole_arns(hydra: dict[str, Any]) -> None:
    found = dict(policies(hydra))
    assert {"MlflowPermissionsTaskPolicy", "MlflowPermissionsClientPolicy", "ConnectionJobsArtifacts"} <= found.keys()
    resources = [one for document in found.values() for row in document["Statement"] for one in row["Resource"]]
    assert all(isinstance(one, str) and (one == "*" or one.startswith("arn:aws:")) for one in resources)
