"""The process that is killed: `pfo run` of the refresh, on a day that the harness chooses.

Forked from a server that has Dagster imported already, so that no kill costs its three seconds.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from pfo_dagster import installed_ledger, resources
from pfo_dagster.cli.run import run_workflow
from tests.crashes.tracing import be_traceable, trace
from tests.processes import forking

KEY: Final = "pfo.workflow.refresh-openbanking-balances"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended, and how far it had come."""

    exit_code: int | None
    """None if it was killed."""
    seconds: float
    calls: int = 0
    """System calls that changed a file of the ledger; 0 if nobody counted."""
    last: str = ""
    """The last of them."""


def refresh_run(data_dir: Path, now: datetime, *, deadly_call: int = 0) -> Ended:
    """Run the workflow at the time `now`, or kill it before its system call `deadly_call`."""

    def is_of_the_ledger(path: str) -> bool:
        return path.startswith(f"{data_dir}/") and not path.startswith(f"{data_dir}/dagster")

    child, go = _start(data_dir, now)
    began = time.monotonic()
    assert child.pid is not None
    traced = trace(child.pid, is_of_the_ledger, begin=lambda: go.send("traced"), deadly=deadly_call)
    child.join()
    return Ended(traced.exit_code, time.monotonic() - began, traced.calls, traced.last)


def run_for(data_dir: Path, now: datetime, seconds: float | None) -> Ended:
    """Run the workflow untraced, at full speed, and kill it after so many seconds (None: never)."""
    child, go = _start(data_dir, now)
    began = time.monotonic()
    go.send("alone")
    child.join(seconds)
    child.kill()
    child.join()
    code = child.exitcode
    assert code is not None
    return Ended(code if code >= 0 else None, time.monotonic() - began)


def _start(data_dir: Path, now: datetime) -> tuple[multiprocessing.Process, Connection]:
    context = forking()
    waiting, go = context.Pipe(duplex=False)
    child = context.Process(target=_refresh, args=(data_dir, now, waiting))
    child.start()
    return child, go  # pyright: ignore[reportReturnType] a forkserver's process is one as well


def _refresh(data_dir: Path, now: datetime, waiting: Connection) -> None:
    os.environ["PFO_DATA_DIR"] = str(data_dir)
    os.environ.pop("DAGSTER_HOME", None)
    # Killed runs spend forced syncs; the next run must be able to ask the bank all the same.
    os.environ["PFO_FORCED_SYNCS_PER_DAY"] = os.environ["PFO_FORCED_SYNCS_AGREED"] = "1000"
    # The sandbox lives at the time that it is told, so that every day brings new balances.
    resources.utc_now = installed_ledger.utc_now = lambda: now
    log = os.open(data_dir.with_name("output.txt"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if waiting.recv() == "traced":
        be_traceable()
    sys.exit(0 if run_workflow(KEY, {}) else 1)
