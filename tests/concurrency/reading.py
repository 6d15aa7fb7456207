"""Readers in processes of their own, reading again and again while the ledger is being written.

Used by the test beside it and, with more of everything, by `python -m tests.concurrency` and
`benchmarks/readers.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Final, Self

import duckdb
import pyarrow.parquet as pq

from pfo_dagster.ledger import Ledger, freshness, latest_balances, positions
from tests.processes import forking

_STATE: Final = """
    SELECT
        (SELECT max(commit_number) FROM history.commits) AS commit_number,
        (SELECT sum(new_balances) FROM refreshes) AS promised,
        (SELECT count(*) FROM balances) AS balances,
        (SELECT count(DISTINCT account_id) FROM latest_balances) AS latest,
        (SELECT count(*) FROM accounts WHERE deleted_at IS NULL AND disabled_at IS NULL)
            AS accounts,
        (SELECT count(*) FROM daily_cash_position) AS positions
"""


@dataclass(frozen=True, slots=True)
class Read:
    """What one reader came to."""

    kind: str
    reads: int
    commits_seen: int
    """How many different publications."""
    error: str | None


def read_file(data_dir: Path) -> int:
    """Open the published file as an analyst does, and close it; the commit that it is of."""
    path = Ledger(data_dir).published_path
    with closing(duckdb.connect(str(path), read_only=True)) as db:
        [(commit_number, promised, balances, latest, accounts, days)] = db.execute(
            _STATE
        ).fetchall()
    assert promised == balances, f"{balances} balances of {promised}: a part of a refresh"
    assert latest == accounts, f"{latest} latest balances of {accounts} accounts"
    assert days > 0
    return int(commit_number)


def read_parquet(data_dir: Path) -> int:
    """Read the folder of Parquet files as pandas does; the newest commit in it."""
    table = pq.read_table(Ledger(data_dir).parquet_path / "balances", columns=["commit_number"])
    return max(table["commit_number"].to_pylist())


def read_dashboard(data_dir: Path) -> int:
    """Answer what a dashboard asks, on one look at the file, and stay a while on it."""
    with Ledger(data_dir).reader() as reader:
        [before] = reader.rows("SELECT commit_number FROM meta")
        assert latest_balances(reader)
        assert positions(reader)
        assert freshness(reader)
        time.sleep(0.2)
        [after] = reader.rows("SELECT commit_number FROM meta")
    assert before == after, "a look at the file changed under way"
    return int(before["commit_number"])


READERS: Final[Mapping[str, Callable[[Path], int]]] = {
    "file": read_file,
    "parquet": read_parquet,
    "dashboard": read_dashboard,
}


class Readers:
    """Readers that read until the block ends; `results` says then what they came to."""

    def __init__(self, data_dir: Path, counts: Mapping[str, int], *, pause: float = 0.0) -> None:
        self._data_dir = data_dir
        self._counts = counts
        self._pause = pause
        self.results: list[Read] = []

    def __enter__(self) -> Self:
        context: Any = forking()
        self._stack = ExitStack()
        self._stop: Event = context.Event()
        self._ends: list[Connection] = []
        started = [context.Event() for _ in range(sum(self._counts.values()))]
        kinds = [kind for kind, count in self._counts.items() for _ in range(count)]
        for kind, is_reading in zip(kinds, started, strict=True):
            here, there = context.Pipe(duplex=False)
            child = context.Process(
                target=_read_until,
                args=(kind, self._data_dir, self._pause, self._stop, is_reading, there),
            )
            child.start()
            self._stack.callback(child.join, 30)
            self._ends.append(here)
        for is_reading in started:
            assert is_reading.wait(30), "a reader did not get to its first read"
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.results = [end.recv() for end in self._ends]
        self._stack.close()


def _read_until(
    kind: str, data_dir: Path, pause: float, stop: Event, is_reading: Event, report: Connection
) -> None:
    reads, last, seen, problem = 0, 0, set[int](), None
    while not stop.is_set() and problem is None:
        try:
            commit_number = READERS[kind](data_dir)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what we are looking for
            problem = f"{type(error).__name__}: {error}"
        else:
            if commit_number < last:
                problem = f"went back from commit {last} to {commit_number}"
            last = commit_number
            seen.add(commit_number)
            reads += 1
        is_reading.set()
        time.sleep(pause)
    is_reading.set()
    report.send(Read(kind, reads, len(seen), problem))
