"""The settings of a compute environment, and what follows from them."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta

from templates_py.settings.table import Name, Table

Kind = Literal["EC2", "SPOT", "FARGATE", "FARGATE_SPOT"]
Vcpus = Annotated[int, Meta(ge=0, le=1_000_000)]
MaxVcpus = Annotated[int, Meta(ge=1, le=1_000_000)]
Strategy = Literal["BEST_FIT_PROGRESSIVE", "SPOT_CAPACITY_OPTIMIZED", "SPOT_PRICE_CAPACITY_OPTIMIZED"]
Image = Literal["ECS_AL2023", "ECS_AL2023_NVIDIA"]

GRAVITON = re.compile(r"default_arm64$|a1\b|[a-z]+\d+g|p6e-gb")  # instance families with ARM's instructions
NVIDIA = re.compile(r"(p|g|gr)\d(?!ad|g|e-gb)")  # g4ad has AMD's, and ECS has no image with the driver for Graviton


class ComputeEnvironment(Table, frozen=True):
    """A compute environment; its `instance_type` is Hydra's key, one or a list."""

    name: Name
    use_real_name: bool = False  # as ComputeEnvironmentName too, which then can never be replaced (P01)
    instance_type: str | list[str] = "optimal"
    resource_type: Kind = "EC2"
    type: Literal["MANAGED", "UNMANAGED"] = "MANAGED"
    min_vcpus: Vcpus = 0
    max_vcpus: MaxVcpus = 256
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
