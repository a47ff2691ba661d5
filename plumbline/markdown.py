"""What the reports' Markdown has in common."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def cell(text: str) -> str:
    """Return a text as it stands in a cell of a table."""
    return text.replace("|", "\\|")


def comment(show: Callable[[Console], None]) -> str:
    """Return what a report shows on a terminal as it fits into a comment: its first line above the others."""
    # Jobs of a workflow write cells with the standard library alone.
    from rich.console import Console

    lines = io.StringIO()
    show(Console(file=lines, emoji=False))
    first, *others = lines.getvalue().splitlines()
    return "\n".join([f"### {first}", "", "```", *others, "```"]) + "\n"
