"""The real image: built by podman and by buildah, and what is in it."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from typing import Any

import pytest

from local import containers
from mlflow_container.builder import Builder
from mlflow_container.image import CA_BUNDLE, ROOT, Image
from tests.images import inspected, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("containers")]

LARGEST = 450  # MB


def test_it_says_what_it_is(built_image: Image, record_property: Any) -> None:
    made = inspected(built_image.name)
    assert made["User"] == "10001:10001"
    assert made["Architecture"] == "amd64"
    assert made["Config"]["Entrypoint"] == ["entrypoint"]
    assert made["Config"]["Cmd"] == ["server"]
    assert made["Labels"]["org.opencontainers.image.version"] == built_image.tag
    assert made["Labels"]["org.opencontainers.image.title"] == "MLflow"
    record_property("megabytes", made["Size"] // 10**6)
    print(f"{built_image.name}: {made['Size'] // 10**6} MB")
    assert made["Size"] < LARGEST * 10**6


def test_it_holds_what_the_server_needs_and_no_more(built_image: Image) -> None:
    has = (
        "import importlib.util, json, sys; print(json.dumps([n for n in sys.argv[1:] if importlib.util.find_spec(n)]))"
    )
    names = ["mlflow", "pymysql", "boto3", "flask_wtf", "pip", "matplotlib", "scipy", "sklearn", "pyarrow", "docker"]
    assert json.loads(run(built_image, "-c", has, *names, program="python3").stdout) == names[:4]
    script = "command -v gcc curl git pip; ls -A /var/lib/apt/lists /var/log"
    assert run(built_image, "-c", script, program="sh").stdout == "/var/lib/apt/lists:\n\n/var/log:\n"


def test_the_certificates_are_the_functions(built_image: Image) -> None:
    code = "import entrypoint.environment as e, hashlib; print(hashlib.sha256(e.CA_FILE.read_bytes()).hexdigest())"
    digest = sha256(built_image.files[CA_BUNDLE]).hexdigest()
    assert run(built_image, "-c", code, program="python3").stdout.strip() == digest
    assert built_image.files[CA_BUNDLE] == (ROOT / CA_BUNDLE).read_bytes()


def test_no_start_compiles_anything(built_image: Image) -> None:
    """Every module comes with bytecode that is taken whatever the time of its source."""
    code = """
import pathlib, sys, sysconfig
for folder in {sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")}:
    for source in pathlib.Path(folder).rglob("*.py"):
        compiled = source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"
        if source.stat().st_size and (not compiled.exists() or compiled.read_bytes()[4:8] != b"\\1\\0\\0\\0"):
            print(source)
"""
    assert run(built_image, "-c", code, program="python3").stdout == ""


def test_nothing_can_be_written_but_tmp(built_image: Image) -> None:
    script = "id -u; touch /tmp/it && echo tmp; for place in / /opt/mlflow/bin /etc /var/tmp; do touch $place/it; done"
    done = run(built_image, "-c", script, program="sh")
    assert done.stdout.splitlines() == ["10001", "tmp"]
    assert done.stderr.count("Read-only file system") == 4


def test_nobody_becomes_another_user_or_brings_modules_along(built_image: Image) -> None:
    find = "find / -xdev -perm /6000 2>/dev/null; exit 0"
    assert run(built_image, "-c", find, program="sh").stdout == ""
    script = "echo 'raise SystemExit(9)' > /tmp/argparse.py; cd /tmp; entrypoint --help"
    assert run(built_image, "-c", script, program="sh").returncode == 0


def test_a_bad_setting_is_named(built_image: Image) -> None:
    done = run(built_image, "server")
    assert (done.returncode, done.stderr) == (2, "entrypoint server: DB_HOST is not set\n")


def test_buildah_makes_the_same(built_image: Image) -> None:
    """Of the layers that are there; in `make torture`, all of them anew."""
    options = ["--no-cache"] if os.environ.get("TORTURE") else []
    with (containers.FOLDER / "build.log").open("ab") as log:
        Builder("buildah", log).build(built_image, *options, "--tag=hydra-mlflow:again")
    assert inspected("hydra-mlflow:again")["Digest"] == inspected(built_image.name)["Digest"]
