"""What a listener does with a request that none of its rules takes."""

from __future__ import annotations

from typing import Any

from troposphere.elasticloadbalancingv2 import Action, FixedResponseConfig, RedirectConfig


def forward(target_group: Any) -> Action:
    """Hand it to MLflow."""
    return Action(Type="forward", TargetGroupArn=target_group)


def redirect() -> Action:
    """Send it to the same address over HTTPS."""
    tls = RedirectConfig(Protocol="HTTPS", Port="443", StatusCode="HTTP_301")
    return Action(Type="redirect", RedirectConfig=tls)


def refuse() -> Action:
    """Answer it by itself: 403."""
    said = FixedResponseConfig(StatusCode="403", ContentType="text/plain", MessageBody="Not logged in")
    return Action(Type="fixed-response", FixedResponseConfig=said)
