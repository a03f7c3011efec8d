"""The image's tag: one for the same inputs on any machine, another for each that differs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mlflow_container import image
from mlflow_container.__main__ import main
from mlflow_container.image import CA_BUNDLE, DOCKERFILE, ENTRYPOINT, ROOT, Image, files

BASE = f"registry.example/debian@sha256:{'5' * 64}"
MODULE = f"{ENTRYPOINT}/__main__.py"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Another checkout of what the image is made of."""
    for path in files():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, tmp_path / path)
    return tmp_path


def tag(root: Path = ROOT, base: str = BASE, platform: str = image.PLATFORM) -> str:
    return Image(base, platform, files(root)).tag


def test_all_of_the_entrypoint_counts() -> None:
    kept = {path for path in (ROOT / ENTRYPOINT).rglob("[!.]*[!c]") if path.is_file()}
    assert {path.relative_to(ROOT).as_posix() for path in kept} == {path for path in files() if ENTRYPOINT in path}


def test_a_tag_stays_what_it_was() -> None:
    assert Image(BASE, "linux/amd64", {"a": b"1", "b/c": b""}).tag == "4e88d725ace6a4b5"


def crlf(root: Path) -> None:
    for path in files(root):
        (root / path).write_bytes((root / path).read_bytes().replace(b"\n", b"\r\n"))


def modes(root: Path) -> None:
    for path in files(root):
        (root / path).chmod(0o700)


def bytecode(root: Path) -> None:
    (root / ENTRYPOINT / "__pycache__").mkdir()
    (root / ENTRYPOINT / "__pycache__/__main__.cpython-313.pyc").write_bytes(b"bytecode")


def other_files(root: Path) -> None:
    (root / "README.md").touch()
    (root / ENTRYPOINT / ".main.py.swp").touch()


@pytest.mark.parametrize("differ", [crlf, modes, bytecode, other_files])
def test_what_no_build_reads_is_not_in_the_tag(checkout: Path, differ: Callable[[Path], None]) -> None:
    differ(checkout)
    assert tag(checkout) == tag()


@pytest.mark.parametrize("path", [DOCKERFILE, CA_BUNDLE, MODULE, "mlflow_container/requirements.txt"])
def test_each_file_is_in_the_tag(checkout: Path, path: str) -> None:
    with (checkout / path).open("ab") as file:
        file.write(b"#")
    assert tag(checkout) != tag()


def test_so_are_new_and_renamed_modules(checkout: Path) -> None:
    (checkout / ENTRYPOINT / "new.py").touch()
    new = tag(checkout)
    (checkout / ENTRYPOINT / "new.py").rename(checkout / ENTRYPOINT / "renamed.py")
    assert len({tag(), new, tag(checkout)}) == 3


def test_so_are_the_platform_and_the_base_but_not_where_that_comes_from() -> None:
    assert len({tag(), tag(platform="linux/arm64"), tag(base=f"debian@sha256:{'6' * 64}")}) == 3
    assert tag(base=BASE.replace("registry.example", "mirror.example")) == tag()


def test_what_lies_on_the_border_of_two_files_belongs_to_one() -> None:
    one = Image(BASE, "linux/amd64", {"a": b"1", "b": b"2"})
    assert replace(one, files={"a": b"1b", "": b"2"}).tag != one.tag


def test_a_builder_is_given_the_files_and_no_more(tmp_path: Path) -> None:
    Image(BASE, "linux/amd64", files()).write(tmp_path)
    written = {path.relative_to(tmp_path).as_posix(): path for path in tmp_path.rglob("*") if path.is_file()}
    assert {name: path.read_bytes() for name, path in written.items()} == files()
    assert {path.stat().st_mode & 0o777 for path in written.values()} == {0o644}


def test_the_command_prints_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("BASE_IMAGE", BASE)
    assert main(["tag"]) == 0
    assert capsys.readouterr().out == f"{tag()}\n" == f"{image.tag()}\n"
    assert main(["--platform=linux/arm64", "tag"]) == 0
    assert capsys.readouterr().out == f"{tag(platform='linux/arm64')}\n"


def test_the_base_is_the_dockerfiles_where_nobody_names_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BASE_IMAGE", raising=False)
    assert image.base_image() == "public.ecr.aws/docker/library/debian:trixie-slim"
