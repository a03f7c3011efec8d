"""The settings of the batch system."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from msgspec import Meta

from templates_py.settings.compute_environment import ComputeEnvironment, Kind, MaxVcpus, Vcpus
from templates_py.settings.table import ROOT, DeletionPolicy, Name, Table

FUNCTION = "functions/db_init/"

Priority = Annotated[int, Meta(ge=0, le=10_000)]
State = Literal["ENABLED", "DISABLED"]
ShareIdentifier = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9]{1,255}\*?(?!\n)$", description="up to 255 letters and digits, and perhaps a *")
]


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
    max_vcpus: MaxVcpus = 256
    priority: Priority = 1
    state: State = "ENABLED"

    @property
    def packaged_script(self) -> str:
        """The table setup script as the function's package has it."""
        return self.table_setup_script_local_path.removeprefix(FUNCTION)

    def script_sha256(self) -> str:
        """Digest of the table setup script and those beside it: what is new runs when the stack is updated (P16)."""
        scripts = sorted((ROOT / self.table_setup_script_local_path).parent.glob("*.sql"))
        return hashlib.sha256(b"".join(path.read_bytes() for path in scripts)).hexdigest()

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
