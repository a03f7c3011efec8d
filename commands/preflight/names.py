"""Physical names that are given, and taken by something that is not of our stack (P62, P68)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from commands.preflight.built import Resource
from commands.preflight.ground import Answer, Ground
from commands.preflight.outcome import NotCheckedError, Outcome, fault, ok, warning

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
# ECS takes a cluster, and a task definition its family, that is there already.


def names(ground: Ground) -> Iterator[Outcome]:
    free = 0
    for resource in ground.of(*NAMES):
        name = resource.get(NAMES[resource.type].property)
        if not isinstance(name, str) or ground.is_ours(resource.type, name):
            continue
        try:
            found = _taken(ground, resource, name)
        except NotCheckedError as error:
            yield warning(f"{name} ({resource.path}): {error}")
            continue
        if found:
            yield found
        free += not found
    if free:
        yield ok(f"{free} that are given are free")


def _taken(ground: Ground, resource: Resource, name: str) -> Outcome | None:
    how = NAMES[resource.type]
    try:
        answer = ground.call(how.service, how.operation, how.missing, **how.arguments(resource, name))
    except NotCheckedError as error:
        if "x-amz-bucket-region" in error.headers:  # of a bucket that is there, S3 tells it to whoever asks
            return fault(f"{resource.path}: the bucket {name} is there, and not ours to see", "rename it")
        raise
    rows = [row for row in answer.get(how.rows, []) if _is_called(row, name, how.kinds)]
    if not answer or (how.rows and not rows) or any(_is_ours(ground, resource, row) for row in rows):
        return None
    if answer.get("DeletedDate"):
        command = f"aws secretsmanager delete-secret --force-delete-without-recovery --secret-id {name}"
        return fault(f"{resource.path}: the secret {name} waits for its deletion", f"rename it, or {command}")
    what = f"{resource.type.removeprefix('AWS::').replace('::', ' ')} {name}"
    return fault(f"{resource.path}: {what} is there, and not of {ground.stack.name}", "rename it, or delete that")


def _is_called(row: Answer, name: str, kinds: tuple[str, ...]) -> bool:
    """Tell whether a row is of this very name: some APIs take a prefix, and Route 53's names end with a dot."""
    return (name in row.values() or f"{name}." in row.values()) and (not kinds or row["Type"] in kinds)


def _is_ours(ground: Ground, resource: Resource, row: Answer) -> bool:
    """Tell whether it is one of the stack's, which has another ID than its name."""
    return any(ground.is_ours(resource.type, value) for value in row.values() if isinstance(value, str))
