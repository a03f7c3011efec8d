"""A service on Fargate that rolls without losing a request, and back where a new image fails."""

from __future__ import annotations

from typing import Any

from troposphere import ecs

from templates_py.mlflow import CONTAINER_PORT

ROLLING = ecs.DeploymentConfiguration(
    MinimumHealthyPercent=100,
    MaximumPercent=200,
    DeploymentCircuitBreaker=ecs.DeploymentCircuitBreaker(Enable=True, Rollback=True),  # P30
)


def rolling_service(
    title: str, *, container: Any, target_group: Any, subnets: Any, security_groups: Any, **more: Any
) -> ecs.Service:
    """The service. Autoscaling alone counts its tasks: DesiredCount would reset them at each update (P31)."""
    target = ecs.LoadBalancer(ContainerName=container, ContainerPort=CONTAINER_PORT, TargetGroupArn=target_group)
    network = ecs.AwsvpcConfiguration(AssignPublicIp="DISABLED", Subnets=subnets, SecurityGroups=security_groups)  # P34
    return ecs.Service(
        title,
        LaunchType="FARGATE",
        PropagateTags="SERVICE",
        HealthCheckGracePeriodSeconds=180,  # migration, imports and a first API call, on a busy quarter of a vCPU too
        DeploymentConfiguration=ROLLING,
        NetworkConfiguration=ecs.NetworkConfiguration(AwsvpcConfiguration=network),
        LoadBalancers=[target],
        **more,
    )
