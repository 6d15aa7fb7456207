"""What readers cost the writer: refreshes alone, and while eight readers and a dashboard read."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from pfo_dagster.ledger import Ledger
from tests.concurrency.reading import Readers
from tests.ledger.builders import NOON, balance, record, refresh

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNTS = 100
PAUSE_SECONDS = 0.05
WORKING = {"file": 8, "dashboard": 1, "parquet": 1}


def compare(folder: Path, refreshes: int) -> str:
    """Run as many refreshes with readers as without; a table in Markdown."""
    alone, _ = _refreshes(folder / "alone", refreshes, {})
    read, readers = _refreshes(folder / "read", refreshes, WORKING)
    ratio = statistics.median(read[0]) / statistics.median(alone[0])
    errors = [one.error for one in readers.results if one.error]
    reads = sum(one.reads for one in readers.results)
    return "\n".join(
        [
            "| refreshes of 100 accounts | median | slowest | waits for the lock |",
            "|---|---|---|---|",
            f"| {refreshes} alone | {_line(*alone)} |",
            f"| {refreshes} with {sum(WORKING.values())} readers | {_line(*read)} |",
            "",
            f"Ratio of the medians {ratio:.1f}: the readers want processors as well.",
            f"{reads} reads, {len(errors)} errors{': ' if errors else ''}{'; '.join(errors)}.",
        ]
    )


def _refreshes(
    data_dir: Path, count: int, readers: dict[str, int]
) -> tuple[tuple[list[float], int], Readers]:
    """Seconds of each refresh, and how often the lock was waited for."""
    naps: list[float] = []
    ledger = Ledger(data_dir, sleep=naps.append)
    _refresh(ledger, 0)
    seconds: list[float] = []
    reading = Readers(data_dir, readers, pause=PAUSE_SECONDS)
    with reading:
        for day in range(1, count + 1):
            began = time.perf_counter()
            _refresh(ledger, day)
            seconds.append(time.perf_counter() - began)
    return (seconds, len(naps)), reading


def _refresh(ledger: Ledger, day: int) -> None:
    at = NOON + timedelta(days=day)
    rows = [
        balance(f"{day}.{n:02}", account_id=str(n), as_of=at, fetched_at=at)
        for n in range(ACCOUNTS)
    ]
    with ledger.writer() as writer:
        record(writer, refresh(f"r{day}", at=at), rows)


def _line(seconds: list[float], waits: int) -> str:
    return f"{statistics.median(seconds):.3f} s | {max(seconds):.3f} s | {waits}"
