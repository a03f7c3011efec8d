"""Tables in Markdown."""

from __future__ import annotations


def table(*headings: str) -> list[str]:
    """The head of a table."""
    return [line(*headings), "|" + "---|" * len(headings)]


def line(*cells: str) -> str:
    """A line of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
