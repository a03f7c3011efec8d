"""The mutants that no rule and no error of cfn-lint finds, and why each may live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

_AWAY = "take_a_property_away"
_NOWHERE = "what has no way out says 255.255.255.255/32; jobs may send anything as it is"
_COMPANION = "it outlives its database or does not: either way nothing is lost, since that leaves a snapshot"
_JOB = "what a job is like is a setting; the graph does not know it"
_TUNING = "AWS's default, another number: slower or sooner, and as safe"
_UPDATES = "about what an update of the environment does, which docs/updates.md tells: no data and no access"
_DEFAULT = "what is taken away is AWS's default"
_NEEDED = "AWS refuses it, and its schema does not say so"

# `operator type place` -> reason. An entry that nothing needs is an error, like a survivor that no entry has.
REASONS = {
    "change_a_policy AWS::EC2::SecurityGroup *": _COMPANION,
    "change_a_policy AWS::IAM::Role *": _COMPANION,
    "change_a_policy AWS::Logs::LogGroup *": "logs that stay or go, as by default: what must last is in the databases",
    "change_a_policy AWS::RDS::DBParameterGroup *": _COMPANION,
    "change_a_policy AWS::RDS::DBSubnetGroup *": _COMPANION,
    "change_a_policy AWS::SecretsManager::Secret *": _COMPANION,
    "change_a_policy AWS::RDS::DBInstance DeletionPolicy": "a snapshot instead of the database: the data stay",
    "change_a_policy AWS::RDS::DBInstance UpdateReplacePolicy": "a snapshot or the database: the data stay",
    "change_a_port AWS::EC2::SecurityGroup SecurityGroupEgress.*Port": _NOWHERE,
    "open_to_everybody AWS::EC2::SecurityGroup SecurityGroupEgress": _NOWHERE,
    "flip AWS::Batch::ComputeEnvironment State": _JOB,
    "flip AWS::Batch::JobQueue State": _JOB,
    "flip AWS::Batch::JobDefinition PropagateTags": _JOB,
    "flip AWS::Batch::ComputeEnvironment ReplaceComputeEnvironment": _UPDATES,
    "flip AWS::Batch::ComputeEnvironment UpdatePolicy.*": _UPDATES,
    f"{_AWAY} AWS::Batch::ComputeEnvironment ReplaceComputeEnvironment": _UPDATES,
    f"{_AWAY} AWS::Batch::ComputeEnvironment UpdatePolicy*": _UPDATES,
    f"{_AWAY} AWS::Batch::ComputeEnvironment State": _DEFAULT,
    f"{_AWAY} AWS::Batch::ComputeEnvironment ComputeResources.InstanceTypes": _NEEDED,
    f"{_AWAY} AWS::Batch::ComputeEnvironment ComputeResources.*": "another strategy, image or number: as safe",
    f"{_AWAY} AWS::Batch::JobDefinition *": _JOB,
    f"{_AWAY} AWS::Batch::JobQueue State": _DEFAULT,
    "take_a_resource_away AWS::Batch::*": "which environments, queues and definitions there are is a setting",
    "flip AWS::EC2::LaunchTemplate LaunchTemplateData.BlockDeviceMappings.Ebs.DeleteOnTermination": "a cost: scratch",
    f"{_AWAY} AWS::EC2::LaunchTemplate LaunchTemplateData.BlockDeviceMappings.DeviceName": _NEEDED,
    f"{_AWAY} AWS::EC2::LaunchTemplate LaunchTemplateData.BlockDeviceMappings.Ebs.*": _TUNING,
    f"{_AWAY} AWS::EC2::LaunchTemplate LaunchTemplateData.MetadataOptions.HttpEndpoint": _DEFAULT,
    "flip AWS::ElasticLoadBalancingV2::LoadBalancer Scheme": "with certificate and users, either is a setting",
    f"{_AWAY} AWS::ElasticLoadBalancingV2::LoadBalancer Scheme": "with certificate and users, either is a setting",
    f"{_AWAY} AWS::ElasticLoadBalancingV2::LoadBalancer Type": _DEFAULT,
    f"{_AWAY} AWS::ElasticLoadBalancingV2::Listener DefaultActions.FixedResponseConfig": _NEEDED,
    f"{_AWAY} AWS::ElasticLoadBalancingV2::Listener DefaultActions.FixedResponseConfig.*": "what a refusal says",
    f"{_AWAY} AWS::ElasticLoadBalancingV2::TargetGroup *": _TUNING,
    "flip AWS::SecretsManager::Secret GenerateSecretString.Fn::If.RequireEachIncludedType": "letters of both cases",
    "flip AWS::SecretsManager::Secret GenerateSecretString.ExcludePunctuation": "of no database: any character does",
    f"{_AWAY} AWS::SecretsManager::Secret GenerateSecretString.ExcludePunctuation": "of no database: any does",
    f"{_AWAY} AWS::SecretsManager::Secret GenerateSecretString.PasswordLength": "the default has 32 characters",
    f"{_AWAY} AWS::ECR::Repository LifecyclePolicy*": "a cost: untagged images stay",
    f"{_AWAY} AWS::ECS::Cluster ClusterSettings*": "container insights are for the scanners to miss (CKV_AWS_65)",
    f"{_AWAY} AWS::ECS::Service DeploymentConfiguration.MaximumPercent": _DEFAULT,
    f"{_AWAY} AWS::ECS::Service HealthCheckGracePeriodSeconds": _TUNING,
    f"{_AWAY} AWS::ECS::Service PropagateTags": "a tag less: nothing depends on it",
    f"{_AWAY} AWS::ECS::TaskDefinition ContainerDefinitions.Essential": _DEFAULT,
    f"{_AWAY} AWS::ECS::TaskDefinition ContainerDefinitions.HealthCheck.*": _TUNING,
    f"{_AWAY} AWS::ECS::TaskDefinition ContainerDefinitions.LinuxParameters.Tmpfs.MountOptions": (
        "the mode of /tmp; tests/images.py runs the image with it"
    ),
    f"{_AWAY} AWS::ECS::TaskDefinition ContainerDefinitions.PortMappings.Protocol": _DEFAULT,
    f"{_AWAY} AWS::ECS::TaskDefinition ContainerDefinitions.StopTimeout": _TUNING,
    f"{_AWAY} AWS::ECS::TaskDefinition RuntimePlatform*": _DEFAULT,
    f"{_AWAY} AWS::RDS::DBInstance AutoMinorVersionUpgrade": _DEFAULT,
    f"{_AWAY} AWS::RDS::DBInstance EngineLifecycleSupport": "a cost (P23): tests/test_pitfalls.py has it",
    f"{_AWAY} AWS::RDS::DBParameterGroup Parameters.log_bin_trust_function_creators": (
        "tests/shared/test_shared.py has it: triggers fail without, and nothing is open"
    ),
    "* AWS::RDS::DBInstance EnableIAMDatabaseAuthentication": "for a scanner to find (CKV_AWS_161): nothing is open",
    "flip AWS::RDS::DBInstance AutoMinorVersionUpgrade": "for a scanner to find (CKV_AWS_226)",
    "flip_a_parameter AWS::RDS::DBInstance AllowMajorVersionUpgrade": "a parameter, which a person may turn",
    "flip_a_parameter AWS::RDS::DBInstance MultiAZ": "a parameter, which a person may turn: it costs, and is as safe",
    "turn_a_condition AWS::RDS::DBInstance MaxAllocatedStorage": "storage that does not grow is what 0 says",
    f"{_AWAY} AWS::S3::Bucket LifecycleConfiguration*": "a cost: parts of uploads stay (CKV_AWS_300)",
    f"{_AWAY} AWS::Serverless::Function Architectures": _DEFAULT,
    f"{_AWAY} AWS::Serverless::Function LoggingConfig.LogFormat": "text instead of JSON",
    f"{_AWAY} AWS::Serverless::Function MemorySize": _TUNING,
    f"{_AWAY} AWS::Serverless::Function CodeUri": "SAM refuses it",
    f"{_AWAY} AWS::Serverless::Function Handler": "SAM refuses it",
    f"{_AWAY} AWS::Serverless::Function Runtime": "SAM refuses it",
}


def reason(survivor: object) -> str | None:
    """Why it may live; None where nobody said."""
    return next((why for pattern, why in REASONS.items() if fnmatchcase(str(survivor), pattern)), None)


def stale(survivors: Iterable[object]) -> Iterator[str]:
    """Yield the entries that no survivor needs."""
    names = {str(one) for one in survivors}
    yield from (pattern for pattern in REASONS if not any(fnmatchcase(name, pattern) for name in names))
