"""A load balancer's listeners answer: in ministack they are records alone, on names that nobody resolves.

HAProxy listens where AWS would. A balancer's DNSName is 127.0.0.1 with the port of its first listener, so that what
the templates make of it (TrackingUri, the allowed Host) is usable as it stands; on AWS it is a name, on ports 80 and
443.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import alb
from ministack.services.cloudformation import provisioners, stacks

from local.aws import targets
from local.aws.listeners import local_listener
from local.aws.processes import EndedError
from local.balancer import Listener
from local.ports import free

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"

EACH = 2  # seconds between two looks at whether it runs

LOGGER = logging.getLogger(__name__)

_ended = Event()


def sync() -> None:
    """Have HAProxy listen as the records say by now; raises RuntimeError where a port is taken."""
    with targets.LOCK:
        listeners: list[Listener] = []
        groups: set[str] = set()
        for (account, region, arn), listener in list(alb._listeners.all_items()):
            with request_scope(account, region):
                try:
                    listeners.append(local_listener(listener))
                except ValueError as error:
                    LOGGER.debug("%s: %s", arn, error)
                else:
                    groups |= {
                        action["TargetGroupArn"] for action in listener["DefaultActions"] if "TargetGroupArn" in action
                    }
        backends = {targets.backend(group): targets.healthy(group) for group in sorted(groups)}
        targets.balancer.listen(listeners, backends)


def install() -> None:
    targets.install()
    handlers = provisioners._RESOURCE_HANDLERS
    create, delete = handlers[BALANCER]["create"], handlers[BALANCER]["delete"]
    handlers[BALANCER] = {**handlers[BALANCER], "create": _named(create), "delete": _protected(delete)}
    handlers[RULE] = {**handlers[RULE], "create": _no_rules}
    handlers[LISTENER] = {
        **handlers[LISTENER],
        "create": _answering(_once(handlers[LISTENER]), handlers[LISTENER]["delete"]),
        "update": _answering(handlers[LISTENER]["update"]),
        "delete": _followed(handlers[LISTENER]["delete"]),
    }
    alb._ACTION_MAP["CreateLoadBalancer"] = _named_answer(alb._ACTION_MAP["CreateLoadBalancer"])
    for action in ("DeleteLoadBalancer", "CreateListener", "ModifyListener", "DeleteListener"):
        alb._ACTION_MAP[action] = _followed(alb._ACTION_MAP[action])
    blocks, sends_back = stacks._runs_on_worker_thread, stacks._sends_back_failed_update
    stacks._runs_on_worker_thread = lambda kind: kind == LISTENER or blocks(kind)
    stacks._sends_back_failed_update = lambda kind: kind == LISTENER or sends_back(kind)


def resume() -> None:
    """Listen again where it was before."""
    Thread(target=_look_after, daemon=True, name="load balancer").start()


def stop() -> None:
    _ended.set()
    targets.stop()


def _look_after() -> None:
    """Have HAProxy run, whatever ends it."""
    while not _ended.is_set():
        try:
            sync()
        except EndedError:
            return
        except Exception as error:
            LOGGER.warning("Load balancer: %s", error)
        _ended.wait(EACH)


def _followed(do: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same handler, which has HAProxy follow what it did."""

    def followed(*given: Any) -> Any:
        done = do(*given)
        sync()
        return done

    return followed


def _once(handlers: dict[str, Any]) -> Callable[..., Any]:
    """Return a create handler of listeners: one a port, or what a stack made before a kill."""

    def created(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        made_by, where = f"{stack}/{logical_id}", (properties["LoadBalancerArn"], int(properties.get("Port", 80)))
        for arn, there in alb._listeners.items():
            if (there["LoadBalancerArn"], there["Port"]) == where:
                if there.get("_made_by") != made_by:
                    raise ValueError(f"A listener already exists on this port for this load balancer '{where[0]}'")
                return handlers["update"](arn, {}, properties, stack, logical_id)
        arn, attributes = handlers["create"](logical_id, properties, stack)
        alb._listeners[arn]["_made_by"] = made_by
        return arn, attributes

    return created


def _answering(do: Callable[..., Any], undo: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Return the same handler of listeners, which fails where nothing answers on it here."""

    def answering(*given: Any) -> Any:
        arn, attributes = do(*given)
        try:
            local_listener(alb._listeners[arn])
            sync()
        except Exception:
            if undo:
                undo(arn, {})
            raise
        return arn, attributes

    return answering


def _named(create: Callable[..., Any]) -> Callable[..., Any]:
    """Return a create handler whose balancer has its port in its name."""

    def named(*given: Any) -> Any:
        arn, attributes = create(*given)
        name = alb._lbs[arn]["DNSName"] = f"127.0.0.1:{_given_port(arn)}"
        return arn, attributes | {"DNSName": name}

    return named


def _named_answer(create: Callable[..., Any]) -> Callable[..., Any]:
    def named(parameters: Any) -> Any:
        before = set(alb._lbs)
        status, headers, body = create(parameters)
        for arn in set(alb._lbs) - before:
            name = f"127.0.0.1:{_given_port(arn)}"
            body = body.replace(alb._lbs[arn]["DNSName"].encode(), name.encode())
            alb._lbs[arn]["DNSName"] = name
        return status, headers, body

    return named


def _protected(delete: Callable[..., Any]) -> Callable[..., Any]:
    """Return a delete handler that refuses a balancer whose attributes say so."""

    def protected(arn: str, properties: dict[str, Any]) -> None:
        if targets.attribute(alb._lb_attrs, arn, "deletion_protection.enabled", "false") == "true":
            raise ValueError(f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled")
        delete(arn, properties)  # HAProxy follows at the next look

    return protected


def _no_rules(*_: Any) -> Any:
    raise ValueError("The local load balancer has no listener rules, only default actions")


def _given_port(arn: str) -> int:
    """Return the port of a new balancer: the one that was asked for, where no other has it, else a free one."""
    asked = int(os.environ.get("LOAD_BALANCER_PORT") or 0)
    taken = {balancer["DNSName"] for _, balancer in alb._lbs.all_items()}
    return asked if asked and f"127.0.0.1:{asked}" not in taken else free(alb._lbs[arn]["LoadBalancerName"])
