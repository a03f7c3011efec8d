"""What no type can say of the settings: how names, numbers and kinds fit together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from templates_py.fargate import MEMORY
from templates_py.inputs import camel

if TYPE_CHECKING:
    from templates_py.settings import Batch, ComputeEnvironment, JobDefinition, JobQueue, Settings

Complaint = tuple[str, Any, str]  # key, value, what was expected

QUOTA = 50  # compute environments and job queues of a Region; AWS Batch's quotas page says that neither can be raised
EC2_ALONE = ("instance_type", "min_vcpus", "root_volume_size", "image_type", "bid_percentage", "allocation_strategy")
ANY_INSTANCE = ("optimal", "default_x86_64", "default_arm64")  # P71
INSTANCE = re.compile(r"[a-z]+-?\d[a-z0-9-]*(\.(nano|micro|small|medium|large|\d*xlarge|metal(-\d+xl)?))?")


def complaints(settings: Settings, said: dict[str, Any]) -> Iterator[Complaint]:
    """Yield what is wrong, first things first; `said` is the file as it was written."""
    batch = settings.batch
    yield from _script(batch)
    for key in ("compute_environments", "job_queues", "scheduling_policies", "job_definitions"):
        yield from _names(f"batch.{key}", [table.name for table in getattr(batch, key)])
    for key in ("compute_environments", "job_queues"):
        if len(tables := getattr(batch, key)) > QUOTA:
            yield f"batch.{key}", len(tables), f"at most {QUOTA}, AWS Batch's quota for an account and Region (P60)"
    tables = said.get("batch", {}).get("compute_environments", [])
    for number, env in enumerate(batch.compute_environments):
        yield from _environment(f"batch.compute_environments[{number}]", env, tables[number], batch)
    for number, queue in enumerate(batch.job_queues):
        yield from _queue(f"batch.job_queues[{number}]", queue, batch)
    for number, job in enumerate(batch.job_definitions):
        yield from _job(f"batch.job_definitions[{number}]", job)
    yield from _cidr_blocks(settings.mlflow.cidr_blocks)


def _script(batch: Batch) -> Iterator[Complaint]:
    from templates_py.settings import FUNCTION, ROOT

    path = batch.table_setup_script_local_path
    inside = (ROOT / path).resolve().is_relative_to((ROOT / FUNCTION).resolve())
    if not (inside and (ROOT / path).is_file()):
        yield "batch.table_setup_script_local_path", path, f"a file under {FUNCTION}, which the function is packaged from"


def _names(key: str, names: list[str]) -> Iterator[Complaint]:
    taken: dict[str, str] = {}
    for number, name in enumerate(names):
        if other := taken.get(camel(name)):
            yield f"{key}[{number}].name", name, f"another logical ID than {camel(name)}, which {other!r} has"  # P44
        taken[camel(name)] = name


def _environment(key: str, env: ComputeEnvironment, said: dict[str, Any], batch: Batch) -> Iterator[Complaint]:
    if not env.starts_instances:
        kind = "UNMANAGED" if env.type == "UNMANAGED" else env.resource_type
        for field in (field for field in EC2_ALONE if field in said):
            yield f"{key}.{field}", said[field], f"nothing: it is for EC2 and SPOT, not for {kind} (P07)"
        return
    for kind in env.instance_types:
        if kind not in ANY_INSTANCE and not INSTANCE.fullmatch(kind):
            yield f"{key}.instance_type", kind, f"a family (g5), a size (m5.xlarge) or one of {', '.join(ANY_INSTANCE)}"
    if not env.instance_types:
        yield f"{key}.instance_type", [], "at least one family or size"
    if env.min_vcpus > env.max_vcpus:
        yield f"{key}.min_vcpus", env.min_vcpus, f"at most max_vcpus, {env.max_vcpus}"
    if env.resource_type == "EC2" and env.bid_percentage:
        yield f"{key}.bid_percentage", env.bid_percentage, "nothing: it is for SPOT"
    if env.resource_type == "EC2" and env.strategy.startswith("SPOT"):
        yield f"{key}.allocation_strategy", env.strategy, "BEST_FIT_PROGRESSIVE: the others are for SPOT"
    if env.use_real_name and batch.service_role == "custom":
        yield f"{key}.use_real_name", True, 'service_role = "service-linked": with a custom one it is replaced (P04)'


def _queue(key: str, queue: JobQueue, batch: Batch) -> Iterator[Complaint]:
    envs = {env.name: env for env in batch.compute_environments}
    names = queue.compute_environments
    if unknown := [name for name in names if name not in envs]:
        yield f"{key}.compute_environment", unknown[0], f"one of the compute environments: {', '.join(envs) or 'none'}"
        return
    if not 1 <= len(names) <= 3 or len(set(names)) < len(names):
        yield f"{key}.compute_environment", names, "one to three different compute environments"
    if len({envs[name].is_fargate for name in names if envs[name].type == "MANAGED"}) > 1:
        yield f"{key}.compute_environment", names, "EC2 and SPOT alone, or FARGATE and FARGATE_SPOT alone"
    policies = [policy.name for policy in batch.scheduling_policies]
    if queue.scheduling_policy is not None and queue.scheduling_policy not in policies:
        expected = f"one of the scheduling policies: {', '.join(policies) or 'none'}"
        yield f"{key}.scheduling_policy", queue.scheduling_policy, expected


def _job(key: str, job: JobDefinition) -> Iterator[Complaint]:
    if job.resource_type == "EC2":
        if job.vcpus % 1:
            yield f"{key}.vcpus", job.vcpus, "a whole number: parts of a vCPU are for FARGATE"
        return
    sizes = {cpu / 1024: memory for cpu, memory in MEMORY.items()}
    if job.vcpus not in sizes:
        yield f"{key}.vcpus", job.vcpus, f"one of {', '.join(f'{cpu:g}' for cpu in sizes)} on FARGATE"
    elif job.memory not in sizes[job.vcpus]:
        memory = sizes[job.vcpus]
        expected = f"one of the sizes that FARGATE pairs with {job.vcpus:g} vCPUs: {memory[0]} to {memory[-1]} in steps"
        yield f"{key}.memory", job.memory, expected
    if job.gpus:
        yield f"{key}.gpus", job.gpus, "0: FARGATE has no GPU"


def _cidr_blocks(blocks: list[str]) -> Iterator[Complaint]:
    from ipaddress import ip_network

    for number, block in enumerate(blocks):
        try:
            ip_network(block)
        except ValueError:
            yield f"mlflow.cidr_blocks[{number}]", block, "a CIDR block, such as 10.0.0.0/8"
