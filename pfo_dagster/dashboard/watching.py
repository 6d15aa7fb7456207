"""When there is a new publication: its file is replaced, never written to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
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


def watch(
    published: Path,
    tell: Callable[[Mark], None],
    has_ended: Callable[[], bool],
    *,
    wait: Callable[[], None] = lambda: time.sleep(1),
) -> None:
    """Tell each new publication's mark until the window has ended.

    All that it needs is handed to it: a notebook whose window was closed has no names any more.
    """
    seen = mark_of(published)
    while not has_ended():
        wait()
        found = mark_of(published)
        if found != seen and not has_ended():
            seen = found
            tell(found)
