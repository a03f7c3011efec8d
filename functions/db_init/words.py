"""What may be known of a statement without understanding it: its first words; and what of it may be shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from script import Statement

# What may stand before or between words: white space, comments, the openings of version comments, parentheses.
BETWEEN = re.compile(r"(?:\s+|/\*(?!M?!).*?\*/|(?:--[\s]|#)[^\n]*(?:\n|$)|/\*M?!\d*|\*/|\()*", re.S)
WORD = re.compile(r"[A-Za-z_]+")
QUOTED = r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\""
CUT = re.compile(rf"{QUOTED}|['\"].*|\b\d[\w.]*", re.S)  # of a statement's beginning: a text may end behind it
# In what a server says, which repeats a text as it is: quotes in it are not told from those around it.
NEAR = re.compile(r"(?<= near )'.*'(?= at line \d+$)", re.S)
NAMED = re.compile(
    r"(\b(?:table|column|key|index|database|constraint|procedure|function|trigger|event|view)s? '[^']*')", re.I
)
REPEATED = re.compile(r"(?<!\w)(['\"])(?:.*\1|.*)", re.S)


def first_word(text: str) -> str:
    """The first word of a statement in capitals, past comments and into version comments; empty if it has none."""
    word = WORD.match(text) or WORD.match(text, BETWEEN.match(text).end())  # type: ignore[union-attr]  # always matches
    return word[0].upper() if word else ""


def quoted(statement: Statement) -> str:
    """Return where a statement is and how it begins, never what it says."""
    beginning = CUT.sub("'...'", statement.text[:200])
    return f"statement {statement.number}, line {statement.line}, {' '.join(beginning.split()[:3])}"


def masked(message: object) -> str:
    """Return a text without the literals that it repeats; the names of tables, columns, keys and such stay."""
    parts = NAMED.split(NEAR.sub("'...'", str(message)))
    parts[::2] = [REPEATED.sub("'...'", part) for part in parts[::2]]
    return "".join(parts)


def told(error: Exception) -> str:
    """Return what a server said in an error: its number and its message, masked."""
    return " ".join(masked(part) for part in error.args)


# Quotes of either kind, comments of each kind, and the brackets of version comments, of which the inside counts.
NOISE = re.compile(
    r"(?P<text>'(?:[^'\\]|\\.|'')*')|(?P<name>`(?:[^`]|``)*`|\"(?:[^\"\\]|\\.|\"\")*\")"
    r"|/\*(?!M?!).*?\*/|/\*M?!\d*|\*/|(?:--\s|#)[^\n]*",
    re.S,
)


def bare(text: str) -> str:
    """Return a statement on one line without comments and texts, with what version comments hold."""
    kept = NOISE.sub(lambda found: found["name"] or ("''" if found["text"] else " "), text)
    return " ".join(kept.split())
