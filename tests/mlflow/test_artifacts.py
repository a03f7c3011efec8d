"""How artifacts travel: clients straight to S3, or by the server; and who may do what with them."""

from __future__ import annotations

import json

import pytest

from templates_py.settings import ComputeEnvironment
from tests.emitted import DEFAULT, Body, emitted, keyless, nested, only, resources, with_batch, with_mlflow

BUCKET = {"Fn::Join": [":", ["arn", {"Ref": "AWS::Partition"}, "s3", "", "", {"Ref": "ArtifactBucket"}]]}


@pytest.fixture(scope="module")
def direct() -> dict[str, Body]:
    return emitted()


@pytest.fixture(scope="module")
def proxied() -> dict[str, Body]:
    return emitted(with_mlflow(artifacts="proxied"))


def temporary(templates: dict[str, Body]) -> list[object]:
    made = only(templates["mlflow/task_deployment"], "AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    return [container["LinuxParameters"]["Tmpfs"][0]["Size"] for container in made]


def test_a_client_reads_and_writes_the_folder_and_nothing_else(direct: dict[str, Body]) -> None:
    policy = keyless(only(direct["mlflow/permissions"], "AWS::IAM::ManagedPolicy"))
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": [BUCKET],
            "Condition": {"StringLike": {"s3:prefix": [{"Fn::Join": ["", [{"Ref": "S3BucketFolder"}, "/*"]]}]}},
        },
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
            "Resource": [{"Fn::Join": ["", [BUCKET, "/", {"Ref": "S3BucketFolder"}, "/*"]]}],
        },
    ]
    assert {"Roles", "Users", "Groups", "ManagedPolicyName"} & policy.keys() == set()


def test_its_folder_is_the_one_that_mlflow_gives_out(direct: dict[str, Body]) -> None:
    stacks = nested(direct["mlflow/template"])
    for title in ("Permissions", "TaskDeployment"):
        assert stacks[title]["Properties"]["Parameters"]["S3BucketFolder"] == {"Ref": "S3BucketFolder"}
    fed = nested(direct["template"])
    for title in ("Mlflow", "Connection"):
        assert fed[title]["Properties"]["Parameters"]["S3BucketFolder"] == {"Ref": "S3BucketFolder"}
    root = direct["mlflow/task_deployment"]
    (server,) = only(root, "AWS::ECS::TaskDefinition")["ContainerDefinitions"][1:]
    (folder,) = [row["Value"] for row in server["Environment"] if row["Name"] == "ARTIFACT_ROOT"]
    assert folder["Fn::Join"][1][-1] == {"Ref": "S3BucketFolder"}


def test_people_are_told_of_the_policy(direct: dict[str, Body]) -> None:
    assert direct["template"]["Outputs"]["ClientPolicyArn"]["Value"] == {
        "Fn::GetAtt": ["Mlflow", "Outputs.ClientPolicyArn"]
    }


@pytest.mark.parametrize(
    ("instance", "fargate", "roles"),
    [(True, False, ["InstanceRole"]), (False, False, ["JobRole"]), (True, True, ["InstanceRole", "JobRole"])],
)
def test_jobs_may_store_artifacts_by_whatever_role_they_act_by(instance: bool, fargate: bool, roles: list[str]) -> None:
    more = [ComputeEnvironment(name="light", resource_type="FARGATE")] if fargate else []
    envs = [*DEFAULT.batch.compute_environments, *more]
    templates = emitted(with_batch(compute_environments=envs, jobs_use_instance_role=instance))
    names = templates["batch/permissions"]["Outputs"]["JobsRoleNames"]["Value"]
    assert names == {"Fn::Join": [",", [{"Ref": role} for role in roles]]}
    policies = resources(templates["connection"], "AWS::IAM::Policy")
    assert [one["Properties"]["Roles"] for one in policies.values()] == [{"Ref": "JobsRoleNames"}] * 2
    policy = policies["ArtifactsOfJobs"]["Properties"]
    clients = keyless(only(templates["mlflow/permissions"], "AWS::IAM::ManagedPolicy"))["PolicyDocument"]
    assert json.dumps(policy["PolicyDocument"]).replace('S3Bucket"', 'ArtifactBucket"') == json.dumps(clients)
    assert nested(templates["template"])["Connection"]["Properties"]["Parameters"]["JobsRoleNames"] == {
        "Fn::GetAtt": ["Batch", "Outputs.JobsRoleNames"]
    }


def test_by_the_server_clients_and_jobs_need_nothing_of_s3(proxied: dict[str, Body]) -> None:
    assert not resources(proxied["mlflow/permissions"], "AWS::IAM::ManagedPolicy")
    assert not resources(proxied["connection"], "AWS::IAM::Policy")
    assert "ClientPolicyArn" not in proxied["template"]["Outputs"]


def test_the_server_has_room_for_what_passes_it(direct: dict[str, Body], proxied: dict[str, Body]) -> None:
    assert temporary(direct) == [256, 256]
    assert temporary(proxied) == [{"Ref": "TmpSize"}] * 2
    rows = proxied["template"]["Parameters"]
    idle = 697  # MiB, measured: two workers, job execution off
    assert rows["TmpSize"]["Default"] + idle < rows["TaskMemory"]["Default"]


def test_the_bucket_says_only_that_all_speak_tls(direct: dict[str, Body], proxied: dict[str, Body]) -> None:
    assert direct["mlflow/storage"] == proxied["mlflow/storage"]
    policy = resources(direct["mlflow/storage"], "AWS::S3::BucketPolicy")["ArtifactStorePolicy"]["Properties"]
    (row,) = policy["PolicyDocument"]["Statement"]
    assert (row["Effect"], row["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
