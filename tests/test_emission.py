"""From stacks to files: the same bytes everywhere, all of them or none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from templates_py.emission import BYTES, LimitError, emit, write
from templates_py.settings import ROOT, ComputeEnvironment, JobDefinition, JobQueue
from templates_py.synthesis import stacks, synthesize
from tests.emitted import DEFAULT, WHOLE, emitted, with_batch, with_mlflow


def content(build: Path) -> dict[str, bytes]:
    return {path.relative_to(build).as_posix(): path.read_bytes() for path in build.rglob("*") if path.is_file()}


def test_the_same_settings_give_the_same_bytes_anywhere(tmp_path: Path) -> None:
    for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT), "LC_ALL": "C"}
        command = [sys.executable, "-m", "templates_py", "synth", "--build", str(tmp_path / seed)]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert content(tmp_path / "1") == content(tmp_path / "2")


def test_the_templates_of_the_default_shape(tmp_path: Path) -> None:
    """The picture that README draws; a name more or less is a nested stack more or less."""
    assert sorted(synthesize(DEFAULT, tmp_path)) == [
        "artifacts/template.json",
        "batch/batch.json",
        "batch/lambda.json",
        "batch/lambda_invocation.json",
        "batch/permissions.json",
        "batch/security.json",
        "batch/storage.json",
        "batch/template.json",
        "connection.json",
        "endpoints/template.json",
        "mlflow/autoscaling.json",
        "mlflow/container_repository.json",
        "mlflow/load_balancing.json",
        "mlflow/permissions.json",
        "mlflow/security.json",
        "mlflow/storage.json",
        "mlflow/task_deployment.json",
        "mlflow/template.json",
        "shared/database-snapshot.json",
        "shared/networking-snapshot.json",
        "shared/secrets-snapshot.json",
        "template.json",
    ]


def test_two_deletion_policies_give_two_shared_templates() -> None:
    paths = emitted(with_mlflow(deletion_policy="Retain"))
    assert {"shared/database-snapshot", "shared/database-retain"} <= paths.keys()


def test_a_system_stands_alone() -> None:
    assert "template" not in emitted(DEFAULT, "mlflow")
    both = emitted(DEFAULT)
    for system in ("batch", "mlflow", "artifacts", "endpoints"):
        alone = emitted(DEFAULT, system)
        assert f"{system}/template" in alone
        assert {path: both[path] for path in alone} == alone


def test_what_an_earlier_shape_left_goes(tmp_path: Path) -> None:
    synthesize(WHOLE, tmp_path)
    assert (tmp_path / "batch/job_definitions.json").exists()
    synthesize(DEFAULT, tmp_path)
    assert content(tmp_path) == emit(stacks(DEFAULT), {})


def test_one_system_leaves_the_others_files(tmp_path: Path) -> None:
    synthesize(WHOLE, tmp_path)
    synthesize(DEFAULT, tmp_path, "batch")
    assert not (tmp_path / "batch/job_definitions.json").exists()
    assert (tmp_path / "mlflow/template.json").exists()


def test_a_failing_write_leaves_everything_as_it_was(tmp_path: Path) -> None:
    synthesize(DEFAULT, tmp_path)
    before = content(tmp_path)
    (tmp_path / "zz").write_text("a file where a folder should be")
    with pytest.raises(OSError, match="zz"):
        write({"template.json": b"new", "zz/other.json": b"new"}, tmp_path, [])
    (tmp_path / "zz").unlink()
    assert content(tmp_path) == before


def test_a_template_past_a_limit_is_refused_and_nothing_written(tmp_path: Path) -> None:
    jobs = [JobDefinition(name=f"job-{number}", image="i") for number in range(501)]
    with pytest.raises(LimitError, match=r"batch/job_definitions.json: 501 resources: expected at most 500"):
        synthesize(with_batch(job_definitions=jobs), tmp_path)
    assert content(tmp_path) == {}


def test_a_template_of_too_many_bytes_is_refused() -> None:
    job = JobDefinition(
        name="job", image="i", environment={f"K{number}": "v" * 1000 for number in range(BYTES // 1000)}
    )
    with pytest.raises(LimitError, match=rf"bytes: expected at most {BYTES}"):
        emitted(with_batch(job_definitions=[job]))


def test_batchs_own_limit_fits_into_one_template() -> None:
    envs = [ComputeEnvironment(name=f"env{n}", root_volume_size=30 + n) for n in range(50)]
    queues = [JobQueue(name=f"queue{n}", compute_environment=f"env{n}") for n in range(50)]
    assert len(emitted(with_batch(compute_environments=envs, job_queues=queues))["batch/batch"]["Resources"]) == 151


def test_yaml_says_the_same(tmp_path: Path) -> None:
    synthesize(WHOLE, tmp_path, format="yaml")
    for path, body in emitted(WHOLE).items():
        said = yaml.safe_load((tmp_path / f"{path}.yaml").read_text())
        assert json.dumps(said).replace('.yaml"', '.json"') == json.dumps(body)


def test_another_format_replaces_the_first(tmp_path: Path) -> None:
    synthesize(DEFAULT, tmp_path)
    synthesize(DEFAULT, tmp_path, format="yaml")
    assert {path.rpartition(".")[2] for path in content(tmp_path)} == {"yaml"}


def test_sections_stand_as_people_read_them() -> None:
    body = emitted(WHOLE)["template"]
    assert list(body) == [
        "AWSTemplateFormatVersion",
        "Description",
        "Metadata",
        "Parameters",
        "Rules",
        "Resources",
        "Outputs",
    ]
    assert all(next(iter(made)) == "Type" for made in body["Resources"].values())
