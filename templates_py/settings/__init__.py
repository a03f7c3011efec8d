"""`hydra.toml` as typed settings: the shape of the templates. All else is a CloudFormation parameter.

msgspec types, validates and describes it (`python -m templates_py schema`); what no type can say stands in `checks`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from templates_py.settings.batch import (
    Batch,
    JobDefinition,
    JobQueue,
    SchedulingPolicy,
    Share,
    TimeLimit,
)
from templates_py.settings.compute_environment import ComputeEnvironment
from templates_py.settings.table import ROOT, DeletionPolicy, Table

__all__ = [
    "ROOT",
    "Batch",
    "ComputeEnvironment",
    "DeletionPolicy",
    "JobDefinition",
    "JobQueue",
    "Mlflow",
    "SchedulingPolicy",
    "Settings",
    "Share",
    "TimeLimit",
]


class Mlflow(Table, frozen=True):
    """The MLflow system."""

    # Two rules each, and one for the jobs: 60 is what a security group takes by default.
    cidr_blocks: Annotated[list[str], Meta(min_length=1, max_length=29)] = field(default_factory=lambda: ["10.0.0.0/8"])
    internet_facing: bool = False
    auth: Literal["none", "basic", "oidc"] = "none"
    artifacts: Literal["direct", "proxied"] = "direct"  # how clients reach them: straight in S3, or by the server
    deletion_policy: DeletionPolicy = "Snapshot"


class Settings(Table, frozen=True):
    """All of hydra.toml."""

    batch: Batch = Batch()
    mlflow: Mlflow = Mlflow()
    tags: dict[str, str] = {}
