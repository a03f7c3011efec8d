"""The image while the stack is being made: what becomes of it when either fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from commands import CommandError
from commands.configuration import Configuration
from commands.progress import Progress
from commands.pushing import Pushing
from commands.stack import Stack
from commands.start import Alongside
from mlflow_container import registry
from tests.commands.conftest import Make

pytestmark = pytest.mark.slow


class RollingBack(Stack):
    """A stack whose creation has just failed: the emulator makes all of it, or nothing."""

    @property
    def status(self) -> str:
        is_nested = "-Mlflow-" in self.name
        return super().status if is_nested else "ROLLBACK_IN_PROGRESS"


@pytest.fixture
def pushing(session: boto3.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pushing:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BASE_IMAGE", f"127.0.0.1:1/base@sha256:{64 * '0'}")
    settings = tmp_path / "samconfig.toml"
    settings.write_text('version = 0.1\n[default.deploy.parameters]\nstack_name = "hydra"\n')
    return Pushing(Configuration(settings, "default"), session, Progress(), "")


def pushed(session: boto3.Session, stack: Stack, tag: str) -> Any:
    """Put an image into the stack's repository, and return how to list the tags there."""
    ecr, name = session.client("ecr"), f"{stack.name}/mlflow"
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": f"sha256:{64 * '0'}", "size": 1}
    media = "application/vnd.oci.image.manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": media, "config": config, "layers": []}
    ecr.put_image(repositoryName=name, imageManifest=json.dumps(manifest), imageTag=tag)
    return lambda: [image["imageTag"] for image in ecr.list_images(repositoryName=name)["imageIds"]]


def test_a_failed_create_leaves_no_image_that_would_keep_its_repository(
    make: Make, session: boto3.Session, pushing: Pushing, capsys: pytest.CaptureFixture[str]
) -> None:
    """P62."""
    stack = make()
    tags = pushed(session, stack, pushing.tag)
    alongside = Alongside(RollingBack(session, stack.name), pushing)
    alongside()
    alongside()
    assert tags() == []
    assert capsys.readouterr().out.count("Took image") == 1


def test_an_image_that_was_there_before_stays(make: Make, session: boto3.Session, pushing: Pushing) -> None:
    stack = make()
    pushing.given = pushing.tag
    tags = pushed(session, stack, pushing.tag)
    Alongside(RollingBack(session, stack.name), pushing)()
    assert tags() == [pushing.tag]


def test_a_push_that_fails_lets_the_stack_be_made_and_is_told_again_after_it(
    make: Make,
    session: boto3.Session,
    pushing: Pushing,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack = make()
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("BUILDER", "/nowhere/podman")
    monkeypatch.setattr(registry, "has", lambda *_: False)  # the emulator has no registry behind its address
    alongside = Alongside(stack, pushing)
    with pushing:
        alongside()
        while not alongside._over:
            pushing.progress.pause(pushing._program)
            alongside()
        alongside()
        assert capsys.readouterr().out.count("the rest of the stack is still being made") == 1
        with pytest.raises(CommandError, match="The image was not pushed: "):
            pushing.finish()
