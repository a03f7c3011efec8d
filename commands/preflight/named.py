"""Types that take a name, the property that gives it, and how to ask AWS for one of that name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from commands.preflight.built import Resource

Arguments = Callable[[Resource, str], dict[str, Any]]


@dataclass(frozen=True)
class Name:
    """A type's property that names it, and how to ask for one of that name; `rows`: of an answer that may be empty."""

    property: str
    service: str
    operation: str
    arguments: Arguments
    missing: tuple[str, ...] = ()
    rows: str = ""
    kinds: tuple[str, ...] = ()  # of its rows, those whose Type is one of these


def _group(resource: Resource, name: str) -> dict[str, Any]:
    within = {"vpc-id": resource.get("VpcId"), "group-name": name}
    return {"Filters": [{"Name": key, "Values": [value]} for key, value in within.items()]}


def _record(resource: Resource, name: str) -> dict[str, Any]:
    first = {"StartRecordName": name, "StartRecordType": "A", "PaginationConfig": {"MaxItems": 1}}
    return {"HostedZoneId": resource.get("HostedZoneId"), **first}


def _only(key: str) -> Arguments:
    return lambda _, name: {key: name}


def _list(key: str) -> Arguments:
    return lambda _, name: {key: [name]}


NOT_FOUND = ("ResourceNotFoundException",)
NO_ENTITY = ("NoSuchEntity",)
NAMES: dict[str, Name] = {
    "AWS::Batch::ComputeEnvironment": Name(
        "ComputeEnvironmentName",
        "batch",
        "describe_compute_environments",
        _list("computeEnvironments"),
        rows="computeEnvironments",
    ),
    "AWS::Batch::JobQueue": Name(
        "JobQueueName", "batch", "describe_job_queues", _list("jobQueues"), ("ClientException",), rows="jobQueues"
    ),
    "AWS::DynamoDB::Table": Name("TableName", "dynamodb", "describe_table", _only("TableName"), NOT_FOUND),
    "AWS::EC2::SecurityGroup": Name("GroupName", "ec2", "describe_security_groups", _group, rows="SecurityGroups"),
    "AWS::ECR::Repository": Name(
        "RepositoryName", "ecr", "describe_repositories", _list("repositoryNames"), ("RepositoryNotFoundException",)
    ),
    "AWS::ECS::Cluster": Name("ClusterName", "ecs", "describe_clusters", _list("clusters"), rows="clusters"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Name(
        "Name", "elbv2", "describe_load_balancers", _list("Names"), ("LoadBalancerNotFound",)
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": Name(
        "Name", "elbv2", "describe_target_groups", _list("Names"), ("TargetGroupNotFound",)
    ),
    "AWS::IAM::InstanceProfile": Name(
        "InstanceProfileName", "iam", "get_instance_profile", _only("InstanceProfileName"), NO_ENTITY
    ),
    "AWS::IAM::Role": Name("RoleName", "iam", "get_role", _only("RoleName"), NO_ENTITY),
    "AWS::Logs::LogGroup": Name(
        "LogGroupName", "logs", "describe_log_groups", _only("logGroupNamePrefix"), rows="logGroups"
    ),
    "AWS::RDS::DBInstance": Name(
        "DBInstanceIdentifier",
        "rds",
        "describe_db_instances",
        _only("DBInstanceIdentifier"),
        ("DBInstanceNotFound", "DBInstanceNotFoundFault"),
    ),
    "AWS::RDS::DBSubnetGroup": Name(
        "DBSubnetGroupName",
        "rds",
        "describe_db_subnet_groups",
        _only("DBSubnetGroupName"),
        ("DBSubnetGroupNotFoundFault",),
    ),
    "AWS::Route53::RecordSet": Name(
        "Name",
        "route53",
        "list_resource_record_sets",
        _record,
        ("NoSuchHostedZone",),
        rows="ResourceRecordSets",
        kinds=("A", "CNAME"),
    ),
    "AWS::S3::Bucket": Name("BucketName", "s3", "head_bucket", _only("Bucket"), ("404", "NoSuchBucket")),
    "AWS::SSM::Parameter": Name(
        "Name",
        "ssm",
        "describe_parameters",
        lambda _, name: {"ParameterFilters": [{"Key": "Name", "Values": [name]}]},
        rows="Parameters",
    ),
    "AWS::SecretsManager::Secret": Name("Name", "secretsmanager", "describe_secret", _only("SecretId"), NOT_FOUND),
    "AWS::Serverless::Function": Name(
        "FunctionName", "lambda", "get_function_configuration", _only("FunctionName"), NOT_FOUND
    ),
}
