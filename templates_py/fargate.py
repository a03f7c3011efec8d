"""The sizes of a Fargate task: which memory goes with which CPU.

Source: the task size table in the ECS developer guide; Batch's guide has the same pairs for jobs.
"""

from __future__ import annotations

from troposphere import Equals

from templates_py.inputs import Value
from templates_py.stack import Rules, rule

MEMORY = {  # CPU units (1024 is one vCPU) -> MiB
    256: [512, 1024, 2048],
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}
CPU = list(MEMORY)


def sizes_fit(cpu: Value, memory: Value) -> Rules:
    """The rules that a task's memory is one that Fargate pairs with its CPU."""
    return {
        f"MemoryOfCpu{units}": rule(
            {"Fn::Contains": [[str(size) for size in sizes], memory]},
            f"With {cpu.row.logical_id} {units}, {memory.row.logical_id} is {sizes[0]} to {sizes[-1]} in Fargate steps",
            when=Equals(cpu, str(units)),
        )
        for units, sizes in MEMORY.items()
    }
