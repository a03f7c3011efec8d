"""The two containers of an MLflow task: one migrates, and when it has succeeded the other serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Join, Ref, Region
from troposphere.ecs import (
    ContainerDefinition,
    ContainerDependency,
    Environment,
    HealthCheck,
    LinuxParameters,
    LogConfiguration,
    PortMapping,
    Secret,
    Tmpfs,
)

from templates_py.mlflow import CONTAINER_PORT

if TYPE_CHECKING:
    from templates_py.mlflow.task_deployment import TaskDeployment


def migration(of: TaskDeployment) -> ContainerDefinition:
    """Make an empty database or check one, before any server starts (P28); it never upgrades one with data (P55)."""
    return _container(of, "migrate", "migrate", Essential=False)


def server(of: TaskDeployment) -> ContainerDefinition:
    """Serve the page and the API."""
    # P51: the check is an API call, which a wrong Host or a dead server fails; /health would stay green.
    health = HealthCheck(Command=["CMD", "entrypoint", "health"], Interval=30, Timeout=10, Retries=3, StartPeriod=120)
    return _container(
        of,
        of.container_name,
        "server",
        Essential=True,
        DependsOn=[ContainerDependency(ContainerName="migrate", Condition="SUCCESS")],
        PortMappings=[PortMapping(ContainerPort=CONTAINER_PORT, Protocol="tcp")],
        HealthCheck=health,
        StopTimeout=90,  # seconds: the target group's deregistration delay, and time to finish
    )


def _container(of: TaskDeployment, name: Any, command: str, **more: Any) -> ContainerDefinition:
    logs = {"awslogs-group": Ref(of.log_group), "awslogs-region": Region, "awslogs-stream-prefix": command}
    tmpfs = Tmpfs(ContainerPath="/tmp", Size=256, MountOptions=["mode=1777"])  # MiB (P53)
    return ContainerDefinition(
        Name=name,
        Image=of.docker_image,
        Command=[command],
        Environment=_environment(of),
        Secrets=[
            Secret(Name="DB_USERNAME", ValueFrom=of.admin_username_arn),
            Secret(Name="DB_PASSWORD", ValueFrom=of.admin_password_arn),
        ],
        User="10001",
        ReadonlyRootFilesystem=True,
        LinuxParameters=LinuxParameters(InitProcessEnabled=True, Tmpfs=[tmpfs]),
        LogConfiguration=LogConfiguration(LogDriver="awslogs", Options=logs),
        **more,
    )


def _environment(of: TaskDeployment) -> list[Environment]:
    values = {
        "DB_HOST": of.db_host,
        "DB_PORT": of.db_port,
        "DB_NAME": of.db_name,
        "ARTIFACT_ROOT": Join("/", ["s3:/", of.s3_bucket_name, of.s3_bucket_folder]),
        "ALLOWED_HOSTS": of.allowed_hosts,  # P26
        "PORT": str(CONTAINER_PORT),
    }
    return [Environment(Name=key, Value=value) for key, value in values.items()]
