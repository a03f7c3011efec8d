"""What HAProxy does for a listener: it forwards, redirects or answers by itself, by the default action, without TLS."""

from __future__ import annotations

from typing import Any

from ministack.services import alb

from local.aws import targets
from local.balancer import Listener
from local.ports import free


def local_listener(record: dict[str, Any]) -> Listener:
    """Return what HAProxy does for a listener; raises ValueError for what it does not do here."""
    if record["Protocol"] != "HTTP":
        raise ValueError(f"Listener on port {record['Port']}: the local load balancer speaks HTTP alone, without TLS")
    arn = record["LoadBalancerArn"]
    if arn not in alb._lbs:
        raise ValueError(f"Load balancer '{arn}' not found")
    name: str = alb._lbs[arn]["DNSName"]
    # The balancer's own port for the listener on the lowest, one of its own for each further.
    if record["Port"] == min(x["Port"] for x in alb._listeners.values() if x["LoadBalancerArn"] == arn):
        port = int(name.rpartition(":")[2])
    else:
        port = record.setdefault("_local_port", free(f"load balancer {record['Port']}"))
    idle = int(targets.attribute(alb._lb_attrs, arn, "idle_timeout.timeout_seconds", "60"))
    *_, last = [_rule(action) for action in record["DefaultActions"]]
    return Listener(port, last, idle)


def _rule(action: dict[str, Any]) -> str:
    """Return what HAProxy does for an action."""
    if action["Type"] == "forward":
        return f"default_backend {targets.backend(action['TargetGroupArn'])}"
    if action["Type"] == "redirect":
        to = action["RedirectConfig"]
        secure = str(to.get("Protocol", "")).lower() != "http"
        code = to.get("StatusCode", "HTTP_301").removeprefix("HTTP_")
        host = f"%[req.hdr(host),field(1,:)]:{to.get('Port', 443)}"
        return f"http-request redirect code {code} location {'https' if secure else 'http'}://{host}%[pathq]"
    if action["Type"] == "fixed-response":
        config = action["FixedResponseConfig"]
        said = str(config.get("MessageBody", "")).replace("\\", "\\\\").replace('"', '\\"')
        kind = config.get("ContentType", "text/plain")
        return f'http-request return status {config["StatusCode"]} content-type "{kind}" string "{said}"'
    raise ValueError(f"Listener action {action['Type']}: the local load balancer has forward, redirect, fixed-response")
