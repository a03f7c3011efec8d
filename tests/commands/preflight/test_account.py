"""An account in which a deploy would fail: identity, permissions, roles, quotas, the stack, limits of templates."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from moto.cloudformation.models import cloudformation_backends
from moto.servicequotas.models import VPC_DEFAULT_QUOTAS, ServiceQuotasBackend

from commands.preflight import limits
from commands.way_on import DEAD_ENDS
from tests.commands.preflight import conftest
from tests.commands.preflight.conftest import Fault, Found, Project, allow
from tests.emitted import DEFAULT, WHOLE, with_batch

pytestmark = pytest.mark.slow

ROLE = "arn:aws:iam::{account}:role/deployer"


def account_of(session: boto3.Session) -> str:
    return session.client("sts").get_caller_identity()["Account"]


def test_what_the_identity_may_not_make(account: boto3.Session, project: Project, found: Found) -> None:
    """Such as PowerUserAccess, which has all but IAM."""
    services = {"batch", "ecs", "ec2", "rds", "s3", "ecr", "elasticloadbalancing", "cloudformation", "lambda", "ssm"}
    services |= {"secretsmanager", "logs", "application-autoscaling", "sts"}
    allow(account, *(f"{service}:*" for service in services), "iam:List*", "iam:Get*", "iam:SimulatePrincipalPolicy")
    role = ROLE.format(account=account_of(account))
    faults = [one for one in found("permissions") if one.level == "fault"]
    assert {one.said.split(",")[0] for one in faults} == {
        f"{role} may not iam:{action}" for action in ("CreateRole", "CreateInstanceProfile", "CreatePolicy")
    }
    assert faults[0].fix.startswith("attach a policy that allows it, or deploy by a role that may")
    (further,) = (one.said for one in found("permissions") if one.level == "warning")
    assert "iam:PassRole" in further


def test_an_action_that_iam_does_not_know_hides_none_that_matters(
    account: boto3.Session, found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conftest, "UNKNOWN", {"iam:UntagRole"})
    allow(account, "iam:Get*", "iam:SimulatePrincipalPolicy")
    assert any("may not iam:CreateRole, which" in one.said for one in found("permissions"))


def test_a_policy_that_names_the_stack_is_enough(account: boto3.Session, found: Found) -> None:
    allow(account, "*", resource="arn:aws:*hydra*")
    said = [one.said for one in found("permissions") if one.level == "fault"]
    assert not [one for one in said if "rds:CreateDBInstance" in one or "iam:CreateRole" in one]
    assert [one for one in said if "batch:CreateJobQueue" in one]  # by no name that is known


def test_each_type_has_an_action_that_makes_it(account: boto3.Session, project: Project, found: Found) -> None:
    project.build(WHOLE)
    project.give(CertificateArn="arn:x", HostedZoneId="Z1")
    allow(account, "iam:SimulatePrincipalPolicy", "iam:GetRole")
    makes = {one.said.split()[3].rstrip(",") for one in found("permissions") if one.level == "fault"}
    verbs = ("Create", "Put", "Register", "Authorize", "Change", "Invoke")
    assert len(makes) == 33
    assert all(action.partition(":")[2].startswith(verbs) for action in makes)
    assert makes > {"elasticloadbalancing:CreateRule", "iam:CreatePolicy", "lambda:InvokeFunction"}


def test_the_role_of_the_stack_counts_where_there_is_one(
    account: boto3.Session, project: Project, found: Found
) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    other = account.client("iam").create_role(RoleName="cfn", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    project.settings += f'role_arn = "{other}"\n'
    assert all(one.said.startswith(f"{other} may not") for one in found("permissions"))


def test_a_new_account_has_no_role_of_ecs(account: boto3.Session, fault: Fault) -> None:
    """P33."""
    iam = account.client("iam")
    (role,) = iam.list_roles(PathPrefix="/aws-service-role/")["Roles"]
    iam.delete_role(RoleName=role["RoleName"])
    one = fault("service-linked roles")
    assert one.said == "AWSServiceRoleForECS is missing, and is not made in time"
    assert one.fix == "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com"


def test_roles_that_make_themselves_do_so_for_whoever_may(account: boto3.Session, found: Found) -> None:
    account.client("iam").create_service_linked_role(AWSServiceName="rds.amazonaws.com")
    allow(account, "iam:List*", "iam:Get*", "iam:SimulatePrincipalPolicy")
    faults = {one.said.split()[0]: one.fix for one in found("service-linked roles") if one.level == "fault"}
    assert faults["AWSServiceRoleForBatch"] == (
        "aws iam create-service-linked-role --aws-service-name batch.amazonaws.com, by one that may"
    )
    assert len(faults) == 3


def test_spot_takes_a_role_of_its_own(project: Project, fault: Fault) -> None:
    project.build(with_batch(DEFAULT, compute_environments=WHOLE.batch.compute_environments[:2]))
    assert fault("service-linked roles").said.startswith("AWSServiceRoleForEC2Spot is missing")


def test_a_51st_job_queue_is_one_too_many(account: boto3.Session, fault: Fault) -> None:
    """P60."""
    batch = account.client("batch")
    environment = batch.create_compute_environment(
        computeEnvironmentName="other", type="UNMANAGED", serviceRole=ROLE.format(account=account_of(account))
    )["computeEnvironmentArn"]
    for number in range(49):
        batch.create_job_queue(
            jobQueueName=f"queue-{number}",
            priority=1,
            state="ENABLED",
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}],
        )
    one = fault("quotas")
    assert one.said == "job queues: 49 are there, 2 come, 50 are allowed in us-east-1"
    assert one.fix.startswith("it cannot be raised: ")


def test_a_quota_is_the_accounts_own(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    (quota,) = (quota for quota in VPC_DEFAULT_QUOTAS if quota["QuotaCode"] == "L-E79EC296")
    monkeypatch.setitem(quota, "Value", 5.0)
    one = fault("quotas")
    assert one.said == "security groups: 2 are there, 6 come, 5 are allowed in us-east-1"
    assert one.fix.endswith("--service-code vpc --quota-code L-E79EC296 --desired-value 8")


def test_a_new_account_has_no_gpus(found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    """P09. moto knows the quotas of VPCs alone."""
    codes: list[str] = []

    def none_of_gpus(_: Any, service_code: str, quota_code: str) -> dict[str, Any]:
        codes.append(quota_code)
        return {"Value": 0.0 if quota_code == "L-DB2E81BA" else 32.0}

    monkeypatch.setattr(ServiceQuotasBackend, "get_service_quota", none_of_gpus)
    (one,) = found("vCPU quotas")
    assert one.level == "warning"
    assert one.said.startswith("Batch/Batch/GpuComputeEnvironment: this account may run no vCPU of g5")
    assert codes == ["L-1216C47A", "L-DB2E81BA"]


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"])
def test_a_stack_in_a_dead_end(account: boto3.Session, fault: Fault, status: str) -> None:
    """P62. moto makes all of a stack or nothing, so that this one is told so."""
    body = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    account.client("cloudformation").create_stack(StackName="hydra", TemplateBody=json.dumps(body))
    (stack,) = cloudformation_backends[account_of(account)]["us-east-1"].stacks.values()
    stack.status = status
    one = fault("stack")
    assert one.said == f"hydra is in {status}"
    assert one.fix == DEAD_ENDS[status].format(name="hydra")


def test_a_template_over_cloudformations_limits(found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    """P41. The real ones take too long to exceed: they are 500 and a megabyte."""
    monkeypatch.setitem(limits.COUNTS, "Resources", 9)
    monkeypatch.setattr(limits, "BYTES", 40_000)
    said = {one.said.partition(",")[0] for one in found("template limits")}
    assert "Mlflow has 10 resources" in said
    assert any(one.startswith("the root has ") and "bytes" in one for one in said)
