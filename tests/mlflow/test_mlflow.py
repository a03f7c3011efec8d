"""MLflow's nested stacks, property by property."""

from __future__ import annotations

import json

import pytest

from templates_py.fargate import MEMORY
from tests.emitted import Body, emitted, keyless, nested, only, resources, with_mlflow


@pytest.fixture(scope="module")
def default() -> dict[str, Body]:
    return emitted()


def containers(body: Body) -> dict[str, Body]:
    made = only(body, "AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    return {json.dumps(container["Name"]): container for container in made}


def test_the_load_balancer_is_internal_unless_the_settings_say_otherwise(default: dict[str, Body]) -> None:
    kind = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    assert only(default["mlflow/load_balancing"], kind)["Scheme"] == "internal"
    assert (
        only(emitted(with_mlflow(internet_facing=True))["mlflow/load_balancing"], kind)["Scheme"] == "internet-facing"
    )


def test_an_internet_facing_one_needs_a_certificate() -> None:
    rules = emitted(with_mlflow(internet_facing=True))["template"]["Rules"]
    (assertion,) = rules["InternetHasCertificate"]["Assertions"]
    assert assertion["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "CertificateArn"}, ""]}]}


def test_http_forwards_and_with_a_certificate_redirects(default: dict[str, Body]) -> None:
    listeners = resources(default["mlflow/load_balancing"], "AWS::ElasticLoadBalancingV2::Listener")
    (action,) = listeners["HttpListener"]["Properties"]["DefaultActions"]
    given, redirect, forward = action["Fn::If"]
    assert (given, redirect["Type"], forward["Type"]) == ("CertificateArnGiven", "redirect", "forward")
    assert redirect["RedirectConfig"] == {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    https = listeners["HttpsListener"]
    assert (https["Condition"], https["Properties"]["Port"]) == ("CertificateArnGiven", 443)
    assert https["Properties"]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"


def test_a_name_is_made_where_a_zone_is_given(default: dict[str, Body]) -> None:
    (record,) = resources(default["mlflow/load_balancing"], "AWS::Route53::RecordSet").values()
    assert (record["Condition"], record["Properties"]["Name"]) == ("HostedZoneIdGiven", {"Ref": "DomainName"})
    assert "ZoneHasName" in default["template"]["Rules"]


def test_clients_reach_the_balancer_it_the_tasks_and_they_the_database(default: dict[str, Body]) -> None:
    rules = {
        title: made["Properties"]
        for title, made in resources(default["mlflow/security"], "AWS::EC2::SecurityGroupIngress").items()
    }
    assert {title: made["FromPort"] for title, made in rules.items()} == {
        "LoadBalancerToTasks": 5000,
        "TasksToDatabase": {"Ref": "DbPort"},
        "Http10x0x0x0x8": 80,
        "Https10x0x0x0x8": 443,
    }
    assert rules["Http10x0x0x0x8"]["CidrIp"] == "10.0.0.0/8"


def test_the_service_listens_where_the_group_and_the_balancer_expect_it(default: dict[str, Body]) -> None:
    (service,) = only(default["mlflow/task_deployment"], "AWS::ECS::Service")["LoadBalancers"]
    (mapping,) = containers(default["mlflow/task_deployment"])['{"Ref": "ContainerName"}']["PortMappings"]
    group = only(default["mlflow/load_balancing"], "AWS::ElasticLoadBalancingV2::TargetGroup")
    assert service["ContainerPort"] == mapping["ContainerPort"] == group["Port"] == 5000
    assert service["ContainerName"] == {"Ref": "ContainerName"}


def test_both_containers_are_given_the_database_and_its_secrets_by_arn(default: dict[str, Body]) -> None:
    for container in containers(default["mlflow/task_deployment"]).values():
        given = {row["Name"]: row["Value"] for row in container["Environment"]}
        assert given["DB_HOST"] == {"Ref": "DbHost"} and given["DB_NAME"] == {"Ref": "DbName"}
        assert given["ARTIFACT_ROOT"] == {
            "Fn::Join": ["/", ["s3:/", {"Ref": "S3BucketName"}, {"Ref": "S3BucketFolder"}]]
        }
        assert {row["Name"]: row["ValueFrom"]["Ref"] for row in container["Secrets"]} == {
            "DB_USERNAME": "AdminUsernameArn",
            "DB_PASSWORD": "AdminPasswordArn",
        }
        assert container["User"] == "10001"


def test_the_entrypoint_is_told_the_size_of_its_task(default: dict[str, Body]) -> None:
    for container in containers(default["mlflow/task_deployment"]).values():
        given = {row["Name"]: row["Value"] for row in container["Environment"]}
        assert (given["TASK_CPU"], given["TASK_MEMORY"]) == ({"Ref": "TaskCpu"}, {"Ref": "TaskMemory"})
        assert given["WORKERS"] == {"Ref": "Workers"}  # empty: by these two
        assert (given["AUTH"], given["ARTIFACTS"]) == ("none", "direct")
    assert default["template"]["Parameters"]["Workers"]["Default"] == ""


def test_commands_are_told_what_runs_and_which_database_to_take_a_snapshot_of(default: dict[str, Body]) -> None:
    made = default["mlflow/task_deployment"]["Outputs"]["TaskDefinitionArn"]
    assert (made["Value"], made["Condition"]) == ({"Ref": "TaskDefinition"}, "DockerImageGiven")
    database = default["shared/database-snapshot"]["Outputs"]["DbInstanceIdentifier"]
    assert database["Value"] == {"Ref": "Instance"}
    root = default["mlflow/template"]["Outputs"]
    for name in ("EcsServiceName", "TaskDefinitionArn"):
        nested_output = {"Fn::GetAtt": ["TaskDeployment", f"Outputs.{name}"]}
        assert root[name]["Value"] == {"Fn::If": ["ImageTagGiven", nested_output, "none: ImageTag is empty"]}
    known = {"ContainerRepositoryUrl", "EcsClusterName", "TrackingUri", "MlflowDbInstanceIdentifier"}
    assert known <= default["template"]["Outputs"].keys()


def test_task_role_and_execution_role_are_two(default: dict[str, Body]) -> None:
    made = only(default["mlflow/task_deployment"], "AWS::ECS::TaskDefinition")
    assert made["TaskRoleArn"] == {"Ref": "TaskRoleArn"} and made["ExecutionRoleArn"] == {"Ref": "ExecutionRoleArn"}
    fed = nested(default["mlflow/template"])["TaskDeployment"]["Properties"]["Parameters"]
    assert fed["TaskRoleArn"] == {"Fn::GetAtt": ["Permissions", "Outputs.MlflowEcsTasksRoleArn"]}
    assert fed["ExecutionRoleArn"] == {"Fn::GetAtt": ["Permissions", "Outputs.ExecutionRoleArn"]}


def test_the_task_role_reaches_the_artifacts_and_the_execution_role_the_image_and_the_secrets(
    default: dict[str, Body],
) -> None:
    roles = resources(default["mlflow/permissions"], "AWS::IAM::Role")
    said = {title: json.dumps(made["Properties"]["Policies"]) for title, made in roles.items()}
    assert "s3:GetObject" in said["TaskRole"] and "secretsmanager" not in said["TaskRole"]
    assert "ecr:BatchGetImage" in said["ExecutionRole"] and "s3:" not in said["ExecutionRole"]
    assert "secretsmanager:GetSecretValue" in said["ExecutionRole"]


def test_memory_must_be_one_that_the_cpu_allows(default: dict[str, Body]) -> None:
    rules = default["template"]["Rules"]
    assert {f"MemoryOfCpu{cpu}" for cpu in MEMORY} <= rules.keys()
    rule = rules["MemoryOfCpu256"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "TaskCpu"}, "256"]}
    assert rule["Assertions"][0]["Assert"] == {"Fn::Contains": [["512", "1024", "2048"], {"Ref": "TaskMemory"}]}


def test_the_scaling_target_is_the_service_in_its_cluster(default: dict[str, Body]) -> None:
    target = only(default["mlflow/autoscaling"], "AWS::ApplicationAutoScaling::ScalableTarget")
    assert target["ResourceId"] == {
        "Fn::Join": ["/", ["service", {"Ref": "ServerClusterName"}, {"Ref": "EcsServiceName"}]]
    }
    fed = nested(default["mlflow/template"])["Autoscaling"]["Properties"]["Parameters"]
    assert fed["EcsServiceName"] == {"Fn::GetAtt": ["TaskDeployment", "Outputs.EcsServiceName"]}


@pytest.mark.parametrize(
    ("title", "metric"), [("Cpu", "ECSServiceAverageCPUUtilization"), ("Memory", "ECSServiceAverageMemoryUtilization")]
)
def test_a_policy_tracks_its_own_metric_with_its_own_rows(default: dict[str, Body], title: str, metric: str) -> None:
    made = default["mlflow/autoscaling"]["Resources"][title]["Properties"]
    tracking = made["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["PredefinedMetricSpecification"] == {"PredefinedMetricType": metric}
    assert tracking["TargetValue"] == {"Ref": f"{title}AutoscaleTarget"}
    assert tracking["ScaleInCooldown"] == {"Ref": f"{title}AutoscaleInCooldown"}
    assert tracking["ScaleOutCooldown"] == {"Ref": f"{title}AutoscaleOutCooldown"}
    assert made["PolicyName"] == {"Ref": f"{title}AutoscalingPolicyName"}


def test_the_repository_scans_and_expires_untagged_images_alone(default: dict[str, Body]) -> None:
    made = only(default["mlflow/container_repository"], "AWS::ECR::Repository")
    (rule,) = json.loads(made["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert rule["selection"]["tagStatus"] == "untagged"
    assert made["ImageScanningConfiguration"] == {"ScanOnPush": {"Ref": "ScanOnPush"}}


def test_the_connection_lets_jobs_reach_the_balancer(default: dict[str, Body]) -> None:
    rule = only(default["connection"], "AWS::EC2::SecurityGroupIngress")
    assert rule["FromPort"] == rule["ToPort"] == {"Ref": "ListenerPort"}
    assert (rule["GroupId"], rule["SourceSecurityGroupId"]) == (
        {"Ref": "MlflowSgId"},
        {"Ref": "ComputeEnvironmentGroup"},
    )
    assert default["mlflow/security"]["Outputs"]["ListenerPort"]["Value"] == {
        "Fn::If": ["CertificateArnGiven", "443", "80"]
    }
    parameter = only(default["connection"], "AWS::SSM::Parameter")
    assert (parameter["Name"], parameter["Value"]) == ({"Ref": "TrackingUriParameter"}, {"Ref": "TrackingUri"})


def test_the_address_says_how_it_is_spoken_to(default: dict[str, Body]) -> None:
    scheme, host = default["mlflow/load_balancing"]["Outputs"]["TrackingUri"]["Value"]["Fn::Join"][1]
    assert scheme == {"Fn::If": ["CertificateArnGiven", "https://", "http://"]}
    assert host["Fn::If"][1:] == [{"Ref": "DomainName"}, {"Fn::GetAtt": ["LoadBalancer", "DNSName"]}]
    listeners = resources(default["mlflow/load_balancing"], "AWS::ElasticLoadBalancingV2::Listener")
    spoken = {title: (made["Properties"]["Port"], made["Properties"]["Protocol"]) for title, made in listeners.items()}
    assert spoken == {"HttpListener": (80, "HTTP"), "HttpsListener": (443, "HTTPS")}


def test_a_target_leaves_before_its_task_is_stopped(default: dict[str, Body]) -> None:
    group = only(default["mlflow/load_balancing"], "AWS::ElasticLoadBalancingV2::TargetGroup")
    (delay,) = group["TargetGroupAttributes"]
    assert delay["Key"] == "deregistration_delay.timeout_seconds"
    server = containers(default["mlflow/task_deployment"])['{"Ref": "ContainerName"}']
    assert int(delay["Value"]) < server["StopTimeout"] <= 120  # Fargate's most
    assert server["Essential"] is True


def test_tasks_may_write_to_their_own_log_group_alone(default: dict[str, Body]) -> None:
    (write,) = only(default["mlflow/task_deployment"], "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert write["Resource"] == [{"Fn::GetAtt": ["LogGroup", "Arn"]}]
    for name, container in containers(default["mlflow/task_deployment"]).items():
        options = container["LogConfiguration"]["Options"]
        assert options["awslogs-group"] == {"Ref": "LogGroup"} and options["awslogs-region"] == {"Ref": "AWS::Region"}
        assert options["awslogs-stream-prefix"] == ("migrate" if "migrate" in name else "server")


def test_an_existing_repository_is_named_as_ecr_names_it(default: dict[str, Body]) -> None:
    outputs = default["mlflow/container_repository"]["Outputs"]
    url, arn = (
        outputs[name]["Value"]["Fn::If"][1]["Fn::Sub"] for name in ("ContainerRepositoryUrl", "ContainerRepositoryArn")
    )
    assert url == [
        "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/${Name}",
        {"Name": {"Ref": "ExistingContainerRepository"}},
    ]
    assert arn[0] == "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/${Name}"


def test_each_role_reaches_what_it_names_and_no_more(default: dict[str, Body]) -> None:
    rows = {}
    for title, made in resources(default["mlflow/permissions"], "AWS::IAM::Role").items():
        (trust,) = made["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": ["ecs-tasks.amazonaws.com"]}
        rows[title] = [
            row["Resource"]
            for policy in keyless(made["Properties"]["Policies"])
            for row in policy["PolicyDocument"]["Statement"]
        ]
    bucket = {"Fn::Join": [":", ["arn", {"Ref": "AWS::Partition"}, "s3", "", "", {"Ref": "ArtifactBucket"}]]}
    assert rows == {
        "TaskRole": [[bucket], [{"Fn::Join": ["", [bucket, "/", {"Ref": "S3BucketFolder"}, "/*"]]}]],
        "ExecutionRole": [
            ["*"],
            [{"Ref": "ContainerRepositoryArn"}],
            [{"Ref": "AdminUsernameArn"}, {"Ref": "AdminPasswordArn"}],
        ],
    }
