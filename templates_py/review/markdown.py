"""Markdown: tables, and what is written into a page by hand."""

from __future__ import annotations


def table(*headings: str) -> list[str]:
    """The head of a table."""
    return [line(*headings), "|" + "---|" * len(headings)]


def line(*cells: str) -> str:
    """A line of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def between(text: str, mark: str, content: str) -> str:
    """`text` with what stands between the marks replaced. Raises ValueError where it lacks one of them."""
    start, end = f"<!-- {mark} -->\n", f"\n<!-- /{mark} -->"
    first, last = text.index(start) + len(start), text.index(end)
    return text[:first] + content + text[last:]
