"""Programs by apt-get: what is here is left alone, and what cannot be had is named."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from local.apt import installed
from local.debian import UnavailableError

pytestmark = pytest.mark.slow

MISSING = {"sh": "dash", "no-such-program": "no-such-package", "neither": "nor-this"}


def test_what_is_here_needs_no_apt_get(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    installed({"sh": "dash"})


def test_without_apt_get_or_root_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match=r"^This is no Debian, .*: install no-such-package, nor-this$"):
        installed(MISSING)
    (tmp_path / "apt-get").touch(mode=0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(UnavailableError, match=r"^Only root may: install no-such-package, nor-this$"):
        installed(MISSING)


def test_what_apt_get_does_not_know_is_named() -> None:
    can = os.geteuid() == 0 and shutil.which("apt-get")
    said = (
        r"apt-get cannot install no-such-package, nor-this: E: Unable to locate" if can else "install no-such-package"
    )
    with pytest.raises(UnavailableError, match=said):
        installed(MISSING)
