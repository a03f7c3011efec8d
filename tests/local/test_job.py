"""A job of Hydra's on the whole platform: by the queue's name, into the job table and to MLflow."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.local.checkout import until
from tests.local.harness import Platform

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("platform")]

QUEUE = "hydra-ml-queue"

# What Hydra's job container does, with nothing but what a job finds around it and what its client passes on.
PROGRAM = """
import os, boto3, mlflow, pymysql

secrets = boto3.client("secretsmanager")
names = ("USERNAME_SECRET", "PASSWORD_SECRET")
user, password = (secrets.get_secret_value(SecretId=os.environ[name])["SecretString"] for name in names)
job = os.environ["AWS_BATCH_JOB_ID"]
with pymysql.connect(
    host=os.environ["JOB_DB_HOST"],
    port=int(os.environ["JOB_DB_PORT"]),
    user=user,
    password=password,
    database=os.environ["JOB_DB_NAME"],
    ssl_ca=os.environ["DB_CA_FILE"],
    ssl_verify_identity=True,
) as connection:
    connection.cursor().execute(
        "INSERT INTO job (type_id, name, job_uuid, args) VALUES (3, 'training', %s, JSON_OBJECT('alpha', 0.1))", [job]
    )
    connection.commit()

mlflow.set_experiment("jobs")
with mlflow.start_run(run_name=job):
    mlflow.log_param("alpha", 0.1)
    mlflow.log_metric("loss", 0.5)
    mlflow.log_text("learned", "notes.txt")
print("done")
"""


def test_a_job_writes_into_the_job_table_and_logs_a_run(platform: Platform) -> None:
    batch, outputs = platform.client("batch"), platform.outputs()
    database = platform.database("batch")
    environment = {
        "USERNAME_SECRET": outputs["UsernameSecret"],
        "PASSWORD_SECRET": outputs["PasswordSecret"],
        "JOB_DB_HOST": database["Endpoint"]["Address"],
        "JOB_DB_PORT": str(database["Endpoint"]["Port"]),
        "JOB_DB_NAME": database["DBName"],
        "MLFLOW_TRACKING_URI": outputs["TrackingUri"],
    }
    container = {
        "image": "hydra",
        "command": ["python", "-c", PROGRAM],
        "environment": [{"name": name, "value": value} for name, value in environment.items()],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}],
    }
    batch.register_job_definition(jobDefinitionName="training", type="container", containerProperties=container)
    submitted = batch.submit_job(jobName="training", jobQueue=QUEUE, jobDefinition="training")["jobId"]

    def ended() -> dict[str, str] | None:
        (job,) = batch.describe_jobs(jobs=[submitted])["jobs"]
        return job if job["status"] in ("SUCCEEDED", "FAILED") else None

    job = until(ended, "the end of the job")
    stream = {"logGroupName": "/aws/batch/job", "logStreamName": job["container"]["logStreamName"]}
    said = [event["message"] for event in platform.client("logs").get_log_events(**stream)["events"]]
    assert job["status"] == "SUCCEEDED", said
    assert said[-1] == "done"
    assert platform.rows(f"SELECT name, args FROM hydra.job WHERE job_uuid = '{submitted}'") == [
        ["training", '{"alpha": 0.1}']
    ]
    run = logged(outputs["TrackingUri"], submitted)
    assert run["params"] == [{"key": "alpha", "value": "0.1"}]
    assert [(metric["key"], metric["value"]) for metric in run["metrics"]] == [("loss", 0.5)]


def logged(tracking_uri: str, name: str) -> dict[str, Any]:
    """Return what MLflow has of the run of this name."""
    api = f"{tracking_uri}/api/2.0/mlflow"
    experiment = requests.get(f"{api}/experiments/get-by-name", {"experiment_name": "jobs"}, timeout=60).json()
    asked = {
        "experiment_ids": [experiment["experiment"]["experiment_id"]],
        "filter": f"attributes.run_name = '{name}'",
    }
    (run,) = requests.post(f"{api}/runs/search", json=asked, timeout=60).json()["runs"]
    (artifact,) = requests.get(f"{api}/artifacts/list", {"run_id": run["info"]["run_id"]}, timeout=60).json()["files"]
    assert artifact["path"] == "notes.txt"
    return dict(run["data"])
