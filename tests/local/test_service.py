"""A service of the local ECS: tasks behind the load balancer, deployments that lose no request, and the way back."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from local.ports import free
from tests.local.checkout import PATIENCE, Checkout, is_alive, until
from tests.local.containers import container, definition, emulator

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ecs")]

AFTER = [{"ContainerName": "migrate", "Condition": "SUCCESS"}]
PORT = [{"ContainerPort": 5000, "Protocol": "tcp"}]
HEALTH = {"Command": ["CMD", "entrypoint", "health"], "Interval": 5, "Timeout": 60, "Retries": 3, "StartPeriod": 60}
DEPLOYMENT = {
    "MinimumHealthyPercent": 100,
    "MaximumPercent": 200,
    "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
}
TARGETS = {
    "VpcId": "vpc-1",
    "TargetType": "ip",
    "Protocol": "HTTP",
    "Port": 5000,
    "HealthCheckPath": "/health",
    "HealthCheckIntervalSeconds": 10,
    "HealthCheckTimeoutSeconds": 9,
    "HealthyThresholdCount": 2,
    "UnhealthyThresholdCount": 2,
    "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}],
}


def resources(
    version: str = "1",
    image: str = "mlflow:known",
    command: str = "server",
    count: int | None = None,
    migrated: str = "/",  # the file that migrating waits for
) -> dict[str, Any]:
    """The stack's resources: what the platform's templates have, small."""
    server = container(
        "server",
        command,
        environment={"VERSION": version},
        DependsOn=AFTER,
        PortMappings=PORT,
        HealthCheck=HEALTH,
        StopTimeout=60,
    )
    migrate = container("migrate", "migrate", environment={"MIGRATE_UNTIL": migrated}, Essential=False)
    server["Image"] = f"registry.example/{image}"
    forward = {"Type": "forward", "TargetGroupArn": {"Ref": "Targets"}}
    listener = {"LoadBalancerArn": {"Ref": "Balancer"}, "Port": 80, "Protocol": "HTTP", "DefaultActions": [forward]}
    service = {
        "ServiceName": "service",
        "Cluster": {"Ref": "Cluster"},
        "TaskDefinition": {"Ref": "Task"},
        "LaunchType": "FARGATE",
        "HealthCheckGracePeriodSeconds": 1,
        "DeploymentConfiguration": DEPLOYMENT,
        "LoadBalancers": [
            {"ContainerName": "server", "ContainerPort": 5000, "TargetGroupArn": {"Ref": "Targets"}},
        ],
        **({"DesiredCount": count} if count is not None else {}),
    }
    kind = "AWS::ElasticLoadBalancingV2::"
    return {
        **definition(migrate, server),
        "Balancer": {"Type": f"{kind}LoadBalancer", "Properties": {"Name": "balancer", "Scheme": "internal"}},
        "Targets": {"Type": f"{kind}TargetGroup", "Properties": TARGETS},
        "Listener": {"Type": f"{kind}Listener", "Properties": listener},
        "Service": {"Type": "AWS::ECS::Service", "DependsOn": ["Listener"], "Properties": service},
    }


def scaled(least: int, most: int, resource: str = "service/cluster/service") -> dict[str, Any]:
    kind, dimension = "AWS::ApplicationAutoScaling::", "ecs:service:DesiredCount"
    target = {"ServiceNamespace": "ecs", "ScalableDimension": dimension, "ResourceId": resource}
    tracking = {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        "TargetValue": "75",
    }
    policy = {
        "PolicyName": "cpu",
        "PolicyType": "TargetTrackingScaling",
        "ScalingTargetId": {"Ref": "Scaling"},
        "TargetTrackingScalingPolicyConfiguration": tracking,
    }
    return {
        "Scaling": {
            "Type": f"{kind}ScalableTarget",
            "DependsOn": ["Service"],
            "Properties": {**target, "MinCapacity": str(least), "MaxCapacity": str(most)},
        },
        "Policy": {"Type": f"{kind}ScalingPolicy", "Properties": policy},
    }


class Platform:
    """The stack in an emulator."""

    def __init__(self, checkout: Checkout, port: int) -> None:
        self.checkout, self.port = checkout, port
        self.last: dict[str, Any] = {}

    def deploy(self, *, expected: str = "UPDATE_COMPLETE", more: dict[str, Any] | None = None, **how: Any) -> str:
        """Deploy, and return all reasons that CloudFormation gave."""
        wanted = resources(**how) | (more or {})
        if wanted != self.last:
            done = self.checkout.stack("it", wanted)
            assert done["status"] == expected, done["reasons"]
            self.last = wanted if "ROLLBACK" not in expected else self.last
            return str(done["reasons"])
        return ""

    @property
    def is_there(self) -> bool:
        stacks = self.checkout.client("cloudformation").describe_stacks()["Stacks"]
        return "it" in (stack["StackName"] for stack in stacks)

    def delete(self) -> None:
        self.checkout.client("cloudformation").delete_stack(StackName="it")
        until(lambda: not self.is_there)
        self.last = {}

    @property
    def url(self) -> str:
        (balancer,) = self.checkout.client("elbv2").describe_load_balancers(Names=["balancer"])["LoadBalancers"]
        return f"http://{balancer['DNSName']}"

    @property
    def service(self) -> dict[str, Any]:
        (found,) = self.checkout.client("ecs").describe_services(cluster="cluster", services=["service"])["services"]
        return dict(found)

    @property
    def health(self) -> list[str]:
        elbv2 = self.checkout.client("elbv2")
        arn = elbv2.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
        found = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return [target["TargetHealth"]["State"] for target in found]

    @property
    def messages(self) -> str:
        return "\n".join(event["message"] for event in self.service["events"])

    def ask(self, path: str = "/") -> tuple[str, int]:
        """Return the version and the process that answer."""
        with urlopen(self.url + path, timeout=PATIENCE) as response:
            version, process = response.read().decode().split()
        return version, int(process)

    def answering(self) -> int | None:
        """Return the process that answers, where one does."""
        with suppress(OSError):
            return self.ask()[1]
        return None

    def is_steady(self, count: int) -> bool:
        return self.service["runningCount"] == count and self.health == ["healthy"] * count

    @contextmanager
    def asked_all_the_time(self) -> Iterator[set[str]]:
        """Ask from several threads until the block ends; it gives the versions heard. A lost request raises."""
        over, heard, url = Event(), set[str](), self.url

        def ask() -> None:
            while not over.is_set():
                with urlopen(url, timeout=PATIENCE) as response:
                    heard.add(response.read().decode().split()[0])
                over.wait(0.01)

        with ThreadPoolExecutor(2) as pool:
            asking = [pool.submit(ask) for _ in range(2)]
            try:
                yield heard
            finally:
                over.set()
            for each in asking:
                each.result()


@pytest.fixture(scope="module")
def running() -> Iterator[Platform]:
    port = free(f"load balancer of {os.getpid()}")
    with emulator(LOAD_BALANCER_PORT=str(port)) as checkout:
        yield Platform(checkout, port)


@pytest.fixture
def platform(running: Platform) -> Iterator[Platform]:
    """The stack with one task of version 1."""
    running.deploy(expected="UPDATE_COMPLETE" if running.is_there else "CREATE_COMPLETE", count=1)
    until(lambda: running.is_steady(running.service["desiredCount"]))
    yield running


def test_a_complete_stack_serves(platform: Platform) -> None:
    assert platform.url == f"http://127.0.0.1:{platform.port}"
    assert platform.is_steady(1)
    assert platform.ask()[0] == "1"
    assert [d["rolloutState"] for d in platform.service["deployments"]] == ["COMPLETED"]
    assert "has reached a steady state." in platform.messages


def test_no_request_is_lost_in_a_deployment(platform: Platform) -> None:
    with platform.asked_all_the_time() as heard:
        until(lambda: heard == {"1"})
        platform.deploy(version="2", count=2)
        until(lambda: heard == {"1", "2"})
        assert platform.ask()[0] == "2"
        platform.deploy(version="3", count=1)
        until(lambda: heard == {"1", "2", "3"})
    assert platform.is_steady(1)
    assert [d["status"] for d in platform.service["deployments"]] == ["PRIMARY"]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"image": "mlflow:unknown"}, "CannotPullContainerError: .*mlflow:unknown: not found"),
        ({"command": "crash"}, "Essential container in task exited, server with 3"),
    ],
    ids=["image", "server"],
)
def test_what_does_not_start_is_rolled_back_with_the_old_still_serving(
    platform: Platform, broken: dict[str, str], reason: str
) -> None:
    before = platform.ask()
    with platform.asked_all_the_time() as heard:
        said = platform.deploy(version="4", count=1, expected="UPDATE_ROLLBACK_COMPLETE", **broken)
    assert "ECS Deployment Circuit Breaker was triggered" in said
    assert re.search(reason, said)
    assert heard == {"1"}
    assert platform.ask() == before
    assert "rolling back to deployment" in platform.messages
    assert platform.is_steady(1)


def test_a_dead_task_is_replaced(platform: Platform) -> None:
    _, process = platform.ask()
    os.kill(process, signal.SIGKILL)
    until(lambda: platform.answering() not in (None, process))
    until(lambda: platform.is_steady(1))
    (stopped,) = [
        task
        for task in platform.checkout.client("ecs").describe_tasks(
            cluster="cluster",
            tasks=platform.checkout.client("ecs").list_tasks(cluster="cluster", desiredStatus="STOPPED")["taskArns"],
        )["tasks"]
        if any(container.get("exitCode") == 137 for container in task["containers"])
    ]
    assert stopped["stoppedReason"] == "Essential container in task exited"


def test_a_dead_load_balancer_is_replaced(platform: Platform) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(platform.checkout.state / "balancer/socket"))
        connection.sendall(b"show info\n")
        said = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    (process,) = re.findall(r"^Pid: ([0-9]+)$", said, re.MULTILINE)
    _, task = platform.ask()
    os.kill(int(process), signal.SIGKILL)
    until(lambda: not is_alive(int(process)))
    until(lambda: platform.answering() == task)


def test_a_sick_task_is_replaced(platform: Platform) -> None:
    _, process = platform.ask("/sick")
    until(lambda: platform.answering() not in (None, process))
    until(lambda: platform.is_steady(1) and not is_alive(process))
    assert "health checks" in platform.messages


def test_a_task_is_told_to_end_when_its_last_request_is_done(platform: Platform, tmp_path: Path) -> None:
    _, process = platform.ask()
    done = tmp_path / "done"
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(platform.ask, f"/until?{done}")
        until(lambda: (tmp_path / "begun").exists())
        deploying = pool.submit(platform.deploy, version="5", count=1)
        until(lambda: "draining" in platform.health)
        assert platform.ask()[0] == "5"
        assert not slow.done()
        done.touch()
        assert slow.result() == ("1", process)
        deploying.result()
    assert not is_alive(process)
    assert not (tmp_path / "told to end").exists()


def test_scaling_is_for_this_service_and_within_its_bounds(platform: Platform) -> None:
    platform.deploy(count=1, more=scaled(2, 3))
    until(lambda: platform.is_steady(2))
    client = platform.checkout.client("application-autoscaling")
    (target,) = client.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert (target["ResourceId"], target["MinCapacity"], target["MaxCapacity"]) == ("service/cluster/service", 2, 3)
    bounds = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "MaxCapacity": 3}
    with pytest.raises(client.exceptions.ValidationException, match="ECS service doesn't exist: service/other/one"):
        client.register_scalable_target(**bounds, MinCapacity=1, ResourceId="service/other/one")
    with pytest.raises(client.exceptions.ValidationException, match="Minimum capacity cannot be greater"):
        client.register_scalable_target(**bounds, MinCapacity=4, ResourceId="service/cluster/service")
    (policy,) = client.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    assert policy["PolicyName"] == "cpu"
    for bad, reason in (
        (scaled(1, 3, "service/cluster/other"), "ECS service doesn't exist: service/cluster/other"),
        (scaled(4, 3), "Minimum capacity cannot be greater than maximum capacity: 4, 3"),
    ):
        assert reason in platform.deploy(count=1, more=bad, expected="UPDATE_ROLLBACK_COMPLETE")
    platform.deploy(count=1)
    assert client.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []
    platform.checkout.client("ecs").update_service(cluster="cluster", service="service", desiredCount=1)
    until(lambda: platform.is_steady(1))


def test_a_listener_answers_or_fails_and_a_protected_balancer_stays(platform: Platform) -> None:
    kind, answer = "AWS::ElasticLoadBalancingV2::", {"StatusCode": "200", "MessageBody": "all's well"}
    protection = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    listener = {
        "LoadBalancerArn": {"Ref": "Balancer"},
        "Port": 80,
        "Protocol": "HTTP",
        "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": answer}],
    }
    other = {
        "Balancer": {
            "Type": f"{kind}LoadBalancer",
            "Properties": {"Name": "other", "LoadBalancerAttributes": protection},
        },
        "Listener": {"Type": f"{kind}Listener", "Properties": listener},
    }
    assert platform.checkout.stack("listeners", other)["status"] == "CREATE_COMPLETE"
    (balancer,) = platform.checkout.client("elbv2").describe_load_balancers(Names=["other"])["LoadBalancers"]
    assert urlopen(f"http://{balancer['DNSName']}", timeout=PATIENCE).read() == b"all's well"
    listener |= {"Port": 443, "Protocol": "HTTPS"}
    done = platform.checkout.stack("listeners", other)
    assert done["status"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Listener on port 443: the local load balancer speaks HTTP alone, without TLS" in done["reasons"]
    assert urlopen(f"http://{balancer['DNSName']}", timeout=PATIENCE).read() == b"all's well"
    assert platform.ask()[0]
    platform.checkout.client("cloudformation").delete_stack(StackName="listeners")
    done = platform.checkout.settled("listeners")
    assert done["status"] == "DELETE_FAILED"
    assert "cannot be deleted because deletion protection is enabled" in done["reasons"]


def test_a_killed_emulator_is_taken_up_where_it_was(platform: Platform) -> None:
    url, (_, process) = platform.url, platform.ask()
    platform.checkout.end(signal.SIGKILL)
    platform.checkout.start()
    assert not is_alive(process)
    until(lambda: platform.is_steady(1))
    assert platform.url == url
    assert platform.ask()[1] != process
    assert len(platform.checkout.client("ecs").list_tasks(cluster="cluster")["taskArns"]) == 1


def test_a_first_deployment_that_is_killed_is_taken_up(platform: Platform, tmp_path: Path) -> None:
    platform.delete()
    migrated = tmp_path / "migrated"
    body = json.dumps({"Resources": resources(count=1, migrated=str(migrated))})
    stack = platform.checkout.client("cloudformation").create_stack(StackName="it", TemplateBody=body)["StackId"]
    (task,) = until(lambda: platform.checkout.client("ecs").list_tasks(cluster="cluster")["taskArns"])
    state = platform.checkout.state / "state"
    until(lambda: task in (state / "ecs.json").read_text() and stack in (state / "cloudformation.json").read_text())
    platform.checkout.end(signal.SIGKILL)
    platform.checkout.start()
    assert platform.checkout.settled("it")["status"] == "UPDATE_ROLLBACK_COMPLETE"
    migrated.touch()
    platform.deploy(count=1, migrated=str(migrated))
    assert platform.is_steady(1)
    assert platform.ask()[0] == "1"


def test_nothing_outlives_the_emulator_or_the_stack(platform: Platform) -> None:
    _, process = platform.ask()
    platform.checkout.end(signal.SIGTERM)
    assert not is_alive(process)
    platform.checkout.start()
    until(lambda: platform.is_steady(1))
    (_, process), url = platform.ask(), platform.url
    platform.delete()
    assert not is_alive(process)
    with pytest.raises((HTTPError, OSError)):
        urlopen(url, timeout=PATIENCE)


def test_a_first_deployment_that_fails_leaves_nothing(running: Platform) -> None:
    running.delete()  # it has the same names
    said = running.checkout.stack("other", resources(command="crash") | scaled(1, 2))
    assert said["status"] == "ROLLBACK_COMPLETE"
    assert "Essential container in task exited, server with 3" in said["reasons"]
    assert running.checkout.client("ecs").list_services(cluster="cluster")["serviceArns"] == []
    running.checkout.client("cloudformation").delete_stack(StackName="other")
