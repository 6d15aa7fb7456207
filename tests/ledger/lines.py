"""Something happens before a certain line of the ledger's code: a death, or a look at the disk.

Every failure can be replayed by the number of its line.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pfo_dagster import ledger as package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

# Lines that prepare rows are many and touch no file.
_WATCHED = {
    str(Path(package.__file__).with_name(f"{name}.py"))
    for name in (
        "balances",
        "commits",
        "database",
        "ledger",
        "parquet",
        "publisher",
        "refreshes",
        "versions",
    )
} | {str(Path(os.__file__).with_name("shutil.py"))}


@dataclass
class Lines:
    """How many lines were executed."""

    seen: int = 0


@contextmanager
def before_line(number: int, act: Callable[[], object]) -> Iterator[Lines]:
    """Call `act` before the line `number` of the ledger's that the block executes (0: never)."""
    lines = Lines()

    def on_line(_frame: FrameType, event: str, _arg: object) -> Any:
        if event == "line":
            lines.seen += 1
            if lines.seen == number:
                act()
        return on_line

    def on_call(frame: FrameType, _event: str, _arg: object) -> Any:
        return on_line if frame.f_code.co_filename in _WATCHED else None

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        yield lines
    finally:
        sys.settrace(before)
