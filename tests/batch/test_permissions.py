"""Who may do what in the batch system."""

from __future__ import annotations

import pytest

from templates_py.settings import ComputeEnvironment
from tests.emitted import DEFAULT, WHOLE, Body, emitted, keyless, resources, with_batch


@pytest.fixture(scope="module")
def whole() -> Body:
    return emitted(WHOLE)["batch/permissions"]


def statements(role: Body) -> list[Body]:
    policies = keyless(role["Properties"]["Policies"])
    return [row for policy in policies for row in policy["PolicyDocument"]["Statement"]]


def test_each_role_is_assumed_by_one_service(whole: Body) -> None:
    services = {}
    for title, made in resources(whole, "AWS::IAM::Role").items():
        (trust,) = made["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        (services[title],) = trust["Principal"]["Service"]
    assert services == {
        "ServiceRole": "batch.amazonaws.com",
        "InstanceRole": "ec2.amazonaws.com",
        "JobRole": "ecs-tasks.amazonaws.com",
        "JobExecutionRole": "ecs-tasks.amazonaws.com",
        "LambdaServiceRole": "lambda.amazonaws.com",
    }


def test_each_role_has_the_boundary_and_the_path(whole: Body) -> None:
    for made in resources(whole, "AWS::IAM::Role").values():
        assert made["Properties"]["Path"] == {"Ref": "RolePath"}
        boundary = made["Properties"]["PermissionsBoundary"]
        assert boundary["Fn::If"][:2] == ["PermissionsBoundaryGiven", {"Ref": "PermissionsBoundary"}]


def test_roles_exist_where_the_shape_has_them() -> None:
    roles = resources(emitted(DEFAULT)["batch/permissions"], "AWS::IAM::Role")
    assert roles.keys() == {"InstanceRole", "LambdaServiceRole"}


def test_fargate_jobs_have_a_role_and_one_that_starts_them() -> None:
    light = ComputeEnvironment(name="light", resource_type="FARGATE")
    roles = resources(
        emitted(with_batch(compute_environments=[light], job_queues=[]))["batch/permissions"], "AWS::IAM::Role"
    )
    assert {"JobRole", "JobExecutionRole"} <= roles.keys()


def test_further_policies_come_after_the_managed_ones(whole: Body) -> None:
    arns = whole["Resources"]["InstanceRole"]["Properties"]["ManagedPolicyArns"]["Fn::If"]
    managed = {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"}
    assert arns[0] == "ComputeEnvironmentInstanceIamPolicyArnGiven"
    assert arns[2] == [managed]


def test_the_function_reaches_its_script_and_its_secrets_alone(whole: Body) -> None:
    rows = {tuple(row["Action"]): row["Resource"] for row in statements(whole["Resources"]["LambdaServiceRole"])}
    bucket = {"Fn::Join": [":", ["arn", {"Ref": "AWS::Partition"}, "s3", "", "", {"Ref": "ScriptBucket"}]]}
    assert rows["secretsmanager:GetSecretValue",] == [{"Ref": "UsernameSecret"}, {"Ref": "PasswordSecret"}]
    assert rows["s3:ListBucket",] == rows["s3:ListBucketVersions",] == [bucket]
    (listing,) = (
        row["Condition"]
        for row in statements(whole["Resources"]["LambdaServiceRole"])
        if row["Action"] == ["s3:ListBucketVersions"]
    )
    assert listing == {"StringEquals": {"s3:prefix": {"Ref": "ScriptKey"}}}
    (key,) = (value for actions, value in rows.items() if "s3:PutObject" in actions)
    assert key == [{"Fn::Join": ["/", [bucket, {"Ref": "ScriptKey"}]]}]
    assert [actions for actions, value in rows.items() if value == ["*"]] == [
        (
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        )
    ]


def test_a_job_may_read_the_tracking_uri_where_there_is_one(whole: Body) -> None:
    (policy,) = whole["Resources"]["JobExecutionRole"]["Properties"]["Policies"]
    assert policy["Fn::If"][0] == "TrackingUriParameterGiven"
    assert "ssm:GetParameters" in str(policy["Fn::If"][1])
