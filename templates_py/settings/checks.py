"""What no type can say of the settings: how names, numbers and kinds fit together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from templates_py.inputs import camel
from templates_py.settings.batch import FUNCTION, Batch
from templates_py.settings.batch_checks import Complaint, of_batch
from templates_py.settings.table import ROOT

if TYPE_CHECKING:
    from templates_py.settings import Settings

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


def complaints(settings: Settings, said: dict[str, Any]) -> Iterator[Complaint]:
    """Yield what is wrong, first things first; `said` is the file as it was written."""
    batch = settings.batch
    yield from _script(batch)
    for key, (most, why) in MOST.items():
        names = [table.name for table in getattr(batch, key)]
        if len(names) > most:
            yield f"number of batch.{key}", len(names), f"at most {most}, {why}"
        yield from _names(f"batch.{key}", names)
    yield from of_batch(batch, said.get("batch", {}))
    if settings.mlflow.internet_facing and settings.mlflow.auth == "none":
        yield "mlflow.auth", "none", '"basic" or "oidc" with internet_facing = true'
    yield from _cidr_blocks(settings.mlflow.cidr_blocks)
    yield from _tags(settings.tags)


def _script(batch: Batch) -> Iterator[Complaint]:
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
