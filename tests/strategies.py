"""Settings that hypothesis draws: as the tables of hydra.toml, and as its text."""

from __future__ import annotations

import json
import string
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from templates_py.fargate import MEMORY
from templates_py.inputs import camel

Data = dict[str, Any]

LETTERS = string.ascii_letters + string.digits
WORDS = st.text(LETTERS + "_-", max_size=5)
NAMES = st.builds(str.__add__, st.sampled_from(LETTERS), WORDS)
POLICIES = st.sampled_from(["Snapshot", "Retain", "Delete"])
X86 = ["optimal", "default_x86_64", "m5.xlarge", "c7i", "p4d.24xlarge", "g5", "g4ad", "u-6tb1.112xlarge"]
ARM = ["default_arm64", "m7g", "c6gn.16xlarge", "g5g.metal", "t4g.small"]
BLOCKS = ["10.0.0.0/8", "192.168.1.1/32", "0.0.0.0/0", "2001:db8::/32", "::/0"]
REASONS = [
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
]


def toml(value: Any) -> str:
    """Return a value as TOML writes it within a line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items()) + "}"
    return "[" + ", ".join(map(toml, value)) + "]" if isinstance(value, list) else json.dumps(value)


def text(data: Data) -> str:
    """Return a file's text."""
    return "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in data.items())


def some(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Data]:
    """Return a table that may have these keys."""
    return st.fixed_dictionaries({}, optional=optional)


def named(tables: st.SearchStrategy[Data], least: int, most: int) -> st.SearchStrategy[list[Data]]:
    """Return so many tables with names of their own."""
    pairs = st.tuples(NAMES, tables).map(lambda pair: {"name": pair[0], **pair[1]})
    return st.lists(pairs, min_size=least, max_size=most, unique_by=lambda table: camel(table["name"]))


def instances(kind: str, families: list[str]) -> st.SearchStrategy[Data]:
    """Return environments of one kind and one CPU architecture."""
    spot = ["SPOT_CAPACITY_OPTIMIZED", "SPOT_PRICE_CAPACITY_OPTIMIZED"] if kind == "SPOT" else []
    said = {
        "resource_type": st.just(kind),
        "type": st.just("MANAGED"),
        "instance_type": st.sampled_from(families)
        | st.lists(st.sampled_from(families), min_size=1, max_size=3, unique=True),
    }
    optional = {
        "root_volume_size": st.integers(30, 33),
        "image_type": st.sampled_from(["ECS_AL2023"] if families is ARM else ["ECS_AL2023", "ECS_AL2023_NVIDIA"]),
        "allocation_strategy": st.sampled_from(["BEST_FIT_PROGRESSIVE", *spot]),
        **({"bid_percentage": st.integers(1, 100)} if spot else {}),
    }
    bounds = st.tuples(st.integers(0, 500), st.integers(1, 500)).map(sorted)
    return st.builds(
        lambda env, both: {**env, "min_vcpus": both[0], "max_vcpus": both[1]},
        st.fixed_dictionaries(said, optional=optional),
        bounds,
    )


FARGATE = st.fixed_dictionaries(
    {"resource_type": st.sampled_from(["FARGATE", "FARGATE_SPOT"]), "type": st.just("MANAGED")},
    optional={"max_vcpus": st.integers(1, 1000)},
)
# They say all that `[batch]` could have another default for.
INSTANCES = st.one_of(instances(kind, families) for kind in ("EC2", "SPOT") for families in (X86, ARM))
ENVIRONMENTS = INSTANCES | FARGATE | st.just({"type": "UNMANAGED"})


def group(environment: Data) -> str:
    """Return which environments may share a queue with this one."""
    kinds = environment.get("instance_type", [])
    arm = any(kind in ARM for kind in ([kinds] if isinstance(kinds, str) else kinds))
    return "FARGATE" if environment.get("resource_type", "").startswith("FARGATE") else "ARM" if arm else "X86"


TIME_LIMITS = st.lists(
    st.fixed_dictionaries({"reason": st.sampled_from(REASONS), "max_time_seconds": st.integers(600, 86_400)}),
    max_size=3,
    unique_by=lambda limit: limit["reason"],
)
QUEUES = some(
    priority=st.integers(0, 100), state=st.sampled_from(["ENABLED", "DISABLED"]), job_state_time_limits=TIME_LIMITS
)


@st.composite
def queues(draw: st.DrawFn, environments: list[Data], policies: list[Data]) -> Data:
    """Return a queue of up to three environments that may share one, with a policy or without."""
    first = draw(st.sampled_from(environments))
    alike = [env["name"] for env in environments if group(env) == group(first)]
    names = draw(st.lists(st.sampled_from(alike), min_size=1, max_size=3, unique=True))
    policy = draw(st.sampled_from([{}, *({"scheduling_policy": policy["name"]} for policy in policies)]))
    return {"compute_environment": names if len(names) > 1 else first["name"], **draw(QUEUES), **policy}


SHARE = st.fixed_dictionaries(
    {"share_identifier": st.text(string.ascii_letters, min_size=1, max_size=5)},
    optional={"weight_factor": st.floats(0.001, 999, allow_nan=False)},
)
SCHEDULING = some(
    share_decay_seconds=st.integers(0, 604_800),
    compute_reservation=st.integers(0, 99),
    shares=st.lists(SHARE, max_size=3, unique_by=lambda one: one["share_identifier"]),
)
SIZES = [{"vcpus": cpu / 1024, "memory": memory} for cpu, memories in MEMORY.items() for memory in memories]
JOBS = st.builds(
    lambda size, more: {"image": "train:1", **size, **more},
    st.sampled_from(SIZES).map(lambda size: {"resource_type": "FARGATE", **size})
    | some(vcpus=st.integers(1, 96), memory=st.integers(4, 10**6), gpus=st.integers(0, 8)),
    some(
        command=st.lists(WORDS, max_size=2),
        retries=st.integers(1, 10),
        timeout=st.integers(60, 10**6),
        environment=st.dictionaries(st.text(string.ascii_uppercase, min_size=1, max_size=3), WORDS, max_size=2),
    ),
)
DEFAULTS = some(
    resource_type=st.sampled_from(["EC2", "SPOT", "FARGATE", "FARGATE_SPOT"]),
    type=st.sampled_from(["MANAGED", "UNMANAGED"]),
    min_vcpus=st.integers(0, 1000),
    max_vcpus=st.integers(1, 1000),
    priority=st.integers(0, 100),
    state=st.sampled_from(["ENABLED", "DISABLED"]),
    service_role=st.sampled_from(["service-linked", "custom"]),
    jobs_use_instance_role=st.booleans(),
    deletion_policy=POLICIES,
)


@st.composite
def batches(draw: st.DrawFn, least: int) -> Data:
    """Return `[batch]`; at `least` 1 it has some of everything, environments with and without instances among it."""
    envs = draw(named(ENVIRONMENTS, 0, 4))
    if least:
        envs = [{"name": "with", **draw(INSTANCES)}, {"name": "without", **draw(FARGATE)}, *envs]
        assume(len({camel(env["name"]) for env in envs}) == len(envs))
    fair = draw(named(SCHEDULING, least, 2))
    batch = {
        **draw(DEFAULTS),
        "compute_environments": envs,
        "scheduling_policies": fair,
        "job_queues": draw(named(queues(envs, fair), least, 4)) if envs else [],
        "job_definitions": draw(named(JOBS, least, 3)),
    }
    if batch.get("service_role") != "custom" and envs:
        envs[0]["use_real_name"] = draw(st.booleans())
    return batch


MLFLOW = some(
    cidr_blocks=st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=5, unique=True),
    internet_facing=st.booleans(),
    auth=st.sampled_from(["none", "basic", "oidc"]),
    artifacts=st.sampled_from(["direct", "proxied"]),
    deletion_policy=POLICIES,
).filter(lambda mlflow: not mlflow.get("internet_facing") or mlflow.get("auth", "none") != "none")
TAGS = st.dictionaries(st.text("tag :=", min_size=1, max_size=5), WORDS, max_size=2)
FULL = st.fixed_dictionaries({"batch": batches(least=1), "mlflow": MLFLOW, "tags": TAGS})
SETTINGS = FULL | some(batch=batches(least=0), mlflow=MLFLOW, tags=TAGS)


def backwards(value: Any) -> Any:
    """Return the same with the keys of its tables from last to first."""
    if isinstance(value, list):
        return [backwards(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: backwards(one) for key, one in reversed(value.items())}


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return where each value of a file stands: (table or list, key or index)."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, one in inside for place in [(value, key), *places(one)]]


LEAVES = st.booleans() | st.integers() | st.floats() | st.text(string.printable, max_size=9) | NAMES
KEYS = NAMES | st.text(string.printable, max_size=5)
# What TOML can say, whether it means something here or not.
ANYTHING = st.recursive(LEAVES, lambda one: st.lists(one, max_size=3) | st.dictionaries(KEYS, one, max_size=3))
