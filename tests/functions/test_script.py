"""A script is split where the command-line client splits it: each goes through both, and the databases are the same."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Any

import pymysql
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymysql.constants import CLIENT
from request import RefusedError
from script import ANSI_QUOTES, NO_BACKSLASH_ESCAPES, statements

from local.mysql import Server

DATABASE = "differential"
FRESH = f"DROP DATABASE IF EXISTS {DATABASE}; CREATE DATABASE {DATABASE};"
TABLE = "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v LONGBLOB)"


def corpus() -> dict[str, bytes]:
    """The scripts of scripts/*.sql by name: each begins with a line `==== NAME`, where `fails` says that it does."""
    scripts = {}
    for path in sorted(Path(__file__).with_name("scripts").glob("*.sql")):
        for part in path.read_text().split("==== ")[1:]:
            name, _, script = part.partition("\n")
            scripts[f"{path.stem}: {name}"] = script.encode()
    return scripts


# What an editor would not show or keep.
BYTES = {
    "a byte order mark": b"\xef\xbb\xbfINSERT INTO t (v) VALUES ('a');",
    "a byte order mark before DELIMITER": b"\xef\xbb\xbfDELIMITER //\nINSERT INTO t (v) VALUES ('a')//",
    "a byte order mark further on fails": b"INSERT INTO t (v) VALUES ('a');\n\xef\xbb\xbfSELECT 1;",
    "CRLF": b"-- a\r\nINSERT INTO t (v)\r\nVALUES ('b');\r\n\r\n# c\r\nINSERT INTO t (v) VALUES ('d');\r\n",
    "CRLF and DELIMITER": b"DELIMITER //\r\nCREATE PROCEDURE p ()\r\nSELECT 1;//\r\nDELIMITER ;\r\nCALL p();\r\n",
    "CRLF in a string": b"INSERT INTO t (v) VALUES ('a\r\nb\\\r\nc');",
    "CR alone": b"INSERT INTO t (v) VALUES ('a\rb');\rINSERT INTO t (v) VALUES ('c');",
    "form feed and vertical tab": b"INSERT INTO t (v) VALUES\x0c('a')\x0b;\x0c\x0bINSERT INTO t (v) VALUES ('b');",
    "latin1 in a string": b"INSERT INTO t (v) VALUES (_binary'\xe9;\xff\\'\x80'), (_latin1'\xe9');",
    "a NUL fails": b"INSERT INTO t (v) VALUES ('a');\nINSERT INTO t (v) VALUES (\0'b');",
    "a backslash fails": b"INSERT INTO t (v) VALUES ('a');\nINSERT INTO t (v) VALUES ('b') \\x;",
    "no line's end after DELIMITER": b"INSERT INTO t (v) VALUES ('a');\nDELIMITER //",
    "a long one": b"INSERT INTO t (v) VALUES ('" + b"a;''\\'" * 100_000 + b"'); INSERT INTO t (v) VALUES ('b');",
}

# What clients before 9, and MariaDB's, do unasked; newer ones with --commands.
COMMANDS = {
    "use": b"use differential\nINSERT INTO t (v) VALUES ('a');",
    "use in capitals, indented": b"  USE\t`differential`\nINSERT INTO t (v) VALUES ('a');",
    "use with a semicolon": b"use differential; INSERT INTO t (v) VALUES ('a');\nuse differential ;",
    "use after comments": b"INSERT INTO t (v) VALUES ('a');\n-- b\nuse differential\nINSERT INTO t (v) VALUES ('c');",
    "use and comments": b"use differential -- a;\n; use differential /* b; */;INSERT INTO t (v) VALUES ('a');",
    "go": b"INSERT INTO t (v) VALUES ('a;')\\g INSERT INTO t (v) VALUES ('b')\\G\nINSERT INTO t (v) VALUES ('\\g')\\g",
    "go under another delimiter": b"DELIMITER //\nINSERT INTO t (v) VALUES ('a;') \\g\nDELETE FROM t//",
}


class Pair:
    """A server with the client's way to run a script, and ours."""

    def __init__(self, server: Server, *options: str) -> None:
        self.server = server
        self.options = options
        self.tls = ssl.create_default_context(cafile=server.ca)

    def connect(self) -> pymysql.Connection[Any]:
        user, password = self.server.user, self.server.password
        return pymysql.connect(
            host="localhost",
            port=self.server.port,
            user=user,
            password=password,
            ssl=self.tls,
            client_flag=CLIENT.MULTI_STATEMENTS,
        )

    def run(self, sql: str) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            while cursor.nextset():
                pass

    def by_client(self, script: bytes) -> tuple[str, bool, int]:
        self.run(f"{FRESH} USE {DATABASE}; {TABLE}")
        done = self.server.client(script, DATABASE, *self.options)
        error = re.search(rb"^ERROR (?:(\d+) )?", done.stderr, re.M) if done.returncode else None
        return self.server.dump(DATABASE), not error, int(error[1] or 0) if error else 0

    def by_us(self, script: bytes) -> tuple[str, bool, int]:
        self.run(f"{FRESH} USE {DATABASE}; {TABLE}")
        code, succeeded = 0, True
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"USE {DATABASE}")
            connection.autocommit(True)
            try:
                for statement in statements(script, lambda: connection.server_status):
                    cursor.execute(statement.sql)
                    while cursor.nextset():
                        pass
            except RefusedError:
                succeeded = False
            except pymysql.MySQLError as error:
                succeeded, code = False, error.args[0]
        return self.server.dump(DATABASE), succeeded, code


def cases(scripts: dict[str, bytes]) -> list[Any]:
    """Each script on each kind of server, but for what MySQL's client alone does so."""
    return [
        pytest.param(kind, script, "fails" not in name, id=f"{kind}: {name}")
        for name, script in scripts.items()
        for kind in ("mysql", "mariadb")
        if kind == "mysql" or "says MySQL" not in name
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("server", "script", "succeeds"), cases({**corpus(), **BYTES}), indirect=["server"])
def test_a_script_does_as_through_the_client(server: Server, script: bytes, succeeds: bool) -> None:
    pair = Pair(server)
    expected = pair.by_client(script)
    assert pair.by_us(script) == expected
    assert expected[1] is succeeds


@pytest.mark.slow
@pytest.mark.parametrize(("server", "script", "succeeds"), cases(COMMANDS), indirect=["server"])
def test_a_command_does_as_through_the_client(server: Server, script: bytes, succeeds: bool) -> None:
    pair = Pair(server) if server.programs.is_mariadb else Pair(server, "--commands")
    expected = pair.by_client(script)
    assert pair.by_us(script) == expected
    assert expected[1] is succeeds


# What a script is made of: text that would mean something elsewhere, in each kind of quotes and comments.
INSIDE = st.lists(
    st.sampled_from(
        [";", "--", "-- ", "#", "/*", "*/", "/*!", "//", "$$", "\n", "delimiter //\n", "é", "😀", "%s", ":a", "a"]
    ),
    max_size=5,
).map("".join)
ESCAPED = st.lists(st.one_of(INSIDE, st.sampled_from(["\\\\", "\\'", '\\"', "\\n", "\\;"])), max_size=4).map("".join)
LITERAL = st.one_of(
    st.builds("'{}{}'".format, ESCAPED, st.sampled_from(["", '"', "''", "`"])),
    st.builds('"{}{}"'.format, ESCAPED, st.sampled_from(["", "'", '""', "`"])),
    st.sampled_from(["NULL", "5--1", "4/2", "X'3B'"]),
)
BLANK = st.one_of(
    st.sampled_from([" ", "\n", "\t", "\r\n", " \n "]),
    INSIDE.filter(lambda text: "*/" not in text and "/*" not in text).map(" /* {} */ ".format),
    INSIDE.map(lambda text: text.replace("\n", " ")).flatmap(
        lambda text: st.sampled_from([f" -- {text}\n", f" # {text}\n", f" #{text}\n", f" --\t{text}\n"])
    ),
)
NAME = INSIDE.filter(lambda text: text and text[-1] not in " \n").map(lambda text: f"`{text}\\`")


def inserted(*parts: str) -> str:
    return "INSERT{}INTO{}t (v){}VALUES{}({}){}".format(*parts)


STATEMENT = st.one_of(
    st.builds(inserted, BLANK, BLANK, BLANK, BLANK, LITERAL, st.one_of(st.just(""), BLANK)),
    st.builds("SELECT {} AS {}".format, LITERAL, NAME),
    st.builds("/*!50003 INSERT INTO t (v) VALUES ({}) */".format, st.sampled_from(["'*/'", "1", "'a'"])),
    st.just(""),
)
PROCEDURE = st.builds("CREATE PROCEDURE p{} () BEGIN SELECT {}; SELECT {}; END".format, st.uuids(), LITERAL, LITERAL)
DELIMITERS = ["//", "$$", ";;", "|", "end_", "/", "--"]


@st.composite
def scripts(draw: st.DrawFn) -> bytes:
    """Statements under changing delimiters, which none of the statements has in it outside quotes and comments."""
    script, delimiter = draw(st.sampled_from(["", "\ufeff"])), ";"
    for _ in range(draw(st.integers(1, 6))):
        if draw(st.booleans()):
            delimiter = draw(st.sampled_from([";", *DELIMITERS]))
            script += draw(st.sampled_from(["\n{} {}\n", "\n{}\t{}\n", "\n {}  {} x\n"])).format(
                draw(st.sampled_from(["DELIMITER", "delimiter"])), delimiter
            )
        kind = STATEMENT if delimiter == ";" else st.one_of(STATEMENT, PROCEDURE)
        script += draw(kind) + draw(st.sampled_from([delimiter, f" {delimiter} ", f"\n{delimiter}\n"]))
    return script.encode()


@pytest.mark.slow
@settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(script=scripts())
def test_any_script_does_as_through_the_client(mysql: Server, script: bytes) -> None:
    pair = Pair(mysql)
    assert pair.by_us(script) == pair.by_client(script)


def split(script: str | bytes) -> list[tuple[int, int, str]]:
    return [tuple(statement) for statement in statements(script)]


def test_statements_are_numbered_and_their_lines_counted() -> None:
    script = "-- a\n\n/* b\n */ SELECT 1;; SELECT\n2;\nDELIMITER //\n\nSHOW TABLES \n//\n"
    assert split(script) == [(1, 4, "SELECT 1"), (2, 4, "SELECT\n2"), (3, 8, "SHOW TABLES")]


def test_bytes_and_text_are_split_alike_and_sent_as_they_are() -> None:
    script = b"SELECT '\xe9;\xc3\xa9';SELECT 1"
    assert split(script) == split(script.decode(errors="surrogateescape"))
    assert b";".join(statement.sql for statement in statements(script)) == script


def test_a_statement_is_split_as_it_is_asked_for() -> None:
    status = 0
    found = statements("SELECT 1; SELECT '\\'; SELECT '\\';'", lambda: status)
    assert next(found).text == "SELECT 1"
    status = NO_BACKSLASH_ESCAPES
    assert next(found).text == "SELECT '\\'"
    status = 0
    assert next(found).text == "SELECT '\\';'"


def test_a_backslash_escapes_nothing_in_a_name_in_double_quotes() -> None:
    found = statements("SELECT \"a\\\"; SELECT '\\''", lambda: ANSI_QUOTES)
    assert [statement.text for statement in found] == ['SELECT "a\\"', "SELECT '\\''"]


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("SELECT 1;\nsource other.sql\n", "line 2: source is a command of the client, and not run here"),
        ("SELECT 1;\n -- a\nSYSTEM ls;", "line 3: SYSTEM is a command of the client, and not run here"),
        ("SELECT 1;\nSELECT\n\\! ls", r"line 3: b'\\\\!' is neither SQL nor a command that is run here"),
        ("SELECT 1;\n\\. other.sql", r"line 2: b'\\\\.' is neither SQL nor a command that is run here"),
        ("SELECT 1; SELECT \0", r"line 1: b'\\x00' is neither SQL nor a command that is run here"),
    ],
)
def test_what_is_no_sql_is_refused_with_its_line_after_all_before_it(script: str, error: str) -> None:
    found = statements(script)
    assert next(found).text == "SELECT 1"
    with pytest.raises(RefusedError, match=f"^{error}$"):
        next(found)


@pytest.mark.parametrize("command", ["; DELIMITER //", ";\nDELIMITERS //", "; USE a", ";\nUSED a"])
def test_what_only_looks_like_a_command_is_left_to_the_server(command: str) -> None:
    found = [statement.text for statement in statements(f"SELECT 1{command}\nSELECT 2;")]
    assert found == ["SELECT 1", f"{command[1:].strip()}\nSELECT 2"]
