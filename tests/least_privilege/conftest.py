"""One full run of whatever acts by our roles, against a server that enforces their policies, and what it asked."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest

from local.mysql import Server
from templates_py.review.relations.view import SECRET, TASK, containers, customs, environment, of
from tests.functions.harness import Context
from tests.least_privilege.deployment import REGION
from tests.least_privilege.grants import Call
from tests.least_privilege.guard import Guard, guarded
from tests.least_privilege.shapes import DIRECT, OWN, PROXIED, deployment
from tests.mlflow_container.conftest import free_port
from tests.mlflow_container.harness import PYTHON, Entrypoint, Forge, Running, set_up, variables_of
from tests.servers import DATABASES, memory_folder

JOBS_BY_THE_SERVER = "jobs-by-the-server"


@dataclass
class Account:
    """Where the runs are: what guards it, its address, and the secrets that all shapes have, by path."""

    guard: Guard
    address: str
    secrets: dict[str, str] = field(default_factory=dict)

    def keys(self, role: str) -> dict[str, str]:
        """The variables by which a process acts by a role."""
        return {
            "AWS_ACCESS_KEY_ID": role,
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.address,
        }

    def client(self, service: str) -> Any:
        session = boto3.Session("administrator", "x", region_name=REGION)
        return session.client(service, endpoint_url=self.address)

    def asked(self, role: str, shape: str) -> set[Call]:
        """What code of ours asked, in a shape, by a role."""
        return self.guard.asked[JOBS_BY_THE_SERVER if (role, shape) == ("jobs", PROXIED) else role]


@pytest.fixture(scope="session")
def account() -> Iterator[Account]:
    """An account with the buckets and secrets of a deployment, and the policies of its roles in force."""
    with guarded() as (guard, address):
        made = Account(guard, address)
        for bucket in deployment(DIRECT).buckets():
            made.client("s3").create_bucket(Bucket=bucket)
            made.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        for path in {one.path for shape in (DIRECT, OWN, PROXIED) for one in of(deployment(shape).tree, SECRET)}:
            said = made.client("secretsmanager").create_secret(Name=path, SecretString="root")
            made.secrets[path] = said["ARN"]
        direct, proxied = deployment(DIRECT, made.secrets), deployment(PROXIED, made.secrets)
        for role in ("function", "task", "jobs"):
            guard.policies[role] = direct.grants(*direct.roles(role))
        guard.policies[JOBS_BY_THE_SERVER] = proxied.grants(proxied.roles("jobs")[0])
        yield made


@pytest.fixture(scope="session")
def run(account: Account, mysql: Server) -> Iterator[Account]:
    """The account when the function, MLflow's server and both kinds of jobs have done all that they do there."""
    set_up()
    run_function(account, mysql)
    folder = memory_folder()
    try:
        run_mlflow(account, mysql, folder)
        yield account
    finally:
        shutil.rmtree(folder)


def run_function(account: Account, mysql: Server) -> None:
    """The custom resource is made, and goes: the script is put there, run, and taken away."""
    import app  # the function, as Lambda finds it

    made = deployment(DIRECT, account.secrets)
    (custom,) = customs(made.tree)
    database = next(DATABASES)
    assert not mysql.client(f"CREATE DATABASE {database}").returncode
    given = made.value(custom.properties)
    for name, value in (("Username", mysql.user), ("Password", mysql.password)):
        account.client("secretsmanager").put_secret_value(SecretId=given[f"Database{name}Secret"], SecretString=value)
    here = {"DatabaseHostname": mysql.host, "DatabasePort": mysql.port, "DatabaseDefaultName": database}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the keys that it was made with
        for name, value in {**account.keys("function"), "DATABASE_CA_FILE": str(mysql.ca)}.items():
            patch.setenv(name, value)
        for kind in ("Create", "Update", "Delete"):
            event = {"RequestType": kind, "ResourceProperties": {**given, **here}}
            answer = app.lambda_handler(event, Context())
            assert answer["Status"] == "SUCCESS", f"{answer['Reason']}; denied: {account.guard.denied}"
    mysql.client(f"DROP DATABASE {database}")


def run_mlflow(account: Account, mysql: Server, folder: Path) -> None:
    """Jobs log artifacts straight to S3 and by the server, and people look at them on its page."""
    made = deployment(DIRECT, account.secrets)
    (task,) = of(made.tree, TASK)
    root = made.value(environment(containers(task)[1])["ARTIFACT_ROOT"])
    database = next(DATABASES)
    assert not mysql.client(f"CREATE DATABASE {database}").returncode
    more = {"ARTIFACT_ROOT": root, "PORT": free_port(), "TMPDIR": str(folder)}
    variables = {**variables_of(mysql, database), **account.keys("task"), **more}
    with Forge.started(folder) as forge:
        entrypoint = Entrypoint(mysql, database, forge, variables, folder)
        assert entrypoint.migrate().code == 0
        with entrypoint.serving() as server:
            runs = run_job(account, variables, server, "direct", "jobs")
            run_job(account, variables, server, "proxied", JOBS_BY_THE_SERVER)
            use_page(server, runs)
    mysql.client(f"DROP DATABASE {database}")


def run_job(account: Account, variables: dict[str, str], server: Running, way: str, role: str) -> list[str]:
    (custom,) = customs(deployment(DIRECT).tree)
    given = deployment(DIRECT, account.secrets).value(custom.properties)
    secrets = [given[f"Database{name}Secret"] for name in ("Username", "Password")]
    server_at = {"MLFLOW_TRACKING_URI": f"http://localhost:{server.port}", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
    line = [str(PYTHON), str(Path(__file__).with_name("job.py")), way, *secrets]
    environ = {**variables, **account.keys(role), **server_at}
    done = subprocess.run(line, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"denied: {account.guard.denied}; {done.stderr[-2000:]}"
    return done.stdout.splitlines()[-1].split()


def use_page(server: Running, runs: list[str]) -> None:
    """What the page of a run asks of the server: its artifacts, one that is not there, and an upload."""
    for run in runs:
        asked = urlencode({"run_id": run, "path": "some"})
        status, said = server.get(f"/api/2.0/mlflow/artifacts/list?{asked}")
        assert status == 200 and json.loads(said)["files"], said
        asked = urlencode({"run_uuid": run, "path": "some/where/small.txt"})
        assert server.get(f"/get-artifact?{asked}") == (200, b"xxxxx")
    status, said = server.get("/api/2.0/mlflow-artifacts/presigned/nothing.txt")
    assert (status, json.loads(said)["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    asked = urlencode({"run_uuid": runs[0], "path": "uploaded.txt"})
    status, said = server.ask("POST", f"/ajax-api/2.0/mlflow/upload-artifact?{asked}", b"uploaded")
    assert status == 200, said
