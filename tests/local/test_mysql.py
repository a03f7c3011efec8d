"""A server of local/: TLS alone, a master user who is not root, and data that outlive it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pymysql
import pytest

from local import debian
from local.debian import UnavailableError, made_once, unpacked
from local.mysql import Server

pytestmark = pytest.mark.slow


def lines(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().splitlines()


def test_the_client_speaks_tls_as_a_master_user_without_super(server: Server) -> None:
    assert lines(server.client("SELECT current_user()"))[1] == "admin@%"
    assert lines(server.client("SHOW STATUS LIKE 'Ssl_cipher'"))[1].startswith("Ssl_cipher\tTLS_")
    assert lines(server.client("SELECT user FROM mysql.user WHERE user = 'root'")) == []
    assert b"SUPER" in server.client("SET GLOBAL log_bin_trust_function_creators = 0").stderr


def test_nobody_gets_in_without_tls(server: Server) -> None:
    with pytest.raises(pymysql.OperationalError, match=r"--require_secure_transport=ON|Access denied"):
        pymysql.connect(
            host="127.0.0.1", port=server.port, user=server.user, password=server.password, ssl_disabled=True
        )


def test_a_certificate_of_another_authority_is_refused(server: Server, tmp_path: Path) -> None:
    other = Server(server.programs, tmp_path)
    other.write_certificates()
    line = [*server.programs.client, f"--defaults-file={server.folder / 'client.cnf'}", f"--ssl-ca={other.ca}"]
    done = subprocess.run([*line, "--execute=SELECT 1"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "certificate" in done.stderr


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_data_outlive_a_server(server: Server, tmp_path_factory: pytest.TempPathFactory, end: str) -> None:
    with Server(server.programs, tmp_path_factory.mktemp("server"), user="ha", password="a'\\\\b#c") as other:
        lines(other.client("CREATE DATABASE d; CREATE TABLE d.t (a INT PRIMARY KEY); INSERT INTO d.t VALUES (1)"))
        before = other.dump("d")
        getattr(other, end)()
        assert other.client("SELECT 1").returncode == 1
        other.password = "another"
        other.start()
        assert other.dump("d") == before
        assert lines(other.client("SELECT a FROM t", "d")) == ["a", "1"]


def test_a_server_that_does_not_start_says_why(server: Server, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(RuntimeError, match="unknown variable 'no-such-option=1'"):
        Server(server.programs, tmp_path_factory.mktemp("server")).start("--no-such-option=1")


def test_what_is_interrupted_leaves_nothing_half_there(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), made_once(tmp_path / "it") as partial:
        (partial / "half").touch()
        raise KeyboardInterrupt
    assert not (tmp_path / "it").exists()
    with made_once(tmp_path / "it") as partial:
        (partial / "whole").touch()
    assert [path.name for path in (tmp_path / "it").iterdir()] == ["whole"]


@pytest.mark.parametrize(
    ("keyring", "suite", "reason"),
    [(False, "sid", "this is no Debian, whose packages would do"), (True, "no-such-suite", "apt-get failed: .*")],
)
def test_what_cannot_be_fetched_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keyring: bool, suite: str, reason: str
) -> None:
    monkeypatch.setattr(debian, "LOCAL", tmp_path)
    if not keyring:
        monkeypatch.setattr(debian, "KEYRING", tmp_path / "keyring")
    elif not debian.KEYRING.exists():
        pytest.skip("Debian alone has apt-get and its keyring")
    with pytest.raises(UnavailableError, match=f"^{reason}$"):
        unpacked("it", suite, ("mysql-server-core",))
    assert not (tmp_path / "it").exists()
