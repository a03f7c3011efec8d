"""Whom MLflow is reached by, and what a deployment refuses that would have it reached by more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from templates_py.review.functions import FUNCTIONS
from templates_py.review.mutation.shapes import CERTIFICATE
from templates_py.review.relations.view import BALANCER, SERVICE, groups_of, job_groups, of, ways
from templates_py.review.transitions import templates
from templates_py.review.tree import defaults, flatten
from templates_py.settings import Mlflow, Settings
from tests.emitted import DEFAULT, Body, emitted, with_mlflow

ROOTS = ["template", "mlflow/template"]
BLOCKS = ["192.0.2.0/24", "2001:db8::/32"]
GIVEN = CERTIFICATE["CertificateArn"]


def value(node: Any, parameters: Body) -> Any:
    """What a rule's expression is where these are the parameters."""
    if isinstance(node, list):
        return [value(one, parameters) for one in node]
    if not isinstance(node, dict):
        return node
    ((name, below),) = node.items()
    given = value(below, parameters)
    if name == "Fn::Contains":
        return given[1] in given[0]
    return parameters[below] if name == "Ref" else FUNCTIONS[name](given)


def refusals(body: Body, *names: str, **given: str) -> Iterator[str]:
    """What those of the rules of a root say that a deployment breaks, which gives what it must."""
    parameters = {name: row.get("Default", "") for name, row in body["Parameters"].items()} | given
    for name in names:
        for assertion in body["Rules"][name]["Assertions"]:
            if value(assertion["Assert"], parameters) is not True:
                yield assertion["AssertDescription"]


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("auth", ["none", "basic", "oidc"])
def test_an_internet_facing_balancer_is_refused_without_a_certificate_or_without_users(root: str, auth: str) -> None:
    """The settings refuse the second (tests/bad_settings.txt); a template that was made past them does too."""
    body = emitted(with_mlflow(internet_facing=True, auth=auth))[root]
    users = ['An internet-facing load balancer needs auth = "basic" or "oidc"'] if auth == "none" else []
    both = ("InternetHasCertificate", "InternetHasUsers")
    plain = ["An internet-facing load balancer needs CertificateArn"]
    assert list(refusals(body, *both)) == plain + users
    assert list(refusals(body, *both, CertificateArn=GIVEN)) == users


@pytest.mark.parametrize("root", ROOTS)
def test_an_internal_one_takes_either(root: str) -> None:
    rules = emitted()[root]["Rules"]
    assert [name for name in rules if name.startswith("Internet")] == []


def test_an_internet_facing_one_is_open_to_nobody_who_was_not_named() -> None:
    """Not to the internet, before somebody says that block."""
    assert Settings().mlflow.cidr_blocks == Mlflow(internet_facing=True, auth="basic").cidr_blocks == ["10.0.0.0/8"]


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("certificate", [{}, CERTIFICATE])
@pytest.mark.parametrize("facing", [False, True])
@pytest.mark.parametrize("auth", ["none", "basic", "oidc"])
def test_mlflow_is_reached_from_the_blocks_and_by_the_jobs_alone(
    root: str, certificate: dict[str, str], facing: bool, auth: str
) -> None:
    """In each shape: the balancer by those, at its listeners' ports, and the tasks by the balancer."""
    settings = with_mlflow(DEFAULT, cidr_blocks=BLOCKS, internet_facing=facing, auth=auth)
    made = templates(settings, None if root == "template" else "mlflow")
    tree = flatten(made, root, {**defaults(made, root), "ImageTag": "1", **certificate})
    balancer, service = (of(tree, kind)[0] for kind in (BALANCER, SERVICE))
    inward = [way for way in ways(tree) if way.inward]
    into_balancer = [way for way in inward if way.group in groups_of(balancer)]
    ports = {"80", "443"} if certificate else {"80"}
    jobs = job_groups(tree) if root == "template" else set()
    assert {(way.block, *way.ports) for way in into_balancer if way.block} == {
        (block, port, port) for block in BLOCKS for port in ports
    }
    assert {way.peer for way in into_balancer if not way.block} == jobs
    assert {way.protocol for way in into_balancer} == {"tcp"}
    into_tasks = [way for way in inward if way.group in groups_of(service)]
    assert {(way.peer, way.block) for way in into_tasks} == {(group, "") for group in groups_of(balancer)}
