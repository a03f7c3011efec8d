"""The registry of images in place of ECR's: a login, and images that outlive it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.debian import UnavailableError
from local.registry import Registry
from tests.servers import memory_folder

pytestmark = pytest.mark.slow


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = memory_folder()
    yield folder
    shutil.rmtree(folder)


def registry(folder: Path, password: str = "") -> Registry:
    try:
        return Registry(folder, password=password)
    except UnavailableError as error:
        pytest.skip(str(error))


def test_it_wants_the_password_and_keeps_what_it_is_given(folder: Path) -> None:
    blob = {"digest": "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}  # of "hello"
    with registry(folder, "first") as running:
        url = f"http://{running.host}/v2/"
        assert requests.get(url).status_code == 401
        assert requests.get(url, auth=("AWS", "second")).status_code == 401
        place = requests.post(f"{url}it/blobs/uploads/", auth=("AWS", "first")).headers["Location"]
        assert requests.put(place, params=blob, data=b"hello", auth=("AWS", "first")).status_code == 201
    with pytest.raises(requests.ConnectionError):
        requests.get(url)
    with registry(folder, "second") as running:
        kept = requests.get(f"http://{running.host}/v2/it/blobs/{blob['digest']}", auth=("AWS", "second"))
        assert kept.content == b"hello"


def test_one_that_does_not_start_says_why(folder: Path) -> None:
    with registry(folder) as running, pytest.raises(RuntimeError, match="address already in use"):
        Registry(folder / "other", port=int(running.host.rpartition(":")[2])).start()
