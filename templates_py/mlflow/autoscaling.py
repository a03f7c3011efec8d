"""How many tasks run: between two bounds, by CPU and by memory.

A stack of its own, as in Hydra; there is one only where there is a service.
"""

from __future__ import annotations

from typing import Any

from troposphere import Join, Ref
from troposphere.applicationautoscaling import (
    PredefinedMetricSpecification,
    ScalableTarget,
    ScalingPolicy,
    TargetTrackingScalingPolicyConfiguration,
)

from templates_py.inputs import NUMBER, STRING, Input, Like, asked, wired
from templates_py.stack import Stack, resource

NAME = Like("[A-Za-z0-9_-]{1,255}", "a policy's name of letters, digits, hyphens and underscores")


def cooldown(direction: str, metric: str) -> Input:
    """The row of how long to wait after scaling."""
    wait = 300 if direction == "in" else 60
    return asked(NUMBER, wait, f"Cooldown of scaling {direction} by {metric}", unit="seconds", least=0)


def target(metric: str) -> Input:
    """The row of the utilization to keep to."""
    return asked(NUMBER, 75, f"Utilization of {metric} to keep to", unit="percent", least=10, most=100)


class Autoscaling(Stack):
    """Target tracking of MLflow's service."""

    min_tasks = asked(NUMBER, 1, "Least number of running tasks", least=0, most=100)
    max_tasks = asked(NUMBER, 4, "Greatest number of running tasks", least=1, most=100)
    cpu_autoscaling_policy_name = asked(STRING, "cpu", "Name of the CPU scaling policy", like=NAME)
    cpu_autoscale_target = target("CPU")
    cpu_autoscale_in_cooldown = cooldown("in", "CPU")
    cpu_autoscale_out_cooldown = cooldown("out", "CPU")
    memory_autoscaling_policy_name = asked(STRING, "memory", "Name of the memory scaling policy", like=NAME)
    memory_autoscale_target = target("memory")
    memory_autoscale_in_cooldown = cooldown("in", "memory")
    memory_autoscale_out_cooldown = cooldown("out", "memory")
    server_cluster_name = wired(STRING, "Name of the ECS cluster")
    ecs_service_name = wired(STRING, "Name of the ECS service")

    @resource
    def service(self) -> ScalableTarget:
        return ScalableTarget(
            "Service",
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId=Join("/", ["service", self.server_cluster_name, self.ecs_service_name]),
            MinCapacity=self.min_tasks,
            MaxCapacity=self.max_tasks,
        )

    @resource
    def cpu(self) -> ScalingPolicy:
        return self._track(
            "Cpu",
            "ECSServiceAverageCPUUtilization",
            self.cpu_autoscaling_policy_name,
            TargetValue=self.cpu_autoscale_target,
            ScaleInCooldown=self.cpu_autoscale_in_cooldown,
            ScaleOutCooldown=self.cpu_autoscale_out_cooldown,
        )

    @resource
    def memory(self) -> ScalingPolicy:
        return self._track(
            "Memory",
            "ECSServiceAverageMemoryUtilization",
            self.memory_autoscaling_policy_name,
            TargetValue=self.memory_autoscale_target,
            ScaleInCooldown=self.memory_autoscale_in_cooldown,
            ScaleOutCooldown=self.memory_autoscale_out_cooldown,
        )

    def _track(self, title: str, metric: str, name: Any, **how: Any) -> ScalingPolicy:
        return ScalingPolicy(
            title,
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            ScalingTargetId=Ref(self.service),
            TargetTrackingScalingPolicyConfiguration=TargetTrackingScalingPolicyConfiguration(
                PredefinedMetricSpecification=PredefinedMetricSpecification(PredefinedMetricType=metric), **how
            ),
        )
