"""`hydra.toml` as typed settings: the shape of the templates. All else is a CloudFormation parameter.

msgspec types, validates and describes it (`python -m templates_py schema`); what no type can say stands in `checks`.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

DeletionPolicy = Literal["Snapshot", "Retain", "Delete"]
# A pattern ends with (?!\n)$, since $ alone lets a line end through.
SPELLING = "up to 128 letters, digits, - and _, of which the first is a letter or a digit"
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}(?!\n)$", description=SPELLING)]
ShareIdentifier = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9]{1,255}\*?(?!\n)$", description="up to 255 letters and digits, and perhaps a *")
]
State = Literal["ENABLED", "DISABLED"]
Kind = Literal["EC2", "SPOT", "FARGATE", "FARGATE_SPOT"]
Vcpus = Annotated[int, Meta(ge=0, le=1_000_000)]
Priority = Annotated[int, Meta(ge=0, le=10_000)]
Strategy = Literal["BEST_FIT_PROGRESSIVE", "SPOT_CAPACITY_OPTIMIZED", "SPOT_PRICE_CAPACITY_OPTIMIZED"]
Image = Literal["ECS_AL2023", "ECS_AL2023_NVIDIA"]

ROOT = Path(__file__).parents[1]
FUNCTION = "functions/db_init/"
GRAVITON = re.compile(r"default_arm64$|a1\b|[a-z]+\d+g|p6e-gb")  # instance families with ARM's instructions
NVIDIA = re.compile(r"(p|g|gr)\d(?!ad|g|e-gb)")  # g4ad has AMD's, and ECS has no image with the driver for Graviton


class Table(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A table of hydra.toml, which takes no key that it does not know."""


class ComputeEnvironment(Table, frozen=True):
    """A compute environment; its `instance_type` is Hydra's key, one or a list."""

    name: Name
    use_real_name: bool = False  # as ComputeEnvironmentName too, which then can never be replaced (P01)
    instance_type: str | list[str] = "optimal"
    resource_type: Kind = "EC2"
    type: Literal["MANAGED", "UNMANAGED"] = "MANAGED"
    min_vcpus: Vcpus = 0
    max_vcpus: Annotated[int, Meta(ge=1, le=1_000_000)] = 256
    root_volume_size: Annotated[int, Meta(ge=30, le=16_384, description="GiB")] = 30
    image_type: Image | None = None  # None: by instance family
    bid_percentage: Annotated[int, Meta(ge=1, le=100, description="percent of the On-Demand price")] | None = None
    allocation_strategy: Strategy | None = None  # None: BEST_FIT_PROGRESSIVE, SPOT_PRICE_CAPACITY_OPTIMIZED on Spot

    @property
    def starts_instances(self) -> bool:
        """Whether Batch starts EC2 instances for it."""
        return self.type == "MANAGED" and not self.is_fargate

    @property
    def is_fargate(self) -> bool:
        """Whether its jobs run on Fargate."""
        return self.type == "MANAGED" and self.resource_type.startswith("FARGATE")

    @property
    def instance_types(self) -> list[str]:
        """Its instance types as a list."""
        return [self.instance_type] if isinstance(self.instance_type, str) else self.instance_type

    @property
    def architectures(self) -> set[str]:
        """The CPU architectures of the instances that Batch starts for it."""
        kinds = self.instance_types if self.starts_instances else []
        return {"Graviton" if GRAVITON.match(kind) else "x86_64" for kind in kinds}

    @property
    def image_types(self) -> list[str]:
        """The Amazon Linux 2023 images that its families need: GPU ones have NVIDIA's driver (P10)."""
        if self.image_type:
            return [self.image_type]
        gpu = [bool(NVIDIA.match(kind)) for kind in self.instance_types]
        return [*["ECS_AL2023"] * (not all(gpu)), *["ECS_AL2023_NVIDIA"] * any(gpu)]

    @property
    def strategy(self) -> str:
        """How Batch chooses among instance types: one that can be updated in place (P04)."""
        spot = self.resource_type == "SPOT"
        return self.allocation_strategy or ("SPOT_PRICE_CAPACITY_OPTIMIZED" if spot else "BEST_FIT_PROGRESSIVE")


class TimeLimit(Table, frozen=True):
    """What becomes of a job that stays at the head of its queue (P09)."""

    reason: Literal[
        "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
        "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
        "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
    ]
    max_time_seconds: Annotated[int, Meta(ge=600, le=86_400)]
    action: Literal["CANCEL", "TERMINATE"] = "CANCEL"
    state: Literal["RUNNABLE"] = "RUNNABLE"


class JobQueue(Table, frozen=True):
    """A job queue; `compute_environment` is Hydra's key, one or a list in order of preference."""

    name: Name
    compute_environment: str | list[str]
    priority: Priority = 1
    state: State = "ENABLED"
    scheduling_policy: str | None = None
    job_state_time_limits: list[TimeLimit] = []

    @property
    def compute_environments(self) -> list[str]:
        """Its environments as a list."""
        return [self.compute_environment] if isinstance(self.compute_environment, str) else self.compute_environment


class Share(Table, frozen=True):
    """A share of a fair-share policy."""

    share_identifier: ShareIdentifier
    weight_factor: Annotated[float, Meta(ge=0.0001, le=999.9999)] = 1.0


class SchedulingPolicy(Table, frozen=True):
    """A fair-share policy, for queues to refer to (P08)."""

    name: Name
    share_decay_seconds: Annotated[int, Meta(ge=0, le=604_800)] = 0
    compute_reservation: Annotated[int, Meta(ge=0, le=99, description="percent")] = 0
    shares: list[Share] = []


class JobDefinition(Table, frozen=True):
    """A container job, on EC2 or on Fargate."""

    name: Name
    image: Annotated[str, Meta(pattern=r"^\S+(?!\n)$", description="the address of a container image, without spaces")]
    resource_type: Literal["EC2", "FARGATE"] = "EC2"
    command: list[str] = []
    vcpus: Annotated[float, Meta(ge=0.25, le=10_000)] = 1
    memory: Annotated[int, Meta(ge=4, description="MiB")] = 2048
    gpus: Annotated[int, Meta(ge=0, le=16)] = 0
    retries: Annotated[int, Meta(ge=1, le=10, description="attempts in all")] = 1
    timeout: Annotated[int, Meta(ge=60, description="seconds for an attempt")] | None = None
    environment: dict[str, str] = {}


class Batch(Table, frozen=True):
    """The batch system. Its last six keys are what an environment or a queue has if it does not say otherwise."""

    service_role: Literal["service-linked", "custom"] = "service-linked"  # custom: Hydra's own (P04)
    jobs_use_instance_role: bool = True  # as Hydra's jobs do (P70)
    deletion_policy: DeletionPolicy = "Snapshot"  # of the database; Hydra's skip_final_snapshot = true is "Delete"
    table_setup_script_local_path: str = "functions/db_init/schema/0001_jobs.sql"  # under functions/db_init/
    compute_environments: list[ComputeEnvironment] = []
    job_queues: list[JobQueue] = []
    scheduling_policies: list[SchedulingPolicy] = []
    job_definitions: list[JobDefinition] = []
    resource_type: Kind = "EC2"
    type: Literal["MANAGED", "UNMANAGED"] = "MANAGED"
    min_vcpus: Vcpus = 0
    max_vcpus: Annotated[int, Meta(ge=1, le=1_000_000)] = 256
    priority: Priority = 1
    state: State = "ENABLED"

    @property
    def packaged_script(self) -> str:
        """The table setup script as the function's package has it."""
        return self.table_setup_script_local_path.removeprefix(FUNCTION)

    def script_sha256(self) -> str:
        """Digest of the table setup script: another one runs when the stack is updated (P16)."""
        return hashlib.sha256((ROOT / self.table_setup_script_local_path).read_bytes()).hexdigest()

    @property
    def jobs_have_a_role(self) -> bool:
        """Whether jobs get a role of their own: where they may not use the instance's, or there is no instance."""
        return not self.jobs_use_instance_role or self._on_fargate

    @property
    def jobs_have_an_execution_role(self) -> bool:
        """Whether something must start containers in our name: our job definitions, and Fargate."""
        return bool(self.job_definitions) or self._on_fargate

    @property
    def _on_fargate(self) -> bool:
        jobs = any(job.resource_type == "FARGATE" for job in self.job_definitions)
        return jobs or any(env.is_fargate for env in self.compute_environments)


class Mlflow(Table, frozen=True):
    """The MLflow system."""

    cidr_blocks: Annotated[list[str], Meta(min_length=1, max_length=50)] = field(default_factory=lambda: ["10.0.0.0/8"])
    internet_facing: bool = False
    deletion_policy: DeletionPolicy = "Snapshot"


class Settings(Table, frozen=True):
    """All of hydra.toml."""

    batch: Batch = Batch()
    mlflow: Mlflow = Mlflow()
    tags: dict[str, str] = {}
