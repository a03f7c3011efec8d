"""What no type can say of an environment, a queue or a job definition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from templates_py.fargate import MEMORY

if TYPE_CHECKING:
    from templates_py.settings import Batch, ComputeEnvironment, JobDefinition, JobQueue

Complaint = tuple[str, Any, str]  # key, value, what was expected

OF_INSTANCES = ("instance_type", "min_vcpus", "root_volume_size", "image_type", "bid_percentage", "allocation_strategy")
UNUSED = {  # kind of environment -> keys that it has no use for (P07)
    "EC2": ("bid_percentage",),
    "SPOT": (),
    "FARGATE": OF_INSTANCES,
    "FARGATE_SPOT": OF_INSTANCES,
    "UNMANAGED": (*OF_INSTANCES, "resource_type", "max_vcpus"),
}
ANY_INSTANCE = ("optimal", "default_x86_64", "default_arm64")  # P71
SIZES = r"nano|micro|small|medium|large|\d*xlarge|metal(-\d+xl)?"
INSTANCE = re.compile(rf"[a-z]+-?\d+[a-z]{{0,4}}\d*(-[a-z0-9]+)?(\.({SIZES}))?")


def of_batch(batch: Batch, said: dict[str, Any]) -> Iterator[Complaint]:
    """Yield what is wrong with `[batch]`, of which `said` is what was written."""
    for env, table in zip(batch.compute_environments, said.get("compute_environments", []), strict=True):
        yield from _environment(f"batch.compute_environments[{env.name!r}]", env, table, batch)
    for queue in batch.job_queues:
        yield from _queue(f"batch.job_queues[{queue.name!r}]", queue, batch)
    for job in batch.job_definitions:
        yield from _job(f"batch.job_definitions[{job.name!r}]", job)


def _environment(key: str, env: ComputeEnvironment, said: dict[str, Any], batch: Batch) -> Iterator[Complaint]:
    kind = "UNMANAGED" if env.type == "UNMANAGED" else env.resource_type
    for field in (field for field in UNUSED[kind] if field in said):
        others = ", ".join(other for other in UNUSED if field not in UNUSED[other])
        yield f"{key}.{field}", said[field], f"no such key on {kind}: it is for {others}"
    if env.use_real_name and batch.service_role == "custom":
        yield f"{key}.use_real_name", True, 'false with service_role = "custom", which replaces environments'  # P04
    if env.starts_instances:
        yield from _instances(key, env, said)


def _instances(key: str, env: ComputeEnvironment, said: dict[str, Any]) -> Iterator[Complaint]:
    for kind in env.instance_types:
        if kind not in ANY_INSTANCE and not INSTANCE.fullmatch(kind):
            yield f"{key}.instance_type", kind, f"a family (g5), a size (m5.xlarge) or one of {', '.join(ANY_INSTANCE)}"
        if re.match(r"a1\b", kind):
            yield f"{key}.instance_type", kind, "a later family: Amazon Linux 2023 does not run on a1"
    if len(env.architectures) != 1:
        yield f"{key}.instance_type", env.instance_types, "one or more of one CPU architecture, Graviton or x86_64"
    if env.min_vcpus > env.max_vcpus:
        at = key if "min_vcpus" in said else "batch"
        yield f"{at}.min_vcpus", env.min_vcpus, f"at most the max_vcpus of {env.name!r}, {env.max_vcpus}"
    if env.image_type == "ECS_AL2023_NVIDIA" and "Graviton" in env.architectures:
        yield f"{key}.image_type", env.image_type, "ECS_AL2023: no image has NVIDIA's driver for Graviton"
    if env.resource_type == "EC2" and env.strategy.startswith("SPOT"):
        yield f"{key}.allocation_strategy", env.strategy, "BEST_FIT_PROGRESSIVE: the others are for SPOT"


def _queue(key: str, queue: JobQueue, batch: Batch) -> Iterator[Complaint]:
    envs = {env.name: env for env in batch.compute_environments}
    names = queue.compute_environments
    if unknown := [name for name in names if name not in envs]:
        yield f"{key}.compute_environment", unknown[0], f"one of the compute environments: {', '.join(envs) or 'none'}"
        return
    if not 1 <= len(names) <= 3 or len(set(names)) < len(names):
        yield f"{key}.compute_environment", names, "one to three different compute environments"
    if len({envs[name].is_fargate for name in names}) > 1:
        yield f"{key}.compute_environment", names, "EC2 and SPOT alone, or FARGATE and FARGATE_SPOT alone"
    if len(set().union(*(envs[name].architectures for name in names))) > 1:
        yield f"{key}.compute_environment", names, "environments of one CPU architecture, Graviton or x86_64"
    policies = [policy.name for policy in batch.scheduling_policies]
    if queue.scheduling_policy is not None and queue.scheduling_policy not in policies:
        expected = f"one of the scheduling policies: {', '.join(policies) or 'none'}"
        yield f"{key}.scheduling_policy", queue.scheduling_policy, expected


def _job(key: str, job: JobDefinition) -> Iterator[Complaint]:
    for name in job.environment:
        if not name or name.startswith("AWS_BATCH"):
            yield f"name in {key}.environment", name, "a variable's name, not beginning with Batch's own AWS_BATCH"
    if job.resource_type == "EC2":
        if job.vcpus % 1:
            yield f"{key}.vcpus", job.vcpus, "a whole number: parts of a vCPU are for FARGATE"
        return
    sizes = {cpu / 1024: memory for cpu, memory in MEMORY.items()}
    if job.vcpus not in sizes:
        yield f"{key}.vcpus", job.vcpus, f"one of {', '.join(f'{cpu:g}' for cpu in sizes)} on FARGATE"
    elif job.memory not in (memory := sizes[job.vcpus]):
        steps = f"{memory[0]}, {memory[1]} ... {memory[-1]} MiB"
        yield f"{key}.memory", job.memory, f"one of {steps}, which FARGATE pairs with vcpus = {job.vcpus:g}"
    if job.gpus:
        yield f"{key}.gpus", job.gpus, "0: FARGATE has no GPU"
