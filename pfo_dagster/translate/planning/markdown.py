"""Text that was written elsewhere, as Markdown that shows it as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def plain(text: str) -> str:
    """Prose on one line, of which nothing is read as Markdown or HTML, also inside a table."""
    one_line = re.sub(r"([\\`*_\[\]<>|#~&])", r"\\\1", " ".join(text.split()))
    return re.sub(r"^(\d*)([-+=.)])(?= )", r"\1\\\2", one_line)


def code(text: str) -> str:
    """A code span of any text, also inside a table."""
    inner = " ".join(text.split()).replace("|", "\\|")
    fence = "`" * (1 + _longest_run(inner))
    return f"{fence} {inner} {fence}" if len(fence) > 1 or not inner else f"{fence}{inner}{fence}"


def code_block(text: str, language: str) -> str:
    """A fenced block of any text: its fence is longer than any in it."""
    fence = "`" * max(3, 1 + _longest_run(text))
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
