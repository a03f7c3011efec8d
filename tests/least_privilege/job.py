"""What a job does with AWS, by MLflow's own client in the server's environment: straight to S3, or by the server.

Arguments: `direct` or `proxied`, and the ARNs of the secrets that it reads, as Hydra's jobs do.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
import mlflow
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.tracking import MlflowClient

MIB = 1024**2
LARGE = 9 * MIB  # boto3 sends from 8 MiB on in parts
BROKEN = "broken.bin"  # no part of it is taken


class Twice(mlflow.pyfunc.PythonModel):  # type: ignore[name-defined,misc]
    """A model."""

    def predict(self, context, model_input: list[int]) -> list[int]:  # type: ignore[no-untyped-def]
        return [2 * number for number in model_input]


def artifacts(client: MlflowClient, experiment: str, folder: Path) -> str:
    """Log, list and fetch artifacts small and large, and one that fails; return the run."""
    run: str = client.create_run(experiment).info.run_id
    for name, size in (("small.txt", 5), ("large.bin", LARGE), (BROKEN, LARGE)):
        (folder / name).write_bytes(b"x" * size)
    client.log_artifact(run, str(folder / "small.txt"), "some/where")
    client.log_artifact(run, str(folder / "large.bin"))
    try:
        client.log_artifact(run, str(folder / BROKEN))
    except Exception as error:
        print(type(error).__name__, file=sys.stderr)
    else:
        raise AssertionError(f"{BROKEN} was taken")
    assert [found.path for found in client.list_artifacts(run)] == ["large.bin", "some"]
    assert Path(client.download_artifacts(run, "large.bin")).stat().st_size == LARGE
    assert Path(client.download_artifacts(run, "some/where/small.txt")).read_bytes() == b"xxxxx"
    return run


def direct(client: MlflowClient, folder: Path) -> list[str]:
    """Two experiments, and a model in one of them."""
    made = [artifacts(client, client.create_experiment(name), folder) for name in ("one", "other")]
    with mlflow.start_run(run_id=made[0]):
        logged = mlflow.pyfunc.log_model(name="model", python_model=Twice(), pip_requirements=[])
    assert mlflow.pyfunc.load_model(logged.model_uri).predict([1, 2]) == [2, 4]
    return made


def proxied(client: MlflowClient, folder: Path) -> list[str]:
    """An experiment of a server that artifacts pass through, in parts where they are large, and a deletion."""
    os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD"] = "true"
    os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"] = "true"
    for name, size in (("UPLOAD_MINIMUM_FILE_SIZE", 8), ("UPLOAD_CHUNK_SIZE", 5), ("DOWNLOAD_MINIMUM_FILE_SIZE", 8)):
        os.environ[f"MLFLOW_MULTIPART_{name}"] = str(size * MIB)
    experiment = client.create_experiment("by the server", artifact_location="mlflow-artifacts:/by-the-server")
    run = artifacts(client, experiment, folder)
    store = get_artifact_repository(client.get_run(run).info.artifact_uri)
    store.delete_artifacts("some")
    assert client.list_artifacts(run, "some/where") == []
    return [run]


if __name__ == "__main__":
    way, *secrets = sys.argv[1:]
    for secret in secrets:
        boto3.client("secretsmanager").get_secret_value(SecretId=secret)
    with TemporaryDirectory() as folder:
        print(*{"direct": direct, "proxied": proxied}[way](MlflowClient(), Path(folder)))
