"""The kinds of compute environment, a builder for each: Batch refuses the fields of one in another (P07)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, NoValue, Ref
from troposphere.batch import (
    ComputeEnvironment,
    ComputeResources,
    Ec2ConfigurationObject,
    LaunchTemplateSpecification,
)
from troposphere.ec2 import (
    EBSBlockDevice,
    LaunchTemplate,
    LaunchTemplateBlockDeviceMapping,
    LaunchTemplateData,
    MetadataOptions,
)

from templates_py.inputs import Value, camel

if TYPE_CHECKING:
    from templates_py.settings import ComputeEnvironment as Environment


def logical_id(environment: str) -> str:
    """The logical ID of the environment of that name."""
    return camel(environment) + "ComputeEnvironment"


def launch_template(root_volume_size: int, key: Value) -> LaunchTemplate:
    """IMDSv2 alone, one hop (P70), and an encrypted root volume of so many GiB."""
    volume = EBSBlockDevice(
        VolumeSize=root_volume_size,
        VolumeType="gp3",
        Encrypted=True,
        KmsKeyId=key.or_none,
        DeleteOnTermination=True,
    )
    return LaunchTemplate(
        f"LaunchTemplate{root_volume_size}",
        LaunchTemplateData=LaunchTemplateData(
            MetadataOptions=MetadataOptions(HttpTokens="required", HttpPutResponseHopLimit=1, HttpEndpoint="enabled"),
            BlockDeviceMappings=[LaunchTemplateBlockDeviceMapping(DeviceName="/dev/xvda", Ebs=volume)],
        ),
    )


def instances(env: Environment, replaceable: bool, profile: Any, network: dict[str, Any]) -> ComputeEnvironment:
    """Batch starts EC2 instances, On-Demand or Spot; changed in place unless it is `replaceable` (P04)."""
    template = f"LaunchTemplate{env.root_volume_size}"
    made = _managed(
        env,
        replaceable,
        MinvCpus=env.min_vcpus,
        InstanceTypes=env.instance_types,
        InstanceRole=profile,
        AllocationStrategy=env.strategy,
        BidPercentage=env.bid_percentage or NoValue,
        Ec2Configuration=[Ec2ConfigurationObject(ImageType=image) for image in env.image_types],  # P10
        LaunchTemplate=LaunchTemplateSpecification(
            LaunchTemplateId=Ref(template), Version=GetAtt(template, "LatestVersionNumber")
        ),
        **network,
    )
    if not replaceable:
        # What runs when an update comes may run for a day more. troposphere 4.11.1 would put this outside of
        # Properties, where CloudFormation refuses it.
        made.properties["UpdatePolicy"] = {"JobExecutionTimeoutMinutes": 1440, "TerminateJobsOnUpdate": False}
    return made


def fargate(env: Environment, replaceable: bool, network: dict[str, Any]) -> ComputeEnvironment:
    """Fargate runs the jobs: nothing but a bound and a network."""
    return _managed(env, replaceable, **network)


def unmanaged(env: Environment) -> ComputeEnvironment:
    """Whoever owns the instances registers them."""
    return ComputeEnvironment(logical_id(env.name), Type="UNMANAGED", State="ENABLED", **_name(env))


def _managed(env: Environment, replaceable: bool, **resources: Any) -> ComputeEnvironment:
    return ComputeEnvironment(
        logical_id(env.name),
        Type="MANAGED",
        State="ENABLED",
        ReplaceComputeEnvironment=replaceable,
        ComputeResources=ComputeResources(Type=env.resource_type, MaxvCpus=env.max_vcpus, **resources),
        **_name(env),
    )


def _name(env: Environment) -> dict[str, Any]:
    return {"ComputeEnvironmentName": env.name} if env.use_real_name else {}  # P01
