"""Container job definitions, where the settings have any.

A stack of its own, since most have none: Hydra's client registers its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import If, Join, NoValue, Region
from troposphere.batch import (
    ContainerProperties,
    Environment,
    FargatePlatformConfiguration,
    JobDefinition,
    LogConfiguration,
    NetworkConfiguration,
    ResourceRequirement,
    RetryStrategy,
    Secret,
    Timeout,
)

from templates_py.batch import name_prefix, tracking_uri_parameter
from templates_py.inputs import STRING, camel, wired
from templates_py.stack import Stack, resource

if TYPE_CHECKING:
    from templates_py import settings

TRACKING_URI = "MLFLOW_TRACKING_URI"


class JobDefinitions(Stack):
    """Job definitions of AWS Batch."""

    name_prefix = name_prefix()
    tracking_uri_parameter = tracking_uri_parameter()
    job_role_arn = wired(STRING, "ARN of the jobs' own role")
    job_execution_role_arn = wired(STRING, "ARN of the role that starts the jobs' containers")
    job_log_group = wired(STRING, "Name of the jobs' log group")

    def __init__(self, settings: settings.Batch) -> None:
        self.settings = settings
        super().__init__()

    @resource
    def job_definitions(self) -> list[JobDefinition]:
        return [self._definition(job) for job in self.settings.job_definitions]

    def _definition(self, job: settings.JobDefinition) -> JobDefinition:
        return JobDefinition(
            camel(job.name) + "JobDefinition",
            JobDefinitionName=Join("", [self.name_prefix, job.name]),
            Type="container",
            PlatformCapabilities=[job.resource_type],
            ContainerProperties=self._container(job),
            RetryStrategy=RetryStrategy(Attempts=job.retries),
            Timeout=Timeout(AttemptDurationSeconds=job.timeout) if job.timeout else NoValue,
            PropagateTags=True,
        )

    def _container(self, job: settings.JobDefinition) -> ContainerProperties:
        logs = {"awslogs-group": self.job_log_group, "awslogs-region": Region, "awslogs-stream-prefix": job.name}
        uri = self.tracking_uri_parameter
        # Read at each start; a job that brings its own keeps that.
        ours = If(uri.given, [Secret(Name=TRACKING_URI, ValueFrom=uri)], NoValue)
        return ContainerProperties(
            Image=job.image,
            Command=job.command or NoValue,
            ResourceRequirements=_requirements(job),
            Environment=[Environment(Name=key, Value=value) for key, value in sorted(job.environment.items())]
            or NoValue,
            Secrets=NoValue if TRACKING_URI in job.environment else ours,
            LogConfiguration=LogConfiguration(LogDriver="awslogs", Options=logs),
            ExecutionRoleArn=self.job_execution_role_arn,
            JobRoleArn=self.job_role_arn if self.settings.jobs_have_a_role else NoValue,  # P70
            **(_FARGATE if job.resource_type == "FARGATE" else {}),
        )


_FARGATE: dict[str, Any] = {
    "FargatePlatformConfiguration": FargatePlatformConfiguration(PlatformVersion="LATEST"),
    "NetworkConfiguration": NetworkConfiguration(AssignPublicIp="DISABLED"),
}


def _requirements(job: settings.JobDefinition) -> list[ResourceRequirement]:
    needs = {"VCPU": f"{job.vcpus:g}", "MEMORY": str(job.memory), "GPU": str(job.gpus)}
    return [ResourceRequirement(Type=kind, Value=value) for kind, value in needs.items() if value != "0"]
