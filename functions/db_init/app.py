"""The place of the database initialiser, which is not part of this version: a stack that asks for it is told so."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

# One database, one ID: with another, CloudFormation would take the old one for replaced and send its deletion.
PHYSICAL_RESOURCE_ID = "DbInit"
ANSWER_TIMEOUT = 30  # seconds; urllib alone would wait for as long as the function may run


def lambda_handler(event: dict[str, Any], context: object) -> None:
    """Answer a custom resource's event. A deletion succeeds, and leaves every table and row where it is."""
    if event["RequestType"] == "Delete":
        answer(event, "SUCCESS", "The database keeps what it holds")
    else:
        answer(event, "FAILED", "The database initialiser is not part of this version yet")


def answer(event: dict[str, Any], status: str, reason: str) -> None:
    """Send CloudFormation the one answer that it waits for. The URL is signed, hence a secret: no log shows it."""
    body = {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": PHYSICAL_RESOURCE_ID,
        **{key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")},
    }
    request = urllib.request.Request(
        event["ResponseURL"],
        data=json.dumps(body).encode(),
        headers={"Content-Type": ""},  # the signature covers an empty one
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT):
        print(f"{event['RequestType']}: {status}: {reason}")
