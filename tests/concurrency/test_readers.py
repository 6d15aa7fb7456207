"""Eight readers, a dashboard and a reader of the Parquet files, while refreshes run.

`python -m tests.concurrency` does the same for a hundred runs of the workflow, with the dashboard
open in a browser; `benchmarks/readers.py` measures.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pfo_dagster.ledger import Ledger
from tests.concurrency.reading import Readers
from tests.ledger.builders import NOON, balance, published, record, refresh

ACCOUNTS = 20
REFRESHES = 12


def test_readers_never_fail_and_the_writer_never_waits(tmp_path: Path) -> None:
    naps: list[float] = []
    ledger = Ledger(tmp_path, sleep=naps.append)
    refresh_daily(ledger, 0)
    readers = Readers(tmp_path, {"file": 8, "dashboard": 1, "parquet": 1}, pause=0.2)
    with readers:
        for day in range(1, REFRESHES + 1):
            refresh_daily(ledger, day)
    assert [one for one in readers.results if one.error] == []
    assert naps == [], "the writer's lock was not free at once"
    assert all(one.reads > 1 for one in readers.results)
    assert max(one.commits_seen for one in readers.results) > 2
    assert len(published(ledger, "refreshes")) == REFRESHES + 1


def refresh_daily(ledger: Ledger, day: int) -> None:
    """A refresh of its own writer, as each run is, that finds a new balance of every account."""
    at = NOON + timedelta(days=day)
    rows = [
        balance(f"{day}.{n:02}", account_id=str(n), as_of=at, fetched_at=at)
        for n in range(ACCOUNTS)
    ]
    with ledger.writer() as writer:
        record(writer, refresh(f"r{day}", at=at), rows)
