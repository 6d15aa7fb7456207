"""Runs whose process is gone: found by a lock that only a living process holds.

Nothing watches over a run in a terminal. Killed, it would stay "started" in Dagster's storage for
good, keep its place in the ledger's pool, and every later run would wait for it.
"""

from __future__ import annotations

import fcntl
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import dagster as dg

_FOLDER = "runs_in_terminals"


@contextmanager
def alive(home: Path, run_id: str) -> Iterator[None]:
    """Hold the lock of a run while the block executes it; the system lets go of it in any case."""
    path = home / _FOLDER / run_id
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with path.open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
        path.unlink(missing_ok=True)


def bury_the_dead(instance: dg.DagsterInstance, home: Path) -> list[str]:
    """Mark the runs of killed terminals as failed and free what they held; their ids."""
    dead = [path.name for path in (home / _FOLDER).glob("*") if _is_free(path)]
    for run_id in dead:
        run = instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            # Dagster's daemon cannot repeat it: the process was no code location of its.
            instance.add_run_tags(run_id, {"dagster/max_retries": "0"})
            instance.report_run_failed(run, "The process that executed the run is gone.")
        instance.event_log_storage.free_concurrency_slots_for_run(run_id)
        (home / _FOLDER / run_id).unlink(missing_ok=True)
    return dead


def _is_free(path: Path) -> bool:
    with suppress(OSError), path.open(encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
