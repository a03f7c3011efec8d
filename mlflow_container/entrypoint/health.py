"""The container's health check: whether the server answers the API to those it serves.

Not /health: that answers any Host, and so is green while every call is refused (P51). A database that is down is an
alarm of its own: a check that failed on it would take away every task at once, and be an outage that outlasts it.
"""

from __future__ import annotations

import http.client
import sys

from .environment import Server

CALL = "/api/2.0/mlflow/experiments/get?experiment_id=0"
WAIT = 8  # seconds; the check that runs this has 10
ALIVE = {200, 401, 404, 503}  # it may want a login, miss that experiment, or wait for its database


def check(server: Server) -> int:
    """Return 0 where the server answers, else 1."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT)
    try:
        connection.request("GET", CALL, headers={"Host": server.allowed_hosts[0]})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(f"no answer: {type(error).__name__}", file=sys.stderr)
        return 1
    finally:
        connection.close()
    if status not in ALIVE:
        print(f"the API answers {status}", file=sys.stderr)
    return 0 if status in ALIVE else 1
