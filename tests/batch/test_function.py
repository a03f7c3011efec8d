"""The database initialiser's stack, its trigger, its script's bucket and the groups around it."""

from __future__ import annotations

import pytest

from templates_py.settings import ROOT
from tests.emitted import Body, emitted, only, resources


@pytest.fixture(scope="module")
def default() -> dict[str, Body]:
    return emitted()


def test_the_function(default: dict[str, Body]) -> None:
    made = only(default["batch/lambda"], "AWS::Serverless::Function")
    assert (made["Handler"], made["Runtime"], made["Architectures"]) == ("app.lambda_handler", "python3.13", ["x86_64"])
    assert (ROOT / "build" / "batch" / made["CodeUri"]).resolve() == ROOT / "functions" / "db_init"
    assert made["VpcConfig"]["SubnetIds"] == {"Ref": "LambdaSubnets"}
    assert default["batch/lambda"]["Transform"] == "AWS::Serverless-2016-10-31"
    assert default["batch/lambda"]["Resources"]["DbInit"]["Metadata"] == {"BuildMethod": "makefile"}


def test_the_function_writes_to_its_own_log_group_alone(default: dict[str, Body]) -> None:
    policy = only(default["batch/lambda"], "AWS::IAM::ManagedPolicy")
    (write,) = policy["PolicyDocument"]["Statement"]
    assert write["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert write["Resource"] == [{"Fn::GetAtt": ["LogGroup", "Arn"]}]
    assert default["batch/lambda"]["Resources"]["DbInit"]["DependsOn"] == ["WriteLogs"]


def test_the_trigger_tells_the_function_all_that_it_needs(default: dict[str, Body]) -> None:
    made = only(default["batch/lambda_invocation"], "Custom::DbInit")
    assert made["ServiceToken"] == {"Ref": "FunctionArn"}
    assert {
        key: value["Ref"] for key, value in made.items() if key.startswith(("Database", "TableSetupScriptBucket"))
    } == {
        "DatabaseHostname": "DatabaseHostname",
        "DatabasePort": "DatabasePort",
        "DatabaseUsernameSecret": "DatabaseUsernameSecret",
        "DatabasePasswordSecret": "DatabasePasswordSecret",
        "DatabaseDefaultName": "DatabaseDefaultName",
        "TableSetupScriptBucketName": "TableSetupScriptBucketName",
        "TableSetupScriptBucketKey": "TableSetupScriptBucketKey",
    }
    assert made["TableSetupScript"] == "schema/0001_jobs.sql"


def test_an_existing_bucket_takes_the_place_of_a_new_one(default: dict[str, Body]) -> None:
    body = default["batch/storage"]
    assert {made["Condition"] for made in body["Resources"].values()} == {"NewBucket"}
    value = body["Outputs"]["TableSetupScriptBucketName"]["Value"]["Fn::If"]
    assert value[1:] == [{"Ref": "ExistingTableSetupScriptBucket"}, {"Ref": "TableSetupScriptBucket"}]


def test_the_job_database_is_reached_by_the_function_and_the_jobs_alone(default: dict[str, Body]) -> None:
    rules = resources(default["batch/security"], "AWS::EC2::SecurityGroupIngress")
    sources = {
        made["Properties"]["SourceSecurityGroupId"]["Fn::GetAtt"][0]: made["Properties"]["GroupId"]["Fn::GetAtt"][0]
        for made in rules.values()
    }
    assert sources == {"Function": "Database", "ComputeEnvironments": "Database"}
    assert all(
        made["Properties"]["FromPort"] == made["Properties"]["ToPort"] == {"Ref": "DbPort"} for made in rules.values()
    )


def test_the_database_reaches_nothing(default: dict[str, Body]) -> None:
    (egress,) = default["batch/security"]["Resources"]["Database"]["Properties"]["SecurityGroupEgress"]
    assert egress["CidrIp"] == "255.255.255.255/32"
