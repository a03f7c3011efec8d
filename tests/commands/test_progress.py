"""Ctrl-C, and the programs that run alongside."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands import progress
from commands.program import Program
from commands.progress import Progress

CHILD = "import subprocess, sys, time\nprint('first', flush=True)\n"
LASTING = CHILD + "print(subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE).pid, flush=True)\n"


@pytest.fixture
def said() -> Iterator[Progress]:
    before = signal.getsignal(signal.SIGINT)
    yield Progress()
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which modules are found, and programs say what they have to say."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def test_an_interruption_waits_for_a_pause(said: Progress) -> None:
    os.kill(os.getpid(), signal.SIGINT)
    reached = True
    with pytest.raises(KeyboardInterrupt):
        said.pause()
    assert reached


def test_a_second_one_does_not_wait(said: Progress) -> None:
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_looks_go_on_until_there_is_an_answer(
    said: Progress, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    monkeypatch.setattr(progress, "SILENCE", 0.0)
    answers = iter([None, None, "there"])
    assert said.until(lambda: next(answers), "Waiting for it") == "there"
    assert capsys.readouterr().out.splitlines() == ["  0:00  Waiting for it"] * 3


@pytest.mark.slow
def test_a_program_ends_with_its_block_and_what_it_started_too(module: Path, said: Progress) -> None:
    (module / "lasting.py").write_text(LASTING + "time.sleep(600)\n")
    with Program("lasting.log", "lasting") as program:
        while not program.last_line.isdigit():
            said.pause(program)
        assert program.running
        child = int(program.last_line)
    assert not program.running
    while Path(f"/proc/{child}").exists() and (Path(f"/proc/{child}/stat").read_text().split()[2] != "Z"):
        said.pause()


@pytest.mark.parametrize("status", [0, 3])
def test_what_a_program_said_and_how_it_ended(module: Path, said: Progress, status: int) -> None:
    (module / "short.py").write_text(CHILD + f"print('10 %\\r20 %\\n\\n', flush=True)\nsys.exit({status})\n")
    with Program("short.log", "short") as program:
        while program.running:
            said.pause(program)
        assert program.failed == bool(status)
        assert program.last_line == "20 %"
    assert (module / ".aws-sam/short.log").read_text().startswith("first\n")
