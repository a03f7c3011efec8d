"""Anything that `mysql < script` accepts gives the same database: each script through the client and through ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.mysql import Server
from tests.functions.harness import Function

pytestmark = pytest.mark.slow

TABLE = "CREATE TABLE t (n INT AUTO_INCREMENT PRIMARY KEY, v LONGBLOB);\n"


def put(*values: str) -> str:
    """Statements that put values into the table."""
    return "".join(f"INSERT INTO t (v) VALUES ({value});\n" for value in values)


def corpus() -> dict[str, str | bytes]:
    """The scripts of scripts.sql, each under `#### its name`, and those that no line of text shows."""
    text = Path(__file__).with_name("scripts.sql").read_text()
    named = re.split(r"^#### (.+)\n", text, flags=re.M)[1:]
    return {**dict(zip(named[::2], named[1::2], strict=True)), **BYTES}


BYTES: dict[str, str | bytes] = {
    "empty line comment": "--\n" + put("1") + "--",
    "byte order mark": b"\xef\xbb\xbf" + put("1").encode(),
    "line ends of Windows": ("-- a\r\n" + put("1", "'a\r\nb'").replace("\n", "\r\n")).encode(),
    "line ends of Windows in a procedure": (
        b"DELIMITER //\r\nCREATE PROCEDURE p()\r\nBEGIN\r\n  DELETE FROM t;\r\nEND//\r\nDELIMITER ;\r\n"
    ),
    "no delimiter at the end": put("1") + "INSERT INTO t (v) VALUES (2)",
    "bytes that are no text": b"SET NAMES binary;\nINSERT INTO t (v) VALUES ('\xff;\xfe');\n",
    "latin1": (
        b"SET NAMES latin1;\nCREATE TABLE l (a VARCHAR(9) CHARACTER SET utf8mb4);\nINSERT INTO l VALUES ('\xe4;');\n"
    ),
    "latin1 in definitions and variables": (
        b"SET NAMES latin1;\nSET @l = '\xe4';\nCREATE TABLE l (a INT COMMENT '\xe4');\nINSERT INTO t (v) VALUES (@l);\n"
    ),
}
SCRIPTS = corpus()
# Where the client stops, ours stops: what was before stands.
STOPPED: dict[str, str] = {
    "syntax": put("1") + "INSERT INTO;\n" + put("2"),
    "no such table": put("1") + "INSERT INTO nope VALUES (1);\n" + put("2"),
    "open text": put("1") + "INSERT INTO t (v) VALUES ('a;\n" + put("2").replace("'", ""),
    "delimiter in a version comment": put("1") + "/*! INSERT INTO t (v) VALUES (2); */;\n",
}


def both(function: Function, server: Server, script: str | bytes) -> tuple[str, str, bool, bool]:
    """Return the client's dump and ours, and whether each went through."""
    content = (TABLE.encode() + script) if isinstance(script, bytes) else TABLE + script
    if isinstance(script, bytes) and script.startswith(b"\xef\xbb\xbf"):
        content = script[:3] + TABLE.encode() + script[3:]
    name = f"{function.database}_client"
    server.client(f"CREATE DATABASE {name}")
    try:
        client = server.client(content, name)
        function.put(content)
        ours = function.invoke()
        return server.dump(name), function.dump(), not client.returncode, ours["Status"] == "SUCCESS"
    finally:
        server.client(f"DROP DATABASE {name}; DROP DATABASE IF EXISTS other_one")


def normal(dump: str, function: Function) -> str:
    return re.sub(r" AUTO_INCREMENT=\d+", "", dump).replace(f"{function.database}_client", function.database)


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_the_same_database(function: Function, server: Server, script: str | bytes) -> None:
    theirs, ours, client, function_too = both(function, server, script)
    assert (client, function_too) == (True, True)
    assert normal(ours, function) == normal(theirs, function)


@pytest.mark.parametrize("script", STOPPED.values(), ids=STOPPED)
def test_the_same_stop(function: Function, server: Server, script: str) -> None:
    theirs, ours, client, function_too = both(function, server, script)
    assert (client, function_too) == (False, False)
    assert normal(ours, function) == normal(theirs, function)


@pytest.mark.parametrize("server", ["mysql"], indirect=True)
def test_what_mariadbs_client_takes_otherwise(function: Function, server: Server) -> None:
    script = "/*/ INSERT INTO t (v) VALUES (1); /*/ INSERT INTO t (v) VALUES (2);\nINSERT INTO t (v) VALUES (3) /* a;\n"
    theirs, ours, client, function_too = both(function, server, script)
    assert (client, function_too) == (False, False)
    assert normal(ours, function) == normal(theirs, function)


COMMANDS = {
    "source other.sql": "line 2: source is a command of the client, and not run here",
    "system true": "line 2: system is a command of the client, and not run here",
    "\\. other.sql": "line 2: b'\\\\.' is neither SQL nor a command that is run here",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_client_is_refused_before_the_first_statement(function: Function, command: str) -> None:
    function.put(put("1").replace("INTO t", "INTO nope") + command + "\n")
    said = function.invoke()
    assert said["Status"] == "FAILED" and said["StatementsRun"] == 0
    assert said["Reason"] == COMMANDS[command]
