"""A whole run: on a proper account, on one where much is wrong, and what it asks of AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from moto import settings

from commands.__main__ import main
from commands.preflight import outcomes
from tests.commands.preflight.account import Network
from tests.commands.preflight.conftest import Project, allow
from tests.emitted import WHOLE

pytestmark = pytest.mark.slow

Run = Callable[[], tuple[int, list[str], str]]


@pytest.fixture
def run(project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`python -m commands preflight`: exit status, the lines that it said, and the one of its error."""

    def once() -> tuple[int, list[str], str]:
        monkeypatch.chdir(project.configuration.path.parent)
        capsys.readouterr()
        status = main(["preflight"])
        said, error = capsys.readouterr()
        return status, said.splitlines(), error

    return once


def test_a_proper_account_is_well_and_each_check_says_so(run: Run) -> None:
    status, said, error = run()
    assert (status, error) == (0, "")
    assert said[0] == "Checking what hydra needs, some 10 s; nothing is changed"
    assert {line[:9] for line in said[1:-1]} == {"ok       "}
    assert said[-1] == f"{len(said) - 2} ok, 0 warning, 0 fault"


@pytest.mark.parametrize("system", ["batch", "mlflow", "artifacts", "endpoints"])
def test_each_system_alone_is_asked_what_it_has(run: Run, project: Project, network: Network, system: str) -> None:
    project.build(system=system)
    if system != "batch":
        del project.parameters["LambdaSubnets"], project.parameters["ComputeEnvironmentSubnets"]
    if system != "mlflow":
        del project.parameters["LbSubnets"], project.parameters["EcsServiceSubnets"]
    if system == "endpoints":
        project.parameters = network.parameters_of_endpoints()
    if system == "artifacts":
        project.parameters.clear()
    status, said, _ = run()
    checks = {line[9:31].strip() for line in said[1:-1]}
    assert (status, {line[:9] for line in said[1:-1]}) == (0, {"ok       "})
    assert ("image" in checks, "instance types" in checks) == (system == "mlflow", system == "batch")
    assert ("VPC" in checks) == (system != "artifacts")


def test_every_fault_is_told_at_once_with_its_fix(run: Run, project: Project, network: Network) -> None:
    network.close()
    network.ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsHostnames={"Value": False})
    project.give(
        MlflowDbEngineVersion="8.4.1", CertificateArn="arn:aws:acm:eu-west-1:1:certificate/x", LbSecurityGroups="sg-1"
    )
    status, said, error = run()
    bad = [line for line in said if line.startswith("fault")]
    assert status == 1
    assert error == f"{len(bad)} of these would fail a deploy: each says how to mend it\n"
    assert {line[9:31].strip() for line in bad} == {"VPC", "routes", "certificate", "databases", "what is given"}
    assert all("; fix: " in line for line in bad)


def test_nothing_is_changed(run: Run, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """And each API is read by these verbs alone, whatever is asked for."""
    asked: set[str] = set()
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def recorded(self: Any, operation: str, arguments: Any) -> Any:
        asked.add(f"{self.meta.service_model.service_name}:{operation}")
        return call(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    project.build(WHOLE)
    project.give(
        HostedZoneId="Z1",
        DomainName="a.b",
        ExistingContainerRepository="x",
        ExistingArtifactStore="x",
        BatchDbSnapshotIdentifier="x",
        ImageTag="x",
        CertificateArn="arn:aws:acm:us-east-1:123456789012:certificate/x",
        PermissionsBoundary="arn:aws:iam::aws:policy/x",
        MlflowExistingUsernameSecret="arn:aws:secretsmanager:us-east-1:123456789012:secret:x",
    )
    run()
    assert len(asked) > 25
    assert {
        one for one in asked if not one.partition(":")[2].startswith(("Describe", "List", "Get", "Simulate", "Head"))
    } == set()


def test_what_may_not_be_looked_at_is_a_warning_that_names_the_permission(
    account: boto3.Session, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(account, "sts:*", "iam:*")
    monkeypatch.setattr(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
    found = list(outcomes(project.configuration))
    said = {one.check: one.said for one in found if one.level == "warning"}
    assert said["stack"] == "hydra: not checked: it takes the permission cloudformation:DescribeStacks"
    assert said["VPC"] == "not checked: it takes the permission ec2:DescribeVpcs"
    assert said["databases"].endswith("not checked: it takes the permission rds:DescribeOrderableDBInstanceOptions")
    assert said["quotas"].startswith("stacks: not checked: ")
    assert said["names"].endswith("not checked: it takes the permission ssm:DescribeParameters")
    assert {one.check for one in found if one.level == "fault"} == {"permissions"}


def test_what_an_endpoint_does_not_know_is_a_warning(
    account: boto3.Session, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("moto.iam.responses.IamResponse.simulate_principal_policy")
    found = list(outcomes(project.configuration))
    assert {one.said for one in found if one.check == "permissions"} == {
        "not checked: iam does not answer simulate_principal_policy here"
    }
    assert {one.level for one in found} == {"ok", "warning"}


def test_nobody_is_one_fault(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    status, said, _ = run()
    assert status == 1
    assert said[1].startswith("fault    identity              Unable to locate credentials; fix: log in (aws configure")
