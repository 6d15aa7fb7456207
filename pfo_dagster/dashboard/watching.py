"""When there is a new publication: its file is replaced, never written to."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

Mark: TypeAlias = tuple[int, int] | None
"""What tells one publication from the next; None where there is none."""


def mark_of(published: Path) -> Mark:
    """The mark of the publication that is in place now."""
    try:
        found = published.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns
