"""A task of the local ECS is its containers as processes, in order, with what its definition says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.checkout import Checkout, is_alive, until
from tests.local.containers import container, definition, described, emulator, log, stopped

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ecs")]

AFTER = [{"ContainerName": "migrate", "Condition": "SUCCESS"}]
PORT = [{"ContainerPort": 5000, "Protocol": "tcp"}]


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    with emulator(NOT_FOR_CONTAINERS="secret", DB_CA_FILE="/ca.pem") as checkout:
        server = container("server", "server", environment={"VERSION": "1"}, DependsOn=AFTER, PortMappings=PORT)
        done = checkout.stack("tasks", definition(container("migrate", "migrate", Essential=False), server))
        assert done["status"] == "CREATE_COMPLETE", done["reasons"]
        yield checkout


def run(checkout: Checkout, *overrides: dict[str, Any]) -> str:
    """Run the task, with overrides of containers, and return its ARN."""
    request = {"cluster": "cluster", "taskDefinition": "task", "launchType": "FARGATE"}
    (task,) = checkout.client("ecs").run_task(**request, overrides={"containerOverrides": list(overrides)})["tasks"]
    return str(task["taskArn"])


def command(name: str, *words: str, **environment: str) -> dict[str, Any]:
    pairs = [{"name": key, "value": value} for key, value in environment.items()]
    return {"name": name, "command": list(words), "environment": pairs}


def exit_codes(task: dict[str, Any]) -> dict[str, int | None]:
    return {container["name"]: container.get("exitCode") for container in task["containers"]}


def status(checkout: Checkout, task: str) -> str:
    return str(described(checkout, task)["lastStatus"])


def test_containers_run_in_the_order_of_their_dependencies(checkout: Checkout) -> None:
    task = run(checkout)
    until(lambda: status(checkout, task) == "RUNNING")
    until(lambda: log(checkout, task, "server") == ["serving"])
    (said,) = log(checkout, task, "migrate")
    assert said.startswith("migrate as sesame in ")
    assert exit_codes(described(checkout, task)) == {"migrate": 0, "server": None}
    checkout.client("ecs").stop_task(cluster="cluster", task=task, reason="enough")
    found = stopped(checkout, task)
    assert (found["stopCode"], found["stoppedReason"]) == ("UserInitiated", "enough")
    assert exit_codes(found) == {"migrate": 0, "server": 0}
    until(lambda: log(checkout, task, "server") == ["serving", "served all"])


def test_a_failed_dependency_fails_the_task_before_its_server_starts(checkout: Checkout) -> None:
    task = run(checkout, {"name": "migrate", "environment": [{"name": "MIGRATE_EXIT", "value": "4"}]})
    found = stopped(checkout, task)
    assert found["stopCode"] == "TaskFailedToStart"
    assert found["stoppedReason"].endswith("container server needs SUCCESS of migrate, which exited with 4")
    assert exit_codes(found) == {"migrate": 4, "server": None}


def test_overrides_and_the_environment_of_this_machine_reach_a_container(checkout: Checkout) -> None:
    task = run(checkout, command("server", "environment", VERSION="of the override"))
    assert exit_codes(stopped(checkout, task)) == {"migrate": 0, "server": 0}
    lines = until(lambda: (said := log(checkout, task, "server")) and said[-1] == "end" and said)
    said = dict(line.partition("=")[::2] for line in lines)
    expected = {
        "VERSION": "of the override",
        "OF_THE_IMAGE": "yes",
        "SECRET": "sesame",
        "HOST": "127.0.0.1",
        "DB_CA_FILE": "/ca.pem",
        "AWS_ENDPOINT_URL": checkout.url,
        "MLFLOW_S3_ENDPOINT_URL": checkout.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_REGION": "eu-west-1",
    }
    assert expected.items() <= said.items()
    assert said["PORT"] != "5000"
    assert "NOT_FOR_CONTAINERS" not in said


def test_an_essential_container_ends_its_task(checkout: Checkout) -> None:
    found = stopped(checkout, run(checkout, command("server", "crash")))
    assert (found["stopCode"], exit_codes(found)["server"]) == ("EssentialContainerExited", 3)


def test_a_container_that_hears_no_sigterm_is_killed_with_all_that_it_started(checkout: Checkout) -> None:
    resources = definition(container("server", "deaf", StopTimeout=1))
    resources["Task"]["Properties"]["Family"] = "deaf"
    del resources["Cluster"], resources["Logs"]
    for part in resources["Task"]["Properties"]["ContainerDefinitions"]:
        part["LogConfiguration"]["Options"]["awslogs-group"] = "tasks"
    assert checkout.stack("deaf", resources)["status"] == "CREATE_COMPLETE"
    ecs = checkout.client("ecs")
    (started,) = ecs.run_task(cluster="cluster", taskDefinition="deaf", launchType="FARGATE")["tasks"]
    task = started["taskArn"]
    child = int(until(lambda: log(checkout, task, "server"))[0].split()[1])
    assert is_alive(child)
    ecs.stop_task(cluster="cluster", task=task)
    assert exit_codes(stopped(checkout, task)) == {"server": 137}
    until(lambda: not is_alive(child))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"image": "registry.example/mlflow:unknown"}, "CannotPullContainerError: .*mlflow:unknown: not found"),
        (
            {"secrets": [{"name": "SECRET", "valueFrom": "arn:aws:secretsmanager:eu-west-1:000000000000:secret:none"}]},
            "ResourceInitializationError: unable to pull secrets .*secret:none",
        ),
        (
            {
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "none", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "it"},
                }
            },
            "ResourceInitializationError: .*The specified log group does not exist: none",
        ),
    ],
    ids=["image", "secret", "log group"],
)
def test_a_task_that_cannot_start_says_why(checkout: Checkout, change: dict[str, Any], reason: str) -> None:
    ecs = checkout.client("ecs")
    good = {"name": "server", "image": "registry.example/mlflow:known", "command": ["crash"]}
    ecs.register_task_definition(family="bad", containerDefinitions=[{**good, **change}])
    (started,) = ecs.run_task(cluster="cluster", taskDefinition="bad", launchType="FARGATE")["tasks"]
    found = stopped(checkout, started["taskArn"])
    assert found["stopCode"] == "TaskFailedToStart"
    assert re.search(reason, found["stoppedReason"])
