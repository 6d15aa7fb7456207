"""The file lock that lets one process at a time write the ledger.

DuckDB's own lock is not enough: a second process would fail at once instead of waiting, and the
copy for readers must be made while nobody else commits.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

from pfo_dagster.ledger.errors import LedgerBusyError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

POLL_SECONDS = 0.05


@contextlib.contextmanager
def exclusive(path: Path, *, timeout: float, sleep: Callable[[float], None]) -> Generator[None]:
    """Hold the lock on `path` (created if missing), waiting for it up to `timeout` seconds.

    The kernel frees the lock when its holder dies, so a leftover file means nothing. Raises
    `LedgerBusyError` naming the holder.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, path, timeout, sleep)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, timeout: float, sleep: Callable[[float], None]) -> None:
    waited = 0.0
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waited >= timeout:
                holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
                who = f"process {holder}" if holder else "another process"
                raise LedgerBusyError(
                    f"The ledger is being written by {who} and was not free within {timeout:g} s"
                    f" (lock: {path}). Wait for that run to end, or end it, then try again."
                ) from None
        else:
            return
        sleep(POLL_SECONDS)
        waited += POLL_SECONDS
