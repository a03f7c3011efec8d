"""What people tripped over in systems that do this job: a test for each row of the register, named by its id.

Rows about commands, the function, the image and the local platform have theirs beside those.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import msgspec
import pytest

from templates_py.settings import ROOT, ComputeEnvironment, JobDefinition, JobQueue, Settings
from tests.emitted import (
    BASIC,
    DEFAULT,
    WHOLE,
    Body,
    emitted,
    gets,
    nested,
    only,
    refs,
    resources,
    walk,
    with_batch,
    with_mlflow,
)

DATA = ("AWS::RDS::DBInstance", "AWS::S3::Bucket", "AWS::DynamoDB::Table")
RETAINED = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}


@pytest.fixture(scope="module")
def default() -> dict[str, Body]:
    return emitted(DEFAULT)


@pytest.fixture(scope="module")
def whole() -> dict[str, Body]:
    return emitted(WHOLE)


def environments(body: Body) -> dict[str, Body]:
    return {title: made["Properties"] for title, made in resources(body, "AWS::Batch::ComputeEnvironment").items()}


def kept(made: Body) -> Body:
    return {key: made.get(key) for key in ("DeletionPolicy", "UpdateReplacePolicy")}


def one_environment(**keys: object) -> Body:
    env = ComputeEnvironment(name="ml", **keys)  # type: ignore[arg-type]
    (made,) = environments(emitted(with_batch(compute_environments=[env], job_queues=[]))["batch/batch"]).values()
    return made


def test_p01_an_environment_has_a_real_name_only_where_it_was_asked_for(default: dict[str, Body]) -> None:
    assert all("ComputeEnvironmentName" not in made for made in environments(default["batch/batch"]).values())
    assert one_environment(use_real_name=True)["ComputeEnvironmentName"] == "ml"


def test_p02_queues_keep_the_names_that_clients_know(default: dict[str, Body]) -> None:
    queues = resources(default["batch/batch"], "AWS::Batch::JobQueue")
    names = [made["Properties"]["JobQueueName"]["Fn::Join"][1][1] for made in queues.values()]
    assert names == ["hydra-ml-queue", "hydra-gpu-queue"]


def test_p03_no_tag_reaches_an_environment(whole: dict[str, Body]) -> None:
    assert all("Tags" not in made for made in environments(whole["batch/batch"]).values())
    assert all("Tags" not in made["Properties"] for body in whole.values() for made in nested(body).values())
    for made in resources(whole["mlflow/storage"], "AWS::S3::Bucket").values():
        assert made["Properties"]["Tags"] == [{"Key": "team", "Value": "research"}]


def test_p04_environments_are_updated_in_place(default: dict[str, Body]) -> None:
    for made in environments(default["batch/batch"]).values():
        assert "ServiceRole" not in made
        assert made["ReplaceComputeEnvironment"] is False
        assert made["ComputeResources"]["AllocationStrategy"] == "BEST_FIT_PROGRESSIVE"
        assert made["UpdatePolicy"] == {"JobExecutionTimeoutMinutes": 1440, "TerminateJobsOnUpdate": False}
        version = made["ComputeResources"]["LaunchTemplate"]["Version"]
        assert version == {"Fn::GetAtt": ["LaunchTemplate30", "LatestVersionNumber"]}
    assert one_environment(resource_type="SPOT")["ComputeResources"]["AllocationStrategy"] == (
        "SPOT_PRICE_CAPACITY_OPTIMIZED"
    )


def test_p04_a_custom_service_role_means_replaceable_environments(whole: dict[str, Body]) -> None:
    made = environments(whole["batch/batch"])
    assert {env["ServiceRole"]["Ref"] for env in made.values()} == {"ComputeEnvironmentServiceRoleArn"}
    assert {env.get("ReplaceComputeEnvironment", True) for env in made.values()} == {True}


def test_p05_a_queue_refers_to_its_environments_by_ref(whole: dict[str, Body]) -> None:
    order = resources(whole["batch/batch"], "AWS::Batch::JobQueue")["HydraMlQueueJobQueue"]["Properties"]
    assert order["ComputeEnvironmentOrder"] == [
        {"ComputeEnvironment": {"Ref": "MlComputeEnvironment"}, "Order": 1},
        {"ComputeEnvironment": {"Ref": "CheapComputeEnvironment"}, "Order": 2},
    ]


def test_p06_the_roles_feed_the_environments(whole: dict[str, Body]) -> None:
    fed = nested(whole["batch/template"])["Batch"]["Properties"]["Parameters"]
    assert {title for title, _ in gets(fed)} == {"Permissions", "Security"}


def test_p07_fargate_has_nothing_that_is_for_instances(whole: dict[str, Body]) -> None:
    for title in ("LightComputeEnvironment", "LightestComputeEnvironment"):
        made = environments(whole["batch/batch"])[title]["ComputeResources"]
        assert made.keys() == {"Type", "MaxvCpus", "Subnets", "SecurityGroupIds"}
    assert "ComputeResources" not in environments(whole["batch/batch"])["OwnComputeEnvironment"]


def test_p08_fair_share_is_opt_in(default: dict[str, Body], whole: dict[str, Body]) -> None:
    assert not resources(default["batch/batch"], "AWS::Batch::SchedulingPolicy")
    queues = resources(whole["batch/batch"], "AWS::Batch::JobQueue")
    arns = {title: made["Properties"]["SchedulingPolicyArn"]["Ref"] for title, made in queues.items()}
    assert arns == {"HydraMlQueueJobQueue": "FairSchedulingPolicy", "LightQueueJobQueue": "AWS::NoValue"}


def test_p09_a_queue_may_bound_how_long_a_job_is_runnable(whole: dict[str, Body]) -> None:
    queue = resources(whole["batch/batch"], "AWS::Batch::JobQueue")["HydraMlQueueJobQueue"]["Properties"]
    (limit,) = queue["JobStateTimeLimitActions"]
    assert (limit["State"], limit["MaxTimeSeconds"], limit["Action"]) == ("RUNNABLE", 600, "CANCEL")


@pytest.mark.parametrize(
    ("kinds", "images"),
    [
        ("optimal", ["ECS_AL2023"]),
        (["g5"], ["ECS_AL2023_NVIDIA"]),
        (["p4d.24xlarge", "gr6.4xlarge"], ["ECS_AL2023_NVIDIA"]),
        (["m5", "g5"], ["ECS_AL2023", "ECS_AL2023_NVIDIA"]),
        (["g4ad"], ["ECS_AL2023"]),
    ],
    ids=str,
)
def test_p10_images_are_amazon_linux_2023_by_family(kinds: str | list[str], images: list[str]) -> None:
    made = one_environment(instance_type=kinds)["ComputeResources"]["Ec2Configuration"]
    assert [row["ImageType"] for row in made] == images


def test_p11_no_spot_role_is_needed(whole: dict[str, Body]) -> None:
    assert "SpotIamFleetRole" not in environments(whole["batch/batch"])["CheapComputeEnvironment"]["ComputeResources"]


def test_p12_the_custom_resource_does_not_hang_for_an_hour(default: dict[str, Body]) -> None:
    timeout = int(only(default["batch/lambda_invocation"], "Custom::DbInit")["ServiceTimeout"])
    assert default["batch/lambda"]["Parameters"]["LambdaFunctionTimeout"]["MaxValue"] < timeout < 3600


def test_p16_another_script_runs_when_the_stack_is_updated(default: dict[str, Body]) -> None:
    sha = only(default["batch/lambda_invocation"], "Custom::DbInit")["TableSetupScriptSha256"]
    assert sha == DEFAULT.batch.script_sha256()
    assert re.fullmatch("[0-9a-f]{64}", sha)


def test_p16_a_further_script_runs_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "functions/db_init/schema", tmp_path / "functions/db_init/schema")
    monkeypatch.setattr("templates_py.settings.batch.ROOT", tmp_path)
    before = DEFAULT.batch.script_sha256()
    (tmp_path / "functions/db_init/schema/0002_more.sql").write_text("ALTER TABLE job ADD COLUMN cost INT;\n")
    assert DEFAULT.batch.script_sha256() != before


def test_p18_the_functions_group_outlives_the_function(default: dict[str, Body]) -> None:
    assert "Function" in resources(default["batch/security"], "AWS::EC2::SecurityGroup")
    fed = nested(default["batch/template"])["Lambda"]["Properties"]["Parameters"]
    assert fed["FunctionGroup"] == {"Fn::GetAtt": ["Security", "Outputs.FunctionGroup"]}


def test_p19_p24_credentials_are_plain_strings_without_punctuation(default: dict[str, Body]) -> None:
    secrets = resources(default["shared/secrets-snapshot"], "AWS::SecretsManager::Secret")
    user = secrets["UsernameSecret"]["Properties"]["GenerateSecretString"]["Fn::If"][2]
    password = secrets["PasswordSecret"]["Properties"]["GenerateSecretString"]
    assert user["ExcludePunctuation"] and user["ExcludeNumbers"] and password["ExcludePunctuation"]
    assert "GenerateStringKey" not in user and "GenerateStringKey" not in password


def test_p20_the_recovery_window_has_its_reason_in_the_table() -> None:
    from templates_py.review.hydra import REASONS

    assert "P20" in REASONS["username_recovery_window"] and "password_recovery_window" in REASONS


def test_p21_no_secret_rotates_unseen(whole: dict[str, Body]) -> None:
    assert not any(resources(body, "AWS::SecretsManager::RotationSchedule") for body in whole.values())


def test_p23_no_paid_extended_support(default: dict[str, Body]) -> None:
    instance = only(default["shared/database-snapshot"], "AWS::RDS::DBInstance")
    assert instance["EngineLifecycleSupport"] == "open-source-rds-extended-support-disabled"


@pytest.mark.parametrize(
    "settings", [DEFAULT, WHOLE, with_batch(deletion_policy="Delete")], ids=["default", "whole", "delete"]
)
def test_p25_whatever_holds_data_says_what_becomes_of_it(settings: object) -> None:
    found = [made for body in emitted(settings).values() for kind in DATA for made in resources(body, kind).values()]  # type: ignore[arg-type]
    assert len(found) >= 5
    for made in found:
        assert made["UpdateReplacePolicy"] in ("Snapshot", "Retain")
        assert made["DeletionPolicy"] in ("Snapshot", "Delete", "RetainExceptOnCreate", "Retain")
        assert made["DeletionPolicy"] != "Delete" or made["Type"] == "AWS::RDS::DBInstance"


def server(body: Body) -> Body:
    _, made = only(body, "AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    return dict(made)


def environment(body: Body) -> Body:
    return {row["Name"]: row["Value"] for row in server(body)["Environment"]}


def test_p26_mlflow_is_told_the_hosts_that_it_is_called_by(default: dict[str, Body]) -> None:
    assert environment(default["mlflow/task_deployment"])["ALLOWED_HOSTS"] == {"Ref": "AllowedHosts"}
    balancer = {"Fn::GetAtt": ["LoadBalancer", "DNSName"]}
    both = {"Fn::Join": [",", [balancer, {"Ref": "DomainName"}]]}
    hosts = default["mlflow/load_balancing"]["Outputs"]["AllowedHosts"]["Value"]
    assert hosts == {"Fn::If": ["DomainNameGiven", both, balancer]}


def test_p27_the_target_group_asks_for_health(default: dict[str, Body]) -> None:
    group = only(default["mlflow/load_balancing"], "AWS::ElasticLoadBalancingV2::TargetGroup")
    assert (group["HealthCheckPath"], group["TargetType"]) == ("/health", "ip")


def test_p28_p55_a_migration_runs_before_the_server_and_alone(default: dict[str, Body]) -> None:
    first, second = only(default["mlflow/task_deployment"], "AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert (first["Command"], first["Essential"]) == (["migrate"], False)
    assert second["DependsOn"] == [{"ContainerName": first["Name"], "Condition": "SUCCESS"}]


def test_p29_a_tag_names_one_image_and_without_one_there_is_no_service(default: dict[str, Body]) -> None:
    assert only(default["mlflow/container_repository"], "AWS::ECR::Repository")["ImageTagMutability"] == "IMMUTABLE"
    assert default["mlflow/template"]["Parameters"]["ImageTag"]["Default"] == ""
    fed = nested(default["mlflow/template"])["TaskDeployment"]["Properties"]["Parameters"]["DockerImage"]
    assert fed["Fn::If"][0] == "ImageTagGiven" and fed["Fn::If"][2] == ""
    for kind in ("AWS::ECS::Service", "AWS::ECS::TaskDefinition"):
        (made,) = resources(default["mlflow/task_deployment"], kind).values()
        assert made["Condition"] == "DockerImageGiven"
    assert "latest" not in json.dumps(default["mlflow/task_deployment"])


def test_p30_p31_a_bad_image_rolls_back_and_nothing_resets_the_count(default: dict[str, Body]) -> None:
    service = only(default["mlflow/task_deployment"], "AWS::ECS::Service")
    deployment = service["DeploymentConfiguration"]
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert deployment["MinimumHealthyPercent"] == 100
    assert "DesiredCount" not in service


def test_p32_the_service_waits_for_the_listener(default: dict[str, Body]) -> None:
    fed = nested(default["mlflow/template"])["TaskDeployment"]["Properties"]["Parameters"]
    assert fed["AwsLbTargetGroupArn"] == {"Fn::GetAtt": ["LoadBalancing", "Outputs.LbTargetGroupArn"]}
    assert "HttpListener" in default["mlflow/load_balancing"]["Resources"]


def test_p34_tasks_have_no_public_address(default: dict[str, Body]) -> None:
    network = only(default["mlflow/task_deployment"], "AWS::ECS::Service")["NetworkConfiguration"]
    assert network["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"


def test_p35_clients_write_to_s3_directly_unless_the_settings_say_otherwise(
    default: dict[str, Body], whole: dict[str, Body]
) -> None:
    said = [environment(made["mlflow/task_deployment"])["ARTIFACTS"] for made in (default, whole)]
    assert said == ["direct", "proxied"]
    assert resources(default["mlflow/permissions"], "AWS::IAM::ManagedPolicy")


def test_p36_images_block_the_deletion_of_their_repository(default: dict[str, Body]) -> None:
    assert default["template"]["Parameters"]["EmptyOnDelete"]["Default"] == "false"
    assert only(default["mlflow/container_repository"], "AWS::ECR::Repository")["EmptyOnDelete"] == {
        "Ref": "EmptyOnDelete"
    }


def test_p41_every_template_is_far_from_the_limits() -> None:
    for path, body in emitted(WHOLE).items():
        assert len(body.get("Parameters", {})) <= 150, path
        assert len(json.dumps(body)) < 51_200, path


def test_p43_p44_environments_are_a_loop_over_settings_with_logical_ids_of_their_names() -> None:
    envs = [ComputeEnvironment(name=f"env-{n}") for n in range(50)]
    queues = [JobQueue(name=f"queue-{n}", compute_environment=f"env-{n}") for n in range(50)]
    body = emitted(with_batch(compute_environments=envs, job_queues=queues))["batch/batch"]
    assert len(environments(body)) == 50
    assert "Env49ComputeEnvironment" in body["Resources"] and "Queue49JobQueue" in body["Resources"]


def test_p43_one_environment_more_changes_no_other_resource(default: dict[str, Body]) -> None:
    more = [*DEFAULT.batch.compute_environments, ComputeEnvironment(name="new", root_volume_size=100)]
    changed = emitted(with_batch(compute_environments=more))
    before, after = (templates["batch/batch"]["Resources"] for templates in (default, changed))
    assert after.keys() - before.keys() == {"NewComputeEnvironment", "LaunchTemplate100"}
    assert {title: after[title] for title in before} == before
    assert {path for path in default if default[path] != changed[path]} == {"batch/batch"}


def test_p45_lists_travel_as_one_string(default: dict[str, Body]) -> None:
    for body in default.values():
        lists = {name for name, made in body.get("Parameters", {}).items() if "List" in made["Type"]}
        for made in nested(body).values():
            for value in made["Properties"]["Parameters"].values():
                assert not ({value.get("Ref")} & lists if isinstance(value, dict) else set())


def test_p46_rules_between_groups_stand_alone(default: dict[str, Body]) -> None:
    for path in ("batch/security", "mlflow/security"):
        for group in resources(default[path], "AWS::EC2::SecurityGroup").values():
            assert "SecurityGroupIngress" not in group["Properties"]
            assert all("CidrIp" in rule for rule in group["Properties"]["SecurityGroupEgress"])


def test_p51_p53_the_container_is_checked_by_an_api_call_and_writes_to_tmp_alone(default: dict[str, Body]) -> None:
    made = server(default["mlflow/task_deployment"])
    assert made["Command"] == ["server"]  # of the image's own entry point
    assert made["HealthCheck"]["Command"] == ["CMD", "entrypoint", "health"]
    assert made["ReadonlyRootFilesystem"] is True
    assert made["LinuxParameters"]["Tmpfs"] == [{"ContainerPath": "/tmp", "Size": 256, "MountOptions": ["mode=1777"]}]


def test_p56_two_idle_workers_are_under_half_of_the_scaling_target(default: dict[str, Body]) -> None:
    given = {name: made.get("Default") for name, made in default["template"]["Parameters"].items()}
    idle = 697  # MiB, measured: two workers, job execution off
    assert idle < given["TaskMemory"] * given["MemoryAutoscaleTarget"] / 100 / 2


def test_p57_a_client_that_bears_a_token_is_not_sent_to_a_browsers_login(whole: dict[str, Body]) -> None:
    rules = resources(whole["mlflow/oidc"], "AWS::ElasticLoadBalancingV2::ListenerRule")
    tokens, browsers = (rules[title]["Properties"] for title in ("Tokens", "Browsers"))
    assert tokens["Priority"] < browsers["Priority"]
    (bearer,) = tokens["Conditions"]
    assert bearer["HttpHeaderConfig"] == {"HttpHeaderName": "Authorization", "Values": ["Bearer *"]}
    for rule, check in ((tokens, "jwt-validation"), (browsers, "authenticate-oidc")):
        assert [(step["Order"], step["Type"]) for step in rule["Actions"]] == [(1, check), (2, "forward")]
    (out,) = whole["mlflow/security"]["Resources"]["LoadBalancer"]["Properties"]["SecurityGroupEgress"]
    assert (out["IpProtocol"], out["FromPort"], out["ToPort"], out["CidrIp"]) == ("tcp", 443, 443, "0.0.0.0/0")


def test_p61_lengths_are_bounded_as_rds_bounds_them(default: dict[str, Body]) -> None:
    rows = default["shared/secrets-snapshot"]["Parameters"]
    assert (rows["UsernameLength"]["MinValue"], rows["UsernameLength"]["MaxValue"]) == (1, 16)
    assert (rows["PasswordLength"]["MinValue"], rows["PasswordLength"]["MaxValue"]) == (8, 41)
    assert "fixed once created" in rows["UsernameLength"]["Description"]


def test_p62_what_is_retained_goes_with_a_failed_first_create(whole: dict[str, Body]) -> None:
    made = {title: made for body in whole.values() for title, made in body["Resources"].items()}
    always = [title for title, one in made.items() if one.get("DeletionPolicy") == "Retain"]
    assert always == ["AccessLogs", "AccessLogsPolicy"]  # a balancer has put something in: tests/mlflow
    assert any(one.get("DeletionPolicy") == "RetainExceptOnCreate" for one in made.values())
    assert "DeletionProtection" in whole["batch/template"]["Parameters"]


def test_p63_what_a_retained_database_needs_is_retained_with_it(whole: dict[str, Body]) -> None:
    retained = [
        *resources(whole["shared/database-retain"], "AWS::RDS::DBInstance").values(),
        *resources(whole["shared/database-retain"], "AWS::RDS::DBParameterGroup").values(),
        *resources(whole["shared/networking-retain"], "AWS::RDS::DBSubnetGroup").values(),
        *resources(whole["shared/secrets-retain"], "AWS::SecretsManager::Secret").values(),
        whole["batch/security"]["Resources"]["Database"],
    ]
    assert len(retained) == 6 and all(kept(made) == RETAINED for made in retained)
    assert (
        kept(whole["mlflow/security"]["Resources"]["Database"])["DeletionPolicy"] == "Delete"
    )  # its policy is Snapshot


def test_p64_autoscaling_is_there_where_the_service_is(default: dict[str, Body]) -> None:
    assert nested(default["mlflow/template"])["Autoscaling"]["Condition"] == "ImageTagGiven"


def test_p65_cidr_blocks_are_a_setting_and_optional_lists_stand_behind_conditions() -> None:
    body = emitted(with_mlflow(cidr_blocks=["10.0.0.0/8", "fd00::/8"]))["mlflow/security"]
    admitted = {title: made["Properties"] for title, made in body["Resources"].items() if title.startswith("Http")}
    assert [admitted["Http10x0x0x0x8"]["CidrIp"], admitted["Httpsfd00xxx8"]["CidrIpv6"]] == ["10.0.0.0/8", "fd00::/8"]
    for body in emitted(WHOLE).values():
        for name, made in body.get("Parameters", {}).items():
            assert made["Type"] in ("String", "Number", "CommaDelimitedList") or "Default" not in made, name


def test_p66_the_parameter_groups_family_follows_the_engine_version(default: dict[str, Body]) -> None:
    group = only(default["shared/database-snapshot"], "AWS::RDS::DBParameterGroup")
    parts = [{"Fn::Select": [n, {"Fn::Split": [".", {"Ref": "DbEngineVersion"}]}]} for n in ("0", "1")]
    assert group["Family"] == {"Fn::Join": ["", ["mysql", {"Fn::Join": [".", parts]}]]}
    assert "DBParameterGroupName" not in group
    assert default["batch/template"]["Parameters"]["AllowMajorVersionUpgrade"]["Default"] == "false"


def test_p67_secrets_are_resolved_on_the_resource_alone(whole: dict[str, Body]) -> None:
    holders = {
        (path, made["Type"])
        for path, body in whole.items()
        for made in body["Resources"].values()
        if "{{resolve" in json.dumps(made)
    }
    assert {kind for _, kind in holders} == {"AWS::RDS::DBInstance", "AWS::ElasticLoadBalancingV2::ListenerRule"}
    assert not any("{{resolve" in json.dumps(body.get("Outputs", {})) for body in whole.values())


def test_p68_no_name_is_fixed(whole: dict[str, Body]) -> None:
    named = re.compile(r"(Name|Identifier|Family)$")
    allowed = (
        "PolicyName",
        "JobQueueName",
        "JobDefinitionName",
        "AttributeName",
        "ContainerName",
        "DeviceName",
        "DBName",
        "CACertificateIdentifier",
    )
    for path, body in whole.items():
        for title, made in body["Resources"].items():
            for key, value in made.get("Properties", {}).items():
                if named.search(key) and key not in allowed and not path.endswith("template"):
                    assert not isinstance(value, str), f"{path} {title} {key}"
    assert "NamePrefix" in whole["template"]["Parameters"]
    actions = json.dumps([made for body in whole.values() for made in body["Resources"].values()])
    assert "logs:CreateLogGroup" not in actions


def test_p69_only_the_vpc_and_subnets_must_be_answered_and_are_asked_first(default: dict[str, Body]) -> None:
    for path in ("template", "batch/template", "mlflow/template", "artifacts/template"):
        rows = default[path]["Parameters"]
        asked = [name for name, made in rows.items() if "Default" not in made]
        assert asked == list(rows)[: len(asked)]
        assert all("Vpc" in name or "Subnets" in name for name in asked)
    assert list(default["template"]["Parameters"])[:6] == [
        "VpcId",
        "RdsSubnets",
        "LambdaSubnets",
        "ComputeEnvironmentSubnets",
        "LbSubnets",
        "EcsServiceSubnets",
    ]


@pytest.mark.parametrize("by_instance", [True, False], ids=["instance role", "job role"])
def test_p70_jobs_read_their_secrets_by_the_role_that_the_setting_says(by_instance: bool) -> None:
    job = JobDefinition(name="train", image="train:1")
    made = emitted(with_batch(jobs_use_instance_role=by_instance, job_definitions=[job]))
    roles = made["batch/permissions"]["Resources"]
    readers = {title for title, role in roles.items() if "secretsmanager:GetSecretValue" in json.dumps(role)}
    assert readers == {"LambdaServiceRole", "InstanceRole" if by_instance else "JobRole"}
    container = only(made["batch/job_definitions"], "AWS::Batch::JobDefinition")["ContainerProperties"]
    assert container["JobRoleArn"] == {"Ref": "AWS::NoValue" if by_instance else "JobRoleArn"}
    (template,) = resources(made["batch/batch"], "AWS::EC2::LaunchTemplate").values()
    options = template["Properties"]["LaunchTemplateData"]["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 1)


@pytest.mark.parametrize("kind", ["optimal", "default_x86_64", "default_arm64"])
def test_p71_the_three_words_for_any_instance(kind: str) -> None:
    assert one_environment(instance_type=kind)["ComputeResources"]["InstanceTypes"] == [kind]


def test_p73_the_default_engine_and_class_are_what_cfn_lint_knows(default: dict[str, Body]) -> None:
    from tests.linting import lint_body

    rows = {name: made["Default"] for name, made in default["template"]["Parameters"].items() if "Default" in made}
    instance = {
        "Engine": "mysql",
        "EngineVersion": rows["BatchDbEngineVersion"],
        "DBInstanceClass": rows["BatchDbInstanceClass"],
        "AllocatedStorage": "20",
        "MasterUsername": "someone",
        "ManageMasterUserPassword": True,
    }
    made = {"Type": "AWS::RDS::DBInstance", "Properties": instance, **RETAINED}
    assert lint_body({"Resources": {"Database": made}}) == []
    instance["EngineVersion"] = "9.7"
    assert [rule for rule, _ in lint_body({"Resources": {"Database": made}})] == ["E3691"]


def test_p75_the_systems_take_nothing_from_each_other(default: dict[str, Body]) -> None:
    stacks = nested(default["template"])
    assert not list(gets(stacks["Batch"]["Properties"])) and not list(gets(stacks["Mlflow"]["Properties"]))
    assert {title for title, _ in gets(stacks["Connection"]["Properties"])} == {"Batch", "Mlflow"}


def test_p75_the_database_waits_for_what_it_needs_alone(default: dict[str, Body]) -> None:
    for system in ("batch", "mlflow"):
        fed = nested(default[f"{system}/template"])["Database"]["Properties"]["Parameters"]
        assert {title for title, _ in gets(fed)} == {"Networking", "Secrets", "Security"}


def test_p76_what_troposphere_misplaces_is_where_cloudformation_wants_it(default: dict[str, Body]) -> None:
    (environment, *_) = resources(default["batch/batch"], "AWS::Batch::ComputeEnvironment").values()
    assert "UpdatePolicy" in environment["Properties"] and "UpdatePolicy" not in environment
    function = only(default["batch/lambda"], "AWS::Serverless::Function")
    assert function["LoggingConfig"] == {"LogGroup": {"Ref": "LogGroup"}, "LogFormat": "JSON"}


def test_p77_a_restored_database_keeps_the_snapshots_user(default: dict[str, Body]) -> None:
    instance = only(default["shared/database-snapshot"], "AWS::RDS::DBInstance")
    none = {"Ref": "AWS::NoValue"}
    assert instance["MasterUsername"]["Fn::If"][:2] == ["DbSnapshotIdentifierGiven", none]
    assert instance["DBName"]["Fn::If"][:2] == ["DbSnapshotIdentifierGiven", none]
    assert "resolve" in json.dumps(instance["MasterUserPassword"])
    user = resources(default["shared/secrets-snapshot"], "AWS::SecretsManager::Secret")["UsernameSecret"]["Properties"]
    assert user["SecretString"] == {"Fn::If": ["DbSnapshotUsernameGiven", {"Ref": "DbSnapshotUsername"}, none]}
    rules = default["template"]["Rules"]
    assert refs(rules["BatchSnapshotHasUser"]) == {
        "BatchDbSnapshotIdentifier",
        "BatchDbSnapshotUsername",
        "BatchExistingUsernameSecret",
    }


@pytest.mark.parametrize("settings", [WHOLE, BASIC], ids=["whole", "basic"])
def test_no_secret_value_is_an_output_or_in_an_environment(settings: Settings) -> None:
    for path, body in emitted(settings).items():
        for below in walk(body.get("Outputs", {})):
            assert not (isinstance(below, str) and "SecretString" in below), path
        for definition in resources(body, "AWS::ECS::TaskDefinition").values():
            for container in definition["Properties"]["ContainerDefinitions"]:
                secret = {row["Name"] for row in container["Secrets"]}
                assert {"DB_USERNAME", "DB_PASSWORD"} <= secret
                assert not secret & {row["Name"] for row in container["Environment"]}
                assert all(row["ValueFrom"]["Ref"].endswith("Arn") for row in container["Secrets"])


def test_settings_are_never_changed_by_being_emitted() -> None:
    before = msgspec.json.encode(WHOLE)
    emitted(WHOLE)
    assert msgspec.json.encode(WHOLE) == before
