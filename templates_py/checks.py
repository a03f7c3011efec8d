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

MOST = {  # AWS Batch's quotas page says that its own cannot be raised (P60); the others keep to a template's 500 (P41)
    "compute_environments": (50, "AWS Batch's quota for an account and Region"),
    "job_queues": (50, "AWS Batch's quota for an account and Region"),
    "scheduling_policies": (300, "what a template has room for beside environments and queues"),
    "job_definitions": (500, "CloudFormation's limit for the resources of a template"),
}
TAGS = 49  # AWS takes 50 for a resource, and SAM adds its own to the function
RESERVED = ("aws:", "lambda:createdby", "serverlessrepo:")  # tags that AWS and SAM keep for themselves
TAG = re.compile(r"[\w .:/=+@-]*")
SPELLING = "letters, digits, spaces and . : / = + @ _ -"
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


def complaints(settings: Settings, said: dict[str, Any]) -> Iterator[Complaint]:
    """Yield what is wrong, first things first; `said` is the file as it was written."""
    batch = settings.batch
    yield from _script(batch)
    for key, (most, why) in MOST.items():
        names = [table.name for table in getattr(batch, key)]
        if len(names) > most:
            yield f"number of batch.{key}", len(names), f"at most {most}, {why}"
        yield from _names(f"batch.{key}", names)
    tables = said.get("batch", {}).get("compute_environments", [])
    for env, table in zip(batch.compute_environments, tables, strict=True):
        yield from _environment(f"batch.compute_environments[{env.name!r}]", env, table, batch)
    for queue in batch.job_queues:
        yield from _queue(f"batch.job_queues[{queue.name!r}]", queue, batch)
    for job in batch.job_definitions:
        yield from _job(f"batch.job_definitions[{job.name!r}]", job)
    yield from _cidr_blocks(settings.mlflow.cidr_blocks)
    yield from _tags(settings.tags)


def _script(batch: Batch) -> Iterator[Complaint]:
    from templates_py.settings import FUNCTION, ROOT

    path = batch.table_setup_script_local_path
    # Spelt as the template will have it, so without a detour.
    if not path.startswith(FUNCTION) or ".." in path.split("/") or not (ROOT / path).is_file():
        yield "batch.table_setup_script_local_path", path, f"a file under {FUNCTION}: the function is packaged from it"


def _names(key: str, names: list[str]) -> Iterator[Complaint]:
    taken: dict[str, str] = {}
    for number, name in enumerate(names):
        if name in names[:number]:
            yield f"{key}[{number}].name", name, f"a name of its own: {key}[{names.index(name)}] has this one"
        elif other := taken.get(camel(name)):
            expected = f"a name that differs from {other!r} in letters or digits, which alone make the logical ID"
            yield f"{key}[{number}].name", name, expected  # P44
        taken[camel(name)] = name


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


def _cidr_blocks(blocks: list[str]) -> Iterator[Complaint]:
    from ipaddress import ip_network

    for number, block in enumerate(blocks):
        try:
            network = str(ip_network(block, strict=False))
        except ValueError:
            network = "a CIDR block, such as 10.0.0.0/8"
        if network != block:
            yield f"mlflow.cidr_blocks[{number}]", block, network
        if block in blocks[:number]:
            yield f"mlflow.cidr_blocks[{number}]", block, "each block once"


def _tags(tags: dict[str, str]) -> Iterator[Complaint]:
    if len(tags) > TAGS:
        yield "number of tags", len(tags), f"at most {TAGS}: AWS takes 50, of which SAM needs one"
    for number, (key, value) in enumerate(tags.items()):
        if not (0 < len(key) <= 128 and TAG.fullmatch(key)):
            yield "name in tags", key, f"1 to 128 {SPELLING}"
        if key.lower().startswith(RESERVED):
            yield "name in tags", key, f"none that begins with {', '.join(RESERVED)}"
        if key.lower() in [other.lower() for other in list(tags)[:number]]:
            yield "name in tags", key, "a name that differs in more than case from the others: IAM ignores case"
        if not (len(value) <= 256 and TAG.fullmatch(value)):
            yield f"tags[{key!r}]", value, f"up to 256 {SPELLING}"
