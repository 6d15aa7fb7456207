"""A small JSON file that several processes read and change: replaced as a whole, under a lock."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextlib.contextmanager
def alone(path: Path) -> Generator[None]:
    """Keep other processes from changing the file meanwhile; makes its folder."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def replace(path: Path, content: str) -> None:
    """Write the file so that a reader sees all of the old or all of the new."""
    # Always the same name: what a killed process left is written over.
    beside = path.with_name(f"{path.name}.tmp")
    with beside.open("w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
