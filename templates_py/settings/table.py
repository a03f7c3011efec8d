"""What the tables of hydra.toml have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

ROOT = Path(__file__).parents[2]

DeletionPolicy = Literal["Snapshot", "Retain", "Delete"]
# A pattern ends with (?!\n)$, since $ alone lets a line end through.
SPELLING = "up to 128 letters, digits, - and _, of which the first is a letter or a digit"
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}(?!\n)$", description=SPELLING)]


class Table(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A table of hydra.toml, which takes no key that it does not know."""
