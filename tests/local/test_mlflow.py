"""MLflow's own client through the load balancer of the whole platform: what it makes is in the bucket and in MySQL."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from local.emulator import REGION
from local.programs import mysql
from tests.local.harness import Platform, query
from tests.mlflow_container.harness import PYTHON

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("platform")]

CLIENT = "tests/mlflow_container/client.py"


def test_a_client_finds_what_it_made(platform: Platform) -> None:
    """An experiment by name from code, runs, a registered model, traces: read back by the client itself."""
    outputs = platform.outputs()
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "local")
    where = {"AWS_ENDPOINT_URL": platform.address, "AWS_DEFAULT_REGION": REGION}
    variables = {**os.environ, **keys, **where, "MLFLOW_TRACKING_URI": outputs["TrackingUri"]}
    line = [str(PYTHON), str(platform.folder / CLIENT), "through the balancer"]
    done = subprocess.run(line, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout.splitlines()[-1])
    bucket, _, prefix = made["artifact_uri"].removeprefix("s3://").partition("/")
    assert (bucket, prefix.split("/")[0]) == (outputs["S3Bucket"], platform.parameters()["S3BucketFolder"])
    listed = platform.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/some/where/")["Contents"]
    assert [entry["Key"] for entry in listed] == [f"{prefix}/some/where/file.txt"]
    database = platform.database("mlflow")
    sql = f"SELECT name FROM {database['DBName']}.runs WHERE run_uuid = '{made['run_id']}'"
    found = query(mysql(), platform.state / "ca.pem", database, credentials(platform), sql)
    assert (found.returncode, found.stdout) == (0, "parent\n"), found.stderr


def credentials(platform: Platform) -> tuple[str, str]:
    """Return MLflow's user and password of its database, out of the nested stack that made them."""
    stacks = platform.client("cloudformation").describe_stacks()["Stacks"]
    (secrets,) = (stack for stack in stacks if re.match("hydra-Mlflow-.*-Secrets-", stack["StackName"]))
    outputs = {output["OutputKey"]: output["OutputValue"] for output in secrets["Outputs"]}
    manager = platform.client("secretsmanager")
    user, password = (
        manager.get_secret_value(SecretId=outputs[name])["SecretString"] for name in ("UsernameArn", "PasswordArn")
    )
    return user, password
