"""Job definitions by Batch's own API: revisions, of which one is current.

Mends what ministack lacks: all of a definition but its container, and deregistering.
"""

from __future__ import annotations

from ministack.core.responses import get_account_id, get_region
from ministack.services import batch

from local.aws.batch_api import ClientError, Record, register


def find(reference: str) -> Record:
    """Return the active revision of name:revision, of an ARN, or the newest of a name. Raises ClientError."""
    name, _, number = reference.rpartition("/")[2].partition(":")
    revisions = [revision for revision in batch._job_definitions.get(name, []) if revision["status"] == "ACTIVE"]
    found = [revision for revision in revisions if number in ("", str(revision["revision"]))]
    if not found or (
        reference.startswith("arn:")
        and reference != found[-1]["jobDefinitionArn"].removesuffix("" if number else f":{found[-1]['revision']}")
    ):
        raise ClientError(f"Job definition {reference} does not exist")
    newest: Record = found[-1]
    return newest


def register_job_definition(request: Record) -> Record:
    name = request["jobDefinitionName"]
    revisions = batch._job_definitions.setdefault(name, [])
    number = revisions[-1]["revision"] + 1 if revisions else 1
    arn = f"arn:aws:batch:{get_region()}:{get_account_id()}:job-definition/{name}:{number}"
    made = {"jobDefinitionName": name, "jobDefinitionArn": arn, "revision": number}
    defaults = {"status": "ACTIVE", "parameters": {}, "tags": {}, "containerOrchestrationType": "ECS"}
    revisions.append({**defaults, **request, **made})
    return made


def deregister_job_definition(request: Record) -> Record:
    if ":" not in request["jobDefinition"].rpartition("/")[2]:
        raise ClientError(f"Job definition {request['jobDefinition']} has no revision")
    find(request["jobDefinition"])["status"] = "INACTIVE"
    return {}


def describe_job_definitions(request: Record) -> Record:
    every = [revision for revisions in batch._job_definitions.values() for revision in revisions]
    wanted = {reference.rpartition("/")[2] for reference in request.get("jobDefinitions", [])}
    name, status = request.get("jobDefinitionName"), request.get("status")
    return {
        "jobDefinitions": [
            revision
            for revision in every
            if (not wanted or f"{revision['jobDefinitionName']}:{revision['revision']}" in wanted)
            and name in (None, revision["jobDefinitionName"])
            and status in (None, revision["status"])
        ]
    }


def install() -> None:
    for operation in (register_job_definition, deregister_job_definition, describe_job_definitions):
        register(operation.__name__, operation)
