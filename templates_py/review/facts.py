"""What becomes of a resource when a property changes: CloudFormation's schemas, and what they do not say.

The schemas are those that cfn-lint ships. `createOnlyProperties` are what a change replaces; of each conditional one
that is in use a line of FACTS says what it does here.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

# SAM's function is CloudFormation's.
SCHEMAS = {"AWS::Serverless::Function": "AWS::Lambda::Function"}
# What a change does to one resource, the worst first.
REPLACES, RENEWS, REFUSED, INTERRUPTS, UPDATES = (
    "replaces",
    "makes a new value of",
    "cannot change",
    "interrupts",
    "updates",
)


class Fact(NamedTuple):
    """What a change of a property does, and who says so."""

    does: str
    source: str


_MODIFYING = "RDS User Guide, Settings for DB instances"
_RDS = "RDS resource reference"
_ENVIRONMENTS = "Batch User Guide, Updating compute environments"
_INFRASTRUCTURE = Fact(UPDATES, f"{_ENVIRONMENTS}: new instances; jobs that run have a day more (UpdatePolicy)")

FACTS = {
    ("AWS::RDS::DBInstance", "DBInstanceClass"): Fact(INTERRUPTS, f"{_MODIFYING}: a restart; MultiAz: a failover"),
    ("AWS::RDS::DBInstance", "EngineVersion"): Fact(INTERRUPTS, f"{_MODIFYING}: both instances of MultiAz too"),
    ("AWS::RDS::DBInstance", "Port"): Fact(INTERRUPTS, "RDS API, ModifyDBInstance: restarts at once"),
    ("AWS::RDS::DBInstance", "DBParameterGroupName"): Fact(INTERRUPTS, f"{_MODIFYING}: static ones take a restart"),
    ("AWS::RDS::DBInstance", "AllocatedStorage"): Fact(UPDATES, f"{_MODIFYING}: it grows alone, once in six hours"),
    ("AWS::RDS::DBInstance", "MultiAZ"): Fact(UPDATES, f"{_MODIFYING}: no downtime"),
    ("AWS::RDS::DBInstance", "BackupRetentionPeriod"): Fact(UPDATES, f"{_MODIFYING}: downtime from or to 0 alone"),
    ("AWS::RDS::DBInstance", "PreferredMaintenanceWindow"): Fact(UPDATES, f"{_MODIFYING}: no downtime by itself"),
    ("AWS::RDS::DBInstance", "AutoMinorVersionUpgrade"): Fact(UPDATES, f"{_MODIFYING}: no downtime"),
    ("AWS::RDS::DBInstance", "DBSnapshotIdentifier"): Fact(REPLACES, f"{_RDS}: another or none is another database"),
    ("AWS::RDS::DBInstance", "Engine"): Fact(REPLACES, f"{_RDS}: another engine is another database"),
    ("AWS::SecretsManager::Secret", "GenerateSecretString"): Fact(RENEWS, "Secrets Manager resource reference (P61)"),
    ("AWS::SecretsManager::Secret", "SecretString"): Fact(RENEWS, "Secrets Manager resource reference (P61)"),
    ("AWS::DynamoDB::Table", "KeySchema"): Fact(REPLACES, "DynamoDB resource reference"),
    ("AWS::ECS::Service", "LaunchType"): Fact(REPLACES, "ECS resource reference"),
    ("AWS::Route53::RecordSet", "Name"): Fact(REPLACES, "Route 53 resource reference"),
    ("Custom::DbInit", "ServiceToken"): Fact(REFUSED, "CustomResource reference: updates are not supported"),
    **{
        ("AWS::Batch::ComputeEnvironment", f"ComputeResources/{name}"): _INFRASTRUCTURE
        for name in (
            *("AllocationStrategy", "BidPercentage", "Ec2Configuration", "InstanceRole", "InstanceTypes"),
            *("LaunchTemplate", "SecurityGroupIds", "Subnets", "Type"),
        )
    },
}

# Read-only attributes: those that an update changes too, and those that only another resource has otherwise.
MOVES = {("AWS::EC2::LaunchTemplate", "LatestVersionNumber")}
STAYS = {
    ("AWS::EC2::SecurityGroup", "GroupId"),
    ("AWS::ECR::Repository", "Arn"),
    ("AWS::ECR::Repository", "RepositoryUri"),
    ("AWS::ECS::Service", "Name"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "CanonicalHostedZoneID"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "DNSName"),
    ("AWS::IAM::InstanceProfile", "Arn"),
    ("AWS::IAM::Role", "Arn"),
    ("AWS::Logs::LogGroup", "Arn"),
    ("AWS::RDS::DBInstance", "Endpoint.Address"),
    ("AWS::S3::Bucket", "Arn"),
    ("AWS::Serverless::Function", "Arn"),
}
# What is replaced by its like alone, and neither comes nor goes. Sources: CreateJobQueue, UpdateComputeEnvironment.
FOR_GOOD = {("AWS::Batch::JobQueue", "SchedulingPolicyArn"), ("AWS::Batch::ComputeEnvironment", "ServiceRole")}
# The property that names a resource, where an account has the name once in a Region: one that stands is not replaced.
NAMES = {
    "AWS::Batch::ComputeEnvironment": "ComputeEnvironmentName",
    "AWS::Batch::JobQueue": "JobQueueName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::EC2::SecurityGroup": "GroupName",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::ECS::Cluster": "ClusterName",
    "AWS::ECS::Service": "ServiceName",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "Name",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::DBSubnetGroup": "DBSubnetGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SSM::Parameter": "Name",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::Serverless::Function": "FunctionName",
}
# Names that say no more than which of several: of a policy in its role, of a revision in its family.
SHARED = {
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "PolicyName"),
    ("AWS::Batch::JobDefinition", "JobDefinitionName"),
    ("AWS::ECS::TaskDefinition", "Family"),
}


@cache
def schema(kind: str) -> dict[str, list[str]]:
    """The schema's lists of properties for a resource type: name -> properties as `A/B`."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    whole = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", SCHEMAS.get(kind, kind)).schema
    lists = ("createOnlyProperties", "conditionalCreateOnlyProperties", "readOnlyProperties")
    return {name: [path.removeprefix("/properties/") for path in whole.get(name, [])] for name in lists}


def listed(kind: str, path: tuple[str, ...], name: str) -> bool:
    """Whether the schema's list `name` has the property at `path`, or one that it is a part of."""
    here = "/".join(path)
    return any(here == one or here.startswith(f"{one}/") for one in schema(kind)[name])


def does(kind: str, path: tuple[str, ...], replaceable: bool = False) -> str:
    """What a change of the property at `path` does; `replaceable`: of an environment that Batch may replace (P04)."""
    fact = next((FACTS[kind, "/".join(path[:n])] for n in (1, 2) if (kind, "/".join(path[:n])) in FACTS), None)
    if fact:
        return REPLACES if fact is _INFRASTRUCTURE and replaceable else fact.does
    if kind.startswith("Custom::"):
        return UPDATES
    fixed = ("createOnlyProperties", "conditionalCreateOnlyProperties")
    return REPLACES if any(listed(kind, path, name) for name in fixed) else UPDATES
