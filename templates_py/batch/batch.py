"""Compute environments and job queues, with the launch templates that the environments start instances from.

The shape (how many, of which kind) is a setting, since CloudFormation cannot loop (P43); each environment is its own
resource, so that one more changes no other. Roles come in as ARNs, which orders both creation and deletion (P06).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Join, NoValue, Ref
from troposphere.batch import (
    ComputeEnvironment,
    ComputeEnvironmentOrder,
    FairsharePolicy,
    JobQueue,
    JobStateTimeLimitAction,
    SchedulingPolicy,
    ShareAttributes,
)
from troposphere.ec2 import LaunchTemplate
from troposphere.logs import LogGroup

from templates_py.batch import name_prefix
from templates_py.batch.environments import fargate, instances, launch_template, logical_id, unmanaged
from templates_py.groups import further_groups
from templates_py.inputs import STRING, SUBNETS, asked, camel, wired
from templates_py.keys import kms_key_arn
from templates_py.shared import log_group, log_retention
from templates_py.stack import Outputs, Stack, resource

if TYPE_CHECKING:
    from templates_py import settings


class Batch(Stack):
    """Compute environments and job queues of AWS Batch."""

    compute_environment_subnets = asked(SUBNETS, None, "Subnets of the compute environments: private, with a way out")
    compute_environment_security_group_ids = further_groups("the compute environments")
    name_prefix = name_prefix()
    log_retention = log_retention()
    kms_key_arn = kms_key_arn()
    compute_environment_group = wired(STRING, "ID of the compute environments' own security group")
    compute_environment_instance_profile_arn = wired(STRING, "ARN of the instance profile")
    compute_environment_service_role_arn = wired(STRING, "ARN of the service role")

    def __init__(self, settings: settings.Batch) -> None:
        self.settings = settings
        super().__init__()

    @resource
    def job_log_group(self) -> LogGroup:
        return log_group("JobLogGroup", self.log_retention, self.kms_key_arn)

    @resource
    def launch_templates(self) -> list[LaunchTemplate]:
        envs = [env for env in self.settings.compute_environments if env.starts_instances]
        return [launch_template(size, self.kms_key_arn) for size in sorted({env.root_volume_size for env in envs})]

    @resource
    def compute_environments(self) -> list[ComputeEnvironment]:
        return [self._environment(env) for env in self.settings.compute_environments]

    def _environment(self, env: settings.ComputeEnvironment) -> ComputeEnvironment:
        custom = self.settings.service_role == "custom"
        if env.type == "UNMANAGED":
            made = unmanaged(env)
        elif env.is_fargate:
            made = fargate(env, custom, self._network())
        else:
            made = instances(env, custom, self.compute_environment_instance_profile_arn, self._network())
        if custom:
            made.ServiceRole = self.compute_environment_service_role_arn
        return made

    def _network(self) -> dict[str, Any]:
        further = self.compute_environment_security_group_ids
        return {
            "Subnets": self.compute_environment_subnets,
            "SecurityGroupIds": further.besides(self.compute_environment_group),
        }

    @resource
    def scheduling_policies(self) -> list[SchedulingPolicy]:
        return [_scheduling_policy(policy) for policy in self.settings.scheduling_policies]

    @resource
    def job_queues(self) -> list[JobQueue]:
        return [self._queue(queue) for queue in self.settings.job_queues]

    def _queue(self, queue: settings.JobQueue) -> JobQueue:
        policy = queue.scheduling_policy
        return JobQueue(
            camel(queue.name) + "JobQueue",
            JobQueueName=Join("", [self.name_prefix, queue.name]),  # P02
            Priority=queue.priority,
            State=queue.state,
            ComputeEnvironmentOrder=[
                ComputeEnvironmentOrder(ComputeEnvironment=Ref(logical_id(name)), Order=order)  # P05
                for order, name in enumerate(queue.compute_environments, start=1)
            ],
            SchedulingPolicyArn=Ref(_policy_id(policy)) if policy else NoValue,  # P08
            JobStateTimeLimitActions=[_time_limit(limit) for limit in queue.job_state_time_limits] or NoValue,  # P09
        )

    def outputs(self) -> Outputs:
        return {"job_log_group": (Ref(self.job_log_group), "Name of the jobs' log group")}


def _policy_id(name: str) -> str:
    return camel(name) + "SchedulingPolicy"


def _scheduling_policy(policy: settings.SchedulingPolicy) -> SchedulingPolicy:
    shares = [
        ShareAttributes(ShareIdentifier=share.share_identifier, WeightFactor=share.weight_factor)
        for share in policy.shares
    ]
    return SchedulingPolicy(
        _policy_id(policy.name),
        FairsharePolicy=FairsharePolicy(
            ShareDecaySeconds=policy.share_decay_seconds,
            ComputeReservation=policy.compute_reservation,
            ShareDistribution=shares or NoValue,
        ),
    )


def _time_limit(limit: settings.TimeLimit) -> JobStateTimeLimitAction:
    return JobStateTimeLimitAction(
        Action=limit.action, State=limit.state, Reason=limit.reason, MaxTimeSeconds=limit.max_time_seconds
    )
