"""The two containers of an MLflow task: one migrates, and when it has succeeded the other serves."""

from __future__ import annotations

from typing import Any

from troposphere import Region
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


def migration(**task: Any) -> ContainerDefinition:
    """Make an empty database or check one, before any server starts (P28); it never upgrades one with data (P55)."""
    return _container("migrate", "migrate", **task, Essential=False)


def server(name: Any, **task: Any) -> ContainerDefinition:
    """Serve the page and the API."""
    # P51: the check is an API call, which a wrong Host or a dead server fails; /health would stay green. `entrypoint`
    # is the image's own program, on its PATH: a command is given to it, a health check names it.
    health = HealthCheck(Command=["CMD", "entrypoint", "health"], Interval=30, Timeout=10, Retries=3, StartPeriod=120)
    return _container(
        name,
        "server",
        **task,
        Essential=True,
        DependsOn=[ContainerDependency(ContainerName="migrate", Condition="SUCCESS")],
        PortMappings=[PortMapping(ContainerPort=CONTAINER_PORT, Protocol="tcp")],
        HealthCheck=health,
        StopTimeout=90,  # seconds: the target group's deregistration delay, and time to finish
    )


def _container(
    name: Any,
    command: str,
    *,
    image: Any,
    environment: dict[str, Any],
    secrets: dict[str, Any],
    log_group: Any,
    tmp_size: Any,
    **more: Any,
) -> ContainerDefinition:
    logs = {"awslogs-group": log_group, "awslogs-region": Region, "awslogs-stream-prefix": command}
    tmpfs = Tmpfs(ContainerPath="/tmp", Size=tmp_size, MountOptions=["mode=1777"])  # MiB (P53)
    return ContainerDefinition(
        Name=name,
        Image=image,
        Command=[command],
        Environment=[Environment(Name=key, Value=value) for key, value in environment.items()],
        Secrets=[Secret(Name=key, ValueFrom=arn) for key, arn in secrets.items()],
        User="10001",
        ReadonlyRootFilesystem=True,
        LinuxParameters=LinuxParameters(InitProcessEnabled=True, Tmpfs=[tmpfs]),
        LogConfiguration=LogConfiguration(LogDriver="awslogs", Options=logs),
        **more,
    )
