"""The one answer to a custom resource's event: bounded in size, time and tries."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from typing import Any

# One database, one ID: with another, CloudFormation would take the old one for replaced and send its deletion (P14).
PHYSICAL_RESOURCE_ID = "DbInit"
TRIES = 5
TIMEOUT = 5  # seconds for a try; urllib alone would wait for as long as the function may run (P13)
LONGEST = 1000  # characters of a reason; CloudFormation takes 4096 bytes of answer in all


def send(event: dict[str, Any], status: str, reason: str, data: dict[str, Any] | None = None) -> bool:
    """Answer `event` (status SUCCESS or FAILED); return whether it was taken.

    The URL is signed, and so a secret: nothing here prints it. What is answered with an error is tried again, a second
    longer apart each time: within 35 seconds at most.
    """
    body = {
        "Status": status,
        "Reason": " ".join(reason.split())[:LONGEST],
        "PhysicalResourceId": PHYSICAL_RESOURCE_ID,
        "Data": data or {},
        **{key: event.get(key, "") for key in ("StackId", "RequestId", "LogicalResourceId")},
    }
    content = json.dumps(body).encode()
    for wait in range(TRIES):
        time.sleep(wait)
        # The signature covers an empty content type.
        request = urllib.request.Request(event["ResponseURL"], data=content, headers={"Content-Type": ""}, method="PUT")
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT):  # CloudFormation's  # nosec B310
                return True
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code not in (408, 429):  # taken already, or never will be
                return False
        except (OSError, http.client.HTTPException):
            continue
    return False
