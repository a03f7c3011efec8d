"""Target groups: who is in them, and how they are. ministack says healthy of all.

A target is a port of 127.0.0.1. It is checked as its group says, and HAProxy sends it requests while it is healthy.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import RLock, Thread
from typing import Any

from ministack.services import alb

from local.aws import processes
from local.aws.health import HEALTHY, Check, answers
from local.balancer import Balancer

INITIAL = "initial", "Elb.RegistrationInProgress", "Target registration is in progress"
DRAINING = "draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"
FAILED = "unhealthy", "Target.FailedHealthChecks", "Health checks failed"

LOCK = RLock()
balancer = Balancer(processes.folder("balancer"), processes.start)
_targets: dict[tuple[str, int], Target] = {}


@dataclass
class Target:
    """A port of 127.0.0.1 in a target group."""

    group: str
    port: int
    state: tuple[str, ...] = INITIAL
    check: Check | None = None

    def begin(self) -> None:
        group = alb._tgs[self.group]
        seconds = float(group["HealthCheckTimeoutSeconds"])
        self.check = Check(
            passes=lambda: answers(self.port, group["HealthCheckPath"], group["Matcher"]["HttpCode"], seconds),
            changed=self.found,
            interval=float(group["HealthCheckIntervalSeconds"]),
            failures=int(group["UnhealthyThresholdCount"]),
            successes=int(group["HealthyThresholdCount"]),
        )
        self.check.begin()

    def found(self, health: str) -> None:
        """Send it requests or none, as its health is now."""
        with LOCK:
            if self.state is not DRAINING:
                self.state = ("healthy",) if health == HEALTHY else FAILED
                move = balancer.serve if health == HEALTHY else balancer.drain
                move(backend(self.group), self.port)

    def xml(self) -> str:
        names = ("State", "Reason", "Description")
        told = "".join(f"<{name}>{value}</{name}>" for name, value in zip(names, self.state, strict=False))
        return (
            f"<member><Target><Id>127.0.0.1</Id><Port>{self.port}</Port></Target>"
            f"<HealthCheckPort>{self.port}</HealthCheckPort><TargetHealth>{told}</TargetHealth></member>"
        )


def register(group: str, port: int) -> None:
    """Check a target from now on, and send it requests while it is healthy."""
    with LOCK:
        if group in alb._tgs and (group, port) not in _targets:
            target = _targets[group, port] = Target(group, port)
            target.begin()


def deregister(group: str, port: int) -> None:
    """Send a target no more requests, and return when those under way are done or the group's delay is over."""
    with LOCK:
        target = _targets.get((group, port))
        if not target or target.state is DRAINING:
            return
        target.state = DRAINING
        if target.check:
            target.check.end()
        balancer.drain(backend(group), port)
    deadline = time.monotonic() + float(attribute(alb._tg_attrs, group, "deregistration_delay.timeout_seconds", "300"))
    quiet = 0
    while quiet < 2 and time.monotonic() < deadline:  # twice: one may just be on its way to it
        quiet = 0 if balancer.busy(backend(group), port) else quiet + 1
        time.sleep(0.1)
    with LOCK:
        balancer.remove(backend(group), port)
        _targets.pop((group, port), None)


def health(group: str, port: int) -> str:
    """Return a target's state in AWS's words; "unused" where it is not registered."""
    target = _targets.get((group, port))
    return target.state[0] if target else "unused"


def healthy(group: str) -> set[int]:
    """Return the ports of a group that get requests."""
    return {target.port for target in list(_targets.values()) if target.group == group and target.state[0] == "healthy"}


def backend(group: str) -> str:
    """Return HAProxy's name for a target group."""
    return group.rpartition("targetgroup/")[2].replace("/", ".")


def attribute(store: Any, arn: str, key: str, default: str) -> str:
    """Return an attribute of a balancer or a group."""
    return next((str(item["Value"]) for item in store.get(arn, []) if item["Key"] == key), default)


def install() -> None:
    alb._ACTION_MAP["RegisterTargets"] = _register_targets
    alb._ACTION_MAP["DeregisterTargets"] = _deregister_targets
    alb._ACTION_MAP["DescribeTargetHealth"] = _describe_target_health


def stop() -> None:
    for target in list(_targets.values()):
        if target.check:
            target.check.end()
    balancer.stop()


def _asked(parameters: Any) -> tuple[str, list[int]]:
    arn = alb._p(parameters, "TargetGroupArn")
    port = alb._tgs[arn]["Port"] if arn in alb._tgs else 0
    return arn, [int(target.get("Port", port)) for target in alb._parse_targets_param(parameters)]


def _register_targets(parameters: Any) -> Any:
    arn, ports = _asked(parameters)
    for port in ports:
        register(arn, port)
    return alb._empty("RegisterTargets") if arn in alb._tgs else _missing(arn)


def _deregister_targets(parameters: Any) -> Any:
    arn, ports = _asked(parameters)
    for port in ports:
        Thread(target=deregister, args=(arn, port), daemon=True).start()
    return alb._empty("DeregisterTargets") if arn in alb._tgs else _missing(arn)


def _describe_target_health(parameters: Any) -> Any:
    arn, ports = _asked(parameters)
    if arn not in alb._tgs:
        return _missing(arn)
    told = "".join(t.xml() for t in list(_targets.values()) if t.group == arn and (not ports or t.port in ports))
    return alb._xml(200, "DescribeTargetHealth", f"<TargetHealthDescriptions>{told}</TargetHealthDescriptions>")


def _missing(arn: str) -> Any:
    return alb._error("TargetGroupNotFound", f"Target group '{arn}' not found.")
