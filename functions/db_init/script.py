"""A script of SQL, split where MySQL's command-line client splits it when it reads one (`mysql < script`).

Only where a statement ends is looked at, never what it says. Of the client's commands, DELIMITER and a USE
without one are done as it does them, and what ends with a backslash and g; a script with another is refused.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from request import RefusedError

# Bits of the server's status, which change with sql_mode: there, a backslash is a character like any other.
ANSI_QUOTES, NO_BACKSLASH_ESCAPES = 1 << 15, 1 << 9

LINE = rb"--(?=\s|\Z)[^\n]*|\#[^\n]*"  # `--1` is none
COMMENT = LINE + rb"|/\*(?!!)(?s:.*?)(?:\*/|\Z)"  # a /*! */ is none: its strings and semicolons are the statement's
COMMAND = re.compile(
    rb"(?i:delimiter)(?=\s|\Z)(?:[ \t]+(?P<delimiter>'[^'\n]+'|\"[^\"\n]+\"|`[^`\n]+`|[^\s'\"`][^ \n]*))?[^\n]*"
    rb"|(?P<refused>(?i:source|system)(?=[ \t]))"
)
# What else ends a statement -> how long it is: nothing (a USE), a semicolon, the backslash of \\g.
SHORT = {b"": 0, b"\n": 0, b";": 1, b"\\": 2}
USE = re.compile(rb"(?i:use)[ \t][^\n]*")
# No other statement has statements in it, so that under another DELIMITER too, these end at a semicolon.
SIMPLE = re.compile(
    rb"(?i:alter\s+table|call|create\s+(?:database|index|schema|table|temporary|unique|user|view)|delete|do|drop|grant"
    rb"|insert|rename|replace|revoke|select|set|truncate|update|use|with)\b"
)


class Statement(NamedTuple):
    """A statement of a script."""

    number: int  # from 1
    line: int  # from 1, where it begins, past comments
    text: str  # with surrogates for bytes that are not UTF-8

    @property
    def sql(self) -> bytes:
        """The text as the script has it, byte for byte: what to send."""
        return self.text.encode(errors="surrogateescape")


def statements(script: bytes | str, server_status: Callable[[], int] = lambda: 0) -> Iterator[Statement]:
    """Split a script, one statement as it is asked for; `server_status` is the server's (PyMySQL has it) by then.

    Raises RefusedError at a NUL or one of the client's own commands, when all before it has been given.
    """
    data = script if isinstance(script, bytes) else script.encode(errors="surrogateescape")
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    delimiter, number, line, counted, place = b";", 0, 1, 0, 0
    while True:
        start, place = place, _end(_gap(delimiter), data, place)
        fresh = start == 0 or b"\n" in data[start - 1 : place]  # nothing but comments before it on its line
        line, counted = line + data.count(b"\n", counted, place), place
        if place == len(data):
            return
        if fresh and (command := COMMAND.match(data, place)):
            if command["refused"]:
                raise RefusedError(f"line {line}: {command[0].decode()} is a command of the client, and not run here")
            if command["delimiter"] and b"\\" not in command["delimiter"]:  # else the client complains, and goes on
                quoted = command["delimiter"][:1] in (b"'", b'"', b"`")
                delimiter = (command["delimiter"][1:-1] if quoted else command["delimiter"])[:15]
            place = command.end()
            continue
        end = _end(_statement(delimiter, server_status()), data, place)
        if fresh and (use := USE.match(data, place, end)):
            end = use.end()
        elif delimiter != b";" and SIMPLE.match(data, place, end):
            end = _end(_statement(b";", server_status()), data, place, end)
        if data.startswith((b"\\", b"\0"), end) and not data.startswith((rb"\g", rb"\G", delimiter), end):
            line += data.count(b"\n", place, end)
            raise RefusedError(f"line {line}: {data[end : end + 2]!r} is neither SQL nor a command that is run here")
        if text := data[place:end].rstrip():
            number += 1
            yield Statement(number, line, text.decode(errors="surrogateescape"))
        place = end + (len(delimiter) if data.startswith(delimiter, end) else SHORT[data[end : end + 1]])


def _end(tokens: re.Pattern[bytes], data: bytes, place: int, until: int = sys.maxsize) -> int:
    """Return where tokens, one behind the other, come to an end."""
    while (match := tokens.match(data, place, until)) and match.end() > place:
        place = match.end()
    return place


# A hundred tokens at a time: more would cost memory for a way back that is never taken, and quantifiers that know none
# (possessive ones) are wrong for groups like these before Python 3.11.5 (gh-106052).
TOKENS = rb"(?:(?!%b)(?:%b)){0,100}"


@cache
def _gap(delimiter: bytes) -> re.Pattern[bytes]:
    """Return what matches white space and comments, but no delimiter, which may look like one."""
    block = rb"/\*(?!M?!)(?s:.*?)\*/"  # MariaDB runs a /*M! */
    return re.compile(TOKENS % (re.escape(delimiter), b"|".join([rb"\s+", LINE, block])))


@cache
def _statement(delimiter: bytes, status: int) -> re.Pattern[bytes]:
    """Return what matches up to a statement's end: strings and comments whole, and no delimiter, backslash or NUL."""
    plain, escaped = rb"%b[^%b]*(?:%b|\Z)", rb"%b[^%b\\]*+(?:\\(?s:.)[^%b\\]*+)*+(?:%b|\Z)"
    single = plain if status & NO_BACKSLASH_ESCAPES else escaped
    double = plain if status & (NO_BACKSLASH_ESCAPES | ANSI_QUOTES) else escaped
    strings = [kind.replace(b"%b", quote) for kind, quote in ((single, b"'"), (double, b'"'), (plain, b"`"))]
    ordinary = rb"[^'\"`\#\-/\\\0%b]++" % re.escape(delimiter[:1])
    return re.compile(TOKENS % (re.escape(delimiter), b"|".join([ordinary, *strings, COMMENT, rb"[^'\"`\\\0]"])))
