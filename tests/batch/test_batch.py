"""Compute environments, job queues and job definitions, property by property."""

from __future__ import annotations

import pytest

from templates_py.settings import JobDefinition
from tests.emitted import WHOLE, Body, emitted, nested, only, resources, with_batch


@pytest.fixture(scope="module")
def whole() -> dict[str, Body]:
    return emitted(WHOLE)


@pytest.fixture
def environments(whole: dict[str, Body]) -> dict[str, Body]:
    made = resources(whole["batch/batch"], "AWS::Batch::ComputeEnvironment")
    return {title: env["Properties"] for title, env in made.items()}


def test_a_spot_environment(environments: dict[str, Body]) -> None:
    made = environments["CheapComputeEnvironment"]["ComputeResources"]
    assert (made["Type"], made["BidPercentage"], made["MinvCpus"], made["MaxvCpus"]) == ("SPOT", 60, 0, 256)
    assert made["LaunchTemplate"]["LaunchTemplateId"] == {"Ref": "LaunchTemplate200"}


def test_an_unmanaged_environment(environments: dict[str, Body]) -> None:
    own = environments["OwnComputeEnvironment"]
    assert own == {"Type": "UNMANAGED", "State": "ENABLED", "ServiceRole": {"Ref": "ComputeEnvironmentServiceRoleArn"}}


def test_environments_lie_in_the_given_network(environments: dict[str, Body]) -> None:
    for title, made in environments.items():
        if title != "OwnComputeEnvironment":
            network = made["ComputeResources"]
            assert network["Subnets"] == {"Ref": "ComputeEnvironmentSubnets"}
            assert network["SecurityGroupIds"]["Fn::If"][2] == [{"Ref": "ComputeEnvironmentGroup"}]


def test_a_launch_template_for_each_size_of_root_volume(whole: dict[str, Body]) -> None:
    made = resources(whole["batch/batch"], "AWS::EC2::LaunchTemplate")
    volumes = {
        title: template["Properties"]["LaunchTemplateData"]["BlockDeviceMappings"][0]["Ebs"]
        for title, template in made.items()
    }
    assert {title: volume["VolumeSize"] for title, volume in volumes.items()} == {
        "LaunchTemplate30": 30,
        "LaunchTemplate200": 200,
    }
    assert all(volume["Encrypted"] is True and volume["VolumeType"] == "gp3" for volume in volumes.values())


def test_a_queues_own_values(whole: dict[str, Body]) -> None:
    made = resources(whole["batch/batch"], "AWS::Batch::JobQueue")["LightQueueJobQueue"]["Properties"]
    assert (made["Priority"], made["State"]) == (1, "DISABLED")
    assert made["JobQueueName"] == {"Fn::Join": ["", [{"Ref": "NamePrefix"}, "light-queue"]]}


def test_a_fair_share_policy(whole: dict[str, Body]) -> None:
    policy = only(whole["batch/batch"], "AWS::Batch::SchedulingPolicy")["FairsharePolicy"]
    assert policy["ShareDistribution"] == [{"ShareIdentifier": "team*", "WeightFactor": 1.0}]


def test_the_jobs_log_group_keeps_for_as_long_as_asked(whole: dict[str, Body]) -> None:
    assert only(whole["batch/batch"], "AWS::Logs::LogGroup")["RetentionInDays"] == {"Ref": "LogRetention"}


def test_a_job_definition_on_ec2(whole: dict[str, Body]) -> None:
    made = resources(whole["batch/job_definitions"], "AWS::Batch::JobDefinition")["TrainJobDefinition"]["Properties"]
    assert made["JobDefinitionName"] == {"Fn::Join": ["", [{"Ref": "NamePrefix"}, "train"]]}
    assert (made["Type"], made["PlatformCapabilities"]) == ("container", ["EC2"])
    assert made["RetryStrategy"] == {"Attempts": 3} and made["Timeout"] == {"AttemptDurationSeconds": 600}
    container = made["ContainerProperties"]
    needs = {row["Type"]: row["Value"] for row in container["ResourceRequirements"]}
    assert needs == {"VCPU": "1", "MEMORY": "2048", "GPU": "1"}
    assert container["Environment"] == [{"Name": "A", "Value": "b"}]
    assert container["LogConfiguration"]["Options"]["awslogs-group"] == {"Ref": "JobLogGroup"}


def test_a_job_definition_on_fargate(whole: dict[str, Body]) -> None:
    made = resources(whole["batch/job_definitions"], "AWS::Batch::JobDefinition")["CheckJobDefinition"]["Properties"]
    container = made["ContainerProperties"]
    assert made["PlatformCapabilities"] == ["FARGATE"]
    assert {row["Type"]: row["Value"] for row in container["ResourceRequirements"]} == {"VCPU": "0.25", "MEMORY": "512"}
    assert container["NetworkConfiguration"] == {"AssignPublicIp": "DISABLED"}
    assert container["ExecutionRoleArn"] == {"Ref": "JobExecutionRoleArn"}


def test_a_job_reads_the_tracking_uri_when_it_starts(whole: dict[str, Body]) -> None:
    for made in resources(whole["batch/job_definitions"], "AWS::Batch::JobDefinition").values():
        given, secrets, none = made["Properties"]["ContainerProperties"]["Secrets"]["Fn::If"]
        assert (given, none) == ("TrackingUriParameterGiven", {"Ref": "AWS::NoValue"})
        assert secrets == [{"Name": "MLFLOW_TRACKING_URI", "ValueFrom": {"Ref": "TrackingUriParameter"}}]


def test_the_root_derives_the_parameters_name_and_batch_alone_asks_for_it(whole: dict[str, Body]) -> None:
    name = {"Fn::Sub": "/${AWS::StackName}/mlflow-tracking-uri"}
    stacks = nested(whole["template"])
    assert stacks["Batch"]["Properties"]["Parameters"]["TrackingUriParameter"] == name
    assert stacks["Connection"]["Properties"]["Parameters"]["TrackingUriParameter"] == name
    assert "TrackingUriParameter" not in whole["template"]["Parameters"]
    assert whole["batch/template"]["Parameters"]["TrackingUriParameter"]["Default"] == ""


def test_only_jobs_with_definitions_have_a_stack_of_them(whole: dict[str, Body]) -> None:
    assert "JobDefinitions" in nested(whole["batch/template"])
    assert "JobDefinitions" not in nested(emitted()["batch/template"])


def test_a_job_that_brings_its_own_tracking_uri_keeps_it() -> None:
    job = JobDefinition(name="train", image="train:1", environment={"MLFLOW_TRACKING_URI": "http://mine"})
    made = only(emitted(with_batch(job_definitions=[job]))["batch/job_definitions"], "AWS::Batch::JobDefinition")
    assert made["ContainerProperties"]["Secrets"] == {"Ref": "AWS::NoValue"}
