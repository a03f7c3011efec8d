"""A client's work, by MLflow's own client in the server's environment; each thing is read back. Prints what it made.

Briefly, it leaves models out.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient

NAME = sys.argv[1]


def runs(client: MlflowClient, folder: Path) -> str:
    """An experiment by name, nested runs, metrics, a batch, artifacts, search."""
    experiment = mlflow.set_experiment(NAME)
    with mlflow.start_run(run_name="parent") as parent:
        mlflow.log_param("rate", 0.1)
        for step in range(3):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        with mlflow.start_run(run_name="child", nested=True) as child:
            mlflow.set_tag("note", "größer")
        (folder / "file.txt").write_text("what was written")
        mlflow.log_artifact(str(folder / "file.txt"), "some/where")
        mlflow.log_dict({"a": [1, 2]}, "dict.json")
    parent_id, child_id = parent.info.run_id, child.info.run_id
    client.log_batch(child_id, [Metric(f"m{n}", n, 1, 0) for n in range(500)], [Param("p", "1")], [RunTag("t", "tag")])
    assert [metric.value for metric in client.get_metric_history(parent_id, "loss")] == [1, 1 / 2, 1 / 3]
    read = client.get_run(child_id).data
    assert (len(read.metrics), read.metrics["m499"], read.params, read.tags["t"]) == (500, 499, {"p": "1"}, "tag")
    assert (read.tags["note"], read.tags["mlflow.parentRunId"]) == ("größer", parent_id)
    found = client.search_runs([experiment.experiment_id], "metrics.loss < 0.4 and params.rate = '0.1'")
    assert [run.info.run_id for run in found] == [parent_id]
    assert [entry.path for entry in client.list_artifacts(parent_id)] == ["dict.json", "some"]
    downloaded = mlflow.artifacts.download_artifacts(run_id=parent_id, artifact_path="some/where/file.txt")
    assert Path(downloaded).read_text() == "what was written"
    assert client.search_experiments(filter_string=f"name = '{NAME}'")[0].experiment_id == experiment.experiment_id
    return parent_id


def registry(client: MlflowClient, run_id: str) -> None:
    """A model: logged, registered, given an alias, loaded."""

    class Twice(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input: list[int]) -> list[int]:
            return [2 * number for number in model_input]

    with mlflow.start_run(run_id=run_id):
        logged = mlflow.pyfunc.log_model(name="model", python_model=Twice(), pip_requirements=[])
    version = mlflow.register_model(logged.model_uri, f"{NAME}-model")
    client.set_registered_model_alias(version.name, "best", version.version)
    client.set_model_version_tag(version.name, version.version, "by", "test")
    assert client.get_model_version_by_alias(version.name, "best").version == version.version
    assert mlflow.pyfunc.load_model(f"models:/{version.name}@best").predict([1, 2]) == [2, 4]
    assert [found.name for found in client.search_registered_models(f"name = '{version.name}'")] == [version.name]


def traces(client: MlflowClient) -> None:
    """A trace with a span in a span."""

    @mlflow.trace
    def inner(number: int) -> int:
        return number + 1

    @mlflow.trace
    def outer(number: int) -> int:
        return inner(number) * 2

    outer(1)
    mlflow.flush_trace_async_logging()
    experiment = client.get_experiment_by_name(NAME)
    (found,) = client.search_traces(locations=[experiment.experiment_id])
    assert [span.name for span in found.data.spans] == ["outer", "inner"]
    assert found.data.spans[0].outputs == 4


def older(client: MlflowClient, folder: Path) -> None:
    """An experiment of a server that had artifacts pass through it."""
    experiment = client.create_experiment(f"{NAME}-older", artifact_location=f"mlflow-artifacts:/{NAME}")
    run = client.create_run(experiment)
    client.log_artifact(run.info.run_id, str(folder / "file.txt"))
    assert Path(client.download_artifacts(run.info.run_id, "file.txt")).read_text() == "what was written"


if __name__ == "__main__":
    client = MlflowClient()
    with TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = folder
        run_id = runs(client, Path(folder))
        traces(client)
        if "--briefly" not in sys.argv:
            registry(client, run_id)
            older(client, Path(folder))
    about = client.get_run(run_id).info
    made = {"run_id": run_id, "experiment_id": about.experiment_id, "artifact_uri": about.artifact_uri}
    print(json.dumps(made))
