"""A change of each setting of hydra.toml, made to settings in which each has something to change."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

from templates_py.settings import Settings
from templates_py.settings.loading import load

BASE: dict[str, Any] = {
    "batch": {
        "type": "MANAGED",
        "compute_environments": [
            {"name": "ml"},
            {"name": "cheap", "type": "MANAGED", "resource_type": "SPOT"},
            {"name": "spare"},
        ],
        "scheduling_policies": [
            {"name": "fair", "shares": [{"share_identifier": "team"}, {"share_identifier": "spare"}]},
            {"name": "spare"},
        ],
        "job_queues": [
            {
                "name": "ml-queue",
                "compute_environment": "ml",
                "scheduling_policy": "fair",
                "job_state_time_limits": [
                    {"reason": "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT", "max_time_seconds": 600},
                    {"reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", "max_time_seconds": 600},
                ],
            },
            {"name": "spare-queue", "compute_environment": "cheap"},
        ],
        "job_definitions": [{"name": "train", "image": "train:1"}, {"name": "spare", "image": "spare:1"}],
    },
    "mlflow": {"cidr_blocks": ["10.0.0.0/8", "172.16.0.0/12"]},
}
REASON = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"

# Where the change is made -> the values that are put there.
SAMPLES: dict[str, list[Any]] = {
    "batch.service_role": ["custom"],
    "batch.jobs_use_instance_role": [False],
    "batch.deletion_policy": ["Retain", "Delete"],
    "batch.table_setup_script_local_path": ["functions/db_init/rds-ca.pem"],
    "batch.resource_type": ["SPOT", "FARGATE"],
    "batch.type": ["UNMANAGED"],
    "batch.min_vcpus": [4],
    "batch.max_vcpus": [512],
    "batch.priority": [2],
    "batch.state": ["DISABLED"],
    "batch.compute_environments[3]": [{"name": "more"}],
    "batch.compute_environments[2].name": ["other"],
    "batch.compute_environments[0].use_real_name": [True],
    "batch.compute_environments[0].instance_type": [["m5"]],
    "batch.compute_environments[0].resource_type": ["SPOT", "FARGATE"],
    "batch.compute_environments[0].type": ["UNMANAGED"],
    "batch.compute_environments[0].min_vcpus": [4],
    "batch.compute_environments[0].max_vcpus": [512],
    "batch.compute_environments[0].root_volume_size": [60],
    "batch.compute_environments[0].image_type": ["ECS_AL2023_NVIDIA"],
    "batch.compute_environments[1].bid_percentage": [60],
    "batch.compute_environments[1].allocation_strategy": ["SPOT_CAPACITY_OPTIMIZED"],
    "batch.job_queues[2]": [{"name": "more", "compute_environment": "ml"}],
    "batch.job_queues[0].name": ["other"],
    "batch.job_queues[0].compute_environment": [["spare", "ml"]],
    "batch.job_queues[0].priority": [2],
    "batch.job_queues[0].state": ["DISABLED"],
    "batch.job_queues[0].scheduling_policy": ["spare"],
    "batch.job_queues[1].scheduling_policy": ["spare"],
    "batch.job_queues[0].job_state_time_limits[2]": [{"reason": REASON, "max_time_seconds": 600}],
    "batch.job_queues[0].job_state_time_limits[0].reason": [REASON],
    "batch.job_queues[0].job_state_time_limits[0].max_time_seconds": [1200],
    "batch.job_queues[0].job_state_time_limits[0].action": ["TERMINATE"],
    "batch.job_queues[0].job_state_time_limits[0].state": ["RUNNABLE"],  # the only one
    "batch.scheduling_policies[2]": [{"name": "more"}],
    "batch.scheduling_policies[1].name": ["other"],
    "batch.scheduling_policies[0].share_decay_seconds": [600],
    "batch.scheduling_policies[0].compute_reservation": [10],
    "batch.scheduling_policies[0].shares[2]": [{"share_identifier": "more"}],
    "batch.scheduling_policies[0].shares[0].share_identifier": ["other"],
    "batch.scheduling_policies[0].shares[0].weight_factor": [2.0],
    "batch.job_definitions[2]": [{"name": "more", "image": "more:1"}],
    "batch.job_definitions[0].name": ["other"],
    "batch.job_definitions[0].image": ["train:2"],
    "batch.job_definitions[0].resource_type": ["FARGATE"],
    "batch.job_definitions[0].command": [["true"]],
    "batch.job_definitions[0].vcpus": [2],
    "batch.job_definitions[0].memory": [4096],
    "batch.job_definitions[0].gpus": [1],
    "batch.job_definitions[0].retries": [3],
    "batch.job_definitions[0].timeout": [600],
    "batch.job_definitions[0].environment": [{"A": "b"}],
    "mlflow.cidr_blocks": [["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], ["172.16.0.0/12"]],
    "mlflow.internet_facing": [True],
    "mlflow.auth": ["basic", "oidc"],
    "mlflow.artifacts": ["proxied"],
    "mlflow.deletion_policy": ["Retain", "Delete"],
    "tags": [{"team": "research"}],
}
# Where a change takes another setting, on both sides of it.
BESIDE: dict[str, dict[str, Any]] = {"mlflow.internet_facing": {"auth": "basic"}}


class Sample(NamedTuple):
    """A change of one setting: from `old` to `new`, in words; and back."""

    setting: str
    old: str
    new: str
    before: Settings
    settings: Settings


def keys(table: str = "Settings", prefix: str = "") -> Iterator[str]:
    """All settings, in the file's order: `batch.compute_environments`, `batch.compute_environments.name`, ..."""
    _, components = msgspec.json.schema_components([Settings])
    for name, schema in components[table]["properties"].items():
        reference = schema.get("$ref") or schema.get("items", {}).get("$ref") or _of_default(schema)
        if reference is None or schema.get("items"):
            yield prefix + name
        if reference:
            yield from keys(reference.rpartition("/")[2], f"{prefix}{name}.")


def _of_default(schema: dict[str, Any]) -> str | None:
    return next((one["$ref"] for one in schema.get("anyOf", schema.get("allOf", [])) if "$ref" in one), None)


@cache
def base() -> Settings:
    """The settings that are changed."""
    return _loaded(BASE)


def samples() -> Iterator[Sample]:
    """Yield the changes, as the settings file would be loaded with each."""
    for place, values in SAMPLES.items():
        *steps, last = (int(step) if step.isdigit() else step for step in re.findall(r"\w+", place))
        for value in values:
            data = copy.deepcopy(BASE)
            node: Any = data
            for step in steps:
                node = node[step] if isinstance(step, int) else node.setdefault(step, {})
            if place in BESIDE:
                node.update(BESIDE[place])
            before = _loaded(data) if place in BESIDE else base()
            old = _shown(_of(before, [*steps, last]))
            node.insert(last, value) if isinstance(last, int) else node.update({last: value})
            words = ("", "one more") if isinstance(last, int) else (old, _shown(value))
            yield Sample(re.sub(r"\[\d+\]", "", place), *words, before, _loaded(data))


def _of(settings: Any, steps: list[Any]) -> Any:
    for step in steps:
        if isinstance(step, int):
            settings = settings[step] if step < len(settings) else None
        else:
            settings = getattr(settings, step)
    return msgspec.to_builtins(settings)


def _shown(value: Any) -> str:
    return "none" if value is None else f"`{json.dumps(value)}`"


def _loaded(data: dict[str, Any]) -> Settings:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "hydra.toml"
        path.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in data.items()))
        return load(path)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + "}"
    return "[" + ", ".join(map(_toml, value)) + "]" if isinstance(value, list) else json.dumps(value)
