"""`make up`: all that the platform needs, then the platform, one step after the other."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

from local import built_image, deployment, emulator, images, stacks
from local.debian import locked
from local.emulator import LocalError, client
from local.places import PLATFORM
from local.programs import mysql

PATIENCE = 180  # seconds that databases and tasks may take to run again

T = TypeVar("T")

NEXT = """
Try next:
  make open                                   MLflow's page
  make status                                 stacks, databases, tasks, jobs
  make logs                                   what functions, tasks and jobs said
  make up PARAMETERS='MinTasks=2'             another shape, in place
  export AWS_ENDPOINT_URL={address} AWS_DEFAULT_REGION={region} AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
  make down                                   stop all; the data stay (PURGE=1: delete them)"""


def up(given: deployment.Parameters, port: int, image: bool) -> None:
    """Bring everything up, MLflow from its image or from these sources; Ctrl-C stops all that runs.

    Raises LocalError, UnavailableError or ImageError, one line each.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with locked("up"):
            _up(given, port, image)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("\nStopping everything", file=sys.stderr)
        emulator.stop()
        raise


def _up(given: deployment.Parameters, port: int, image: bool) -> None:
    began = time.monotonic()
    step = _Steps()
    mlflow = step("MLflow", built_image.container if image else images.sources)
    step("Programs", lambda: mysql().version.split(" for ")[0].split("/")[-1])
    if not (running := emulator.url() is not None):
        emulator.stop()  # what a killed one left, its databases' ports among it
    values = deployment.parameters({"ImageTag": mlflow.tag, **given} if image else given, running)
    images.know(mlflow)
    address = step("Emulator", lambda: emulator.start(port))
    made_of = ""

    def built() -> str:
        nonlocal made_of
        made_of = deployment.build()
        deployment.check(given)
        return "build/ and .local/build"

    step("Templates and packages", built)
    step("Stacks", lambda: "deployed" if deployment.deploy(address, made_of, values, step.tell) else "unchanged")
    deployment.keep(given, values)
    step("Databases and tasks", lambda: _ready(address))
    _say_what_there_is(address, time.monotonic() - began)


class _Steps:
    """What is being done, a line at its beginning and the outcome at its end."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, name: str, do: Callable[[], T]) -> T:
        self.number += 1
        print(f"[{self.number}/6] {name} ...", flush=True)
        began = time.monotonic()
        outcome = do()
        self.tell(f"{outcome} ({time.monotonic() - began:.1f} s)")
        return outcome

    def tell(self, line: str) -> None:
        print(f"      {line}", flush=True)


def _ready(address: str) -> str:
    """Wait until each database instance is available, and each service has its tasks."""
    deadline = time.monotonic() + PATIENCE
    while missing := _missing(address):
        if time.monotonic() > deadline:
            raise LocalError(f"{missing[0]} after {PATIENCE} s: see {emulator.LOG.name} in {PLATFORM}, and `make logs`")
        time.sleep(0.2)
    return "running"


def _missing(address: str) -> list[str]:
    rds, ecs = client("rds", address), client("ecs", address)
    instances = rds.describe_db_instances()["DBInstances"]
    found = [
        f"Database {instance['DBInstanceIdentifier']} is {instance['DBInstanceStatus']}"
        for instance in instances
        if instance["DBInstanceStatus"] not in ("available", "stopped")
    ]
    for cluster in ecs.list_clusters()["clusterArns"]:
        if services := ecs.list_services(cluster=cluster)["serviceArns"]:
            for service in ecs.describe_services(cluster=cluster, services=services)["services"]:
                healthy, wanted = _healthy(address, service), service["desiredCount"]
                if healthy < wanted:
                    found.append(f"Service {service['serviceName']} has {healthy} of {wanted} healthy tasks")
    return found


def _healthy(address: str, service: dict[str, Any]) -> int:
    """Return how many tasks of a service its load balancer sends requests to."""
    elb = client("elbv2", address)
    groups = [balancer["targetGroupArn"] for balancer in service["loadBalancers"]]
    targets = [elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"] for group in groups]
    return sum(target["TargetHealth"]["State"] == "healthy" for found in targets for target in found)


def _say_what_there_is(address: str, seconds: float) -> None:
    print(f"\nThe platform is up ({seconds:.1f} s). Outputs of the stack {stacks.ROOT}:")
    outputs = stacks.outputs(client("cloudformation", address))
    width = max(map(len, outputs))
    for name, value in outputs.items():
        print(f"  {name:<{width}}  {value}")
    print(f"\nMLflow: {outputs['TrackingUri']}")
    print(NEXT.format(address=address, region=emulator.REGION))


def down(purge: bool, ask: Callable[[str], str]) -> None:
    """Stop everything; with `purge`, and a yes to the question, delete all data too."""
    if purge and PLATFORM.exists():
        there = f"{PLATFORM} with all databases, snapshots and buckets"
        try:
            answer = ask(f"Delete {there}? [y/N] ")
        except EOFError:
            answer = ""
        if answer.strip().lower() not in ("y", "yes"):
            raise LocalError("Nothing was deleted, and nothing stopped")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    emulator.stop()
    print("Stopped" if not purge else "Stopped, and all data deleted")
    if purge:
        shutil.rmtree(PLATFORM, ignore_errors=True)


def parse(text: str) -> deployment.Parameters:
    """Return the parameters that a text of NAME=value gives. Raises LocalError that names the one that is none."""
    words = text.split()
    if wrong := [word for word in words if "=" not in word]:
        raise LocalError(f"PARAMETERS: {wrong[0]!r}: expected NAME=value")
    return dict(word.split("=", 1) for word in words)
