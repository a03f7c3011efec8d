"""`make up` in a fresh copy: every stack and resource of the templates, a real database, and nothing to do twice."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from local.programs import mysql
from tests.local.harness import Platform, query

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("platform")]

STACK = "AWS::CloudFormation::Stack"
TRANSFORMED = {"AWS::Serverless::Function": "AWS::Lambda::Function"}


def templates(platform: Platform, path: str = "build/template.json", stack: str = "hydra") -> Iterator[tuple[Any, Any]]:
    """Yield each template of the tree and what CloudFormation lists of its stack."""
    template = json.loads((platform.folder / path).read_text())
    listed = platform.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    yield template, listed
    for resource in listed:
        if resource["ResourceType"] == STACK:
            url = template["Resources"][resource["LogicalResourceId"]]["Properties"]["TemplateURL"]
            below = (platform.folder / path).parent / url
            yield from templates(platform, str(below.relative_to(platform.folder)), resource["PhysicalResourceId"])


def test_every_resource_of_every_template_is_there(platform: Platform) -> None:
    kinds = set()
    for template, listed in templates(platform):
        found = {resource["LogicalResourceId"]: resource["ResourceType"] for resource in listed}
        wanted = {name: resource["Type"] for name, resource in template["Resources"].items()}
        always = {name for name, resource in template["Resources"].items() if "Condition" not in resource}
        assert always <= found.keys() <= wanted.keys()
        assert all(found[name] == TRANSFORMED.get(wanted[name], wanted[name]) for name in found)
        assert {resource["ResourceStatus"] for resource in listed} <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
        assert all(resource["PhysicalResourceId"] for resource in listed)
        kinds |= set(found.values())
    assert len(list(templates(platform))) >= 22
    assert {"AWS::RDS::DBInstance", "AWS::Batch::JobQueue", "AWS::EC2::SecurityGroupIngress", "Custom::DbInit"} <= kinds


def test_outputs_resolve(platform: Platform) -> None:
    template = json.loads((platform.folder / "build/template.json").read_text())
    outputs = platform.outputs()
    assert outputs.keys() == template["Outputs"].keys()
    assert all(value and "${" not in value and "{{" not in value for value in outputs.values())
    assert outputs["UsernameSecret"].startswith("arn:")  # Ref of a secret


def test_the_load_balancer_has_a_bucket_for_its_access_logs_which_lets_it_in(platform: Platform) -> None:
    elb, bucket = platform.client("elbv2"), platform.outputs()["AccessLogBucket"]
    (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
    rows = elb.describe_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"])["Attributes"]
    attributes = {row["Key"]: row["Value"] for row in rows}
    assert (attributes["access_logs.s3.enabled"], attributes["access_logs.s3.bucket"]) == ("true", bucket)
    policy = json.loads(platform.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    arn, account = f"arn:aws:s3:::{bucket}", platform.client("sts").get_caller_identity()["Account"]
    folders = {one["Principal"]["Service"][0]: one["Resource"] for one in policy["Statement"][1:]}
    assert folders == {
        "logdelivery.elasticloadbalancing.amazonaws.com": [
            f"{arn}/{attributes['access_logs.s3.prefix']}/AWSLogs/{account}/*"
        ],
        "logging.s3.amazonaws.com": [f"{arn}/artifact-store/*"],
    }


def test_the_function_made_the_schema_in_the_database(platform: Platform) -> None:
    assert platform.outputs()["LambdaInvocationResponse"].startswith("schema 1: ")
    assert ["job"] in platform.rows("SHOW TABLES FROM hydra")
    assert platform.rows("SELECT current_user()") == [[f"{platform.secret('UsernameSecret')}@%"]]
    assert platform.rows("SHOW STATUS LIKE 'Ssl_cipher'")[0][1].startswith("TLS_")


def test_the_database_speaks_tls_alone_and_says_who_it_is(platform: Platform) -> None:
    (option,) = ["--skip-ssl" if mysql().is_mariadb else "--ssl-mode=DISABLED"]
    assert platform.sql("SELECT 1", option).returncode == 1
    other = {
        **platform.database("batch"),
        "Endpoint": {**platform.database("batch")["Endpoint"], "Address": "127.0.0.2"},
    }
    refused = query(mysql(), platform.state / "ca.pem", other, platform.credentials(), "SELECT 1")
    assert refused.returncode == 1


def test_passwords_are_as_the_templates_want_them(platform: Platform) -> None:
    user, password = platform.credentials()
    assert user.isascii()
    assert user.isalpha()
    assert len(user) == 12
    assert password.isalnum()
    assert len(password) == 32


def test_no_secret_is_said(platform: Platform) -> None:
    password = platform.secret("PasswordSecret")
    said = (
        platform.up() + platform.make("status").stdout + platform.make("logs").stdout + "\n".join(platform.processes())
    )
    said += "".join((platform.state / name).read_text() for name in ("emulator.log", "deploy.log"))
    assert password not in said
    assert password not in json.dumps(platform.outputs())


def test_a_second_time_does_nothing(platform: Platform) -> None:
    def happened() -> list[str]:
        events = platform.client("cloudformation").describe_stack_events(StackName="hydra")["StackEvents"]
        return [event["EventId"] for event in events]

    before, pid = happened(), platform.record["pid"]
    assert "unchanged" in platform.up()
    assert happened() == before
    assert platform.record["pid"] == pid


def test_it_listens_on_this_machine_alone(platform: Platform) -> None:
    """What it listens on is found by its processes."""
    code = (
        "from local import leftovers\n"
        "for process in leftovers.find():\n"
        "    for one in process.net_connections():\n"
        "        if one.status == 'LISTEN' or not one.raddr: print(process.name(), *(one.laddr or ['unix']))\n"
    )
    python = platform.folder / ".local/emulator/bin/python"
    done = subprocess.run([python, "-c", code], cwd=platform.folder, capture_output=True, text=True, check=True)
    heard = [line.split() for line in done.stdout.splitlines()]
    assert len(heard) >= 3
    assert {where for _, where, *_ in heard} == {"127.0.0.1"}


def test_status_and_logs_show_what_there_is(platform: Platform) -> None:
    status = platform.make("status").stdout
    assert "Batch/LambdaInvocation" in status
    assert platform.database("mlflow")["DBInstanceIdentifier"] in status
    assert '"SchemaVersion": 1' in platform.make("logs").stdout
