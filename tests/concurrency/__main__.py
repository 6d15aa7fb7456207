"""`python -m tests.concurrency --refreshes 100 --readers 8 --dashboard`: everybody at once.

Runs the refresh workflow on the sandbox as often as asked, a day apart, while readers open the
published file again and again, another reads the Parquet files, and the dashboard is open in a
browser. Ends with status 1 if any reader failed or saw a part of a refresh, if a run waited for the
writer's lock, or if the dashboard did not come to show the last publication.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from pfo_dagster.ledger import Ledger
from tests.concurrency.reading import Readers
from tests.concurrency.window import Window
from tests.workflows.household import BALANCES, Household


@dataclass
class Watched(Household):
    """A household whose runs are heard when they wait for the ledger's lock."""

    naps: list[float] = field(default_factory=list[float])

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.data_dir, clock=self.clock, sleep=self.naps.append)


def main() -> int:
    """Run what was asked for, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.concurrency", description=__doc__)
    parser.add_argument("--refreshes", type=int, default=100)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--dashboard", action="store_true", help="with a window in Chromium")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pfo-concurrency-") as folder:
        problems = at_once(
            Path(folder), asked.refreshes, asked.readers, with_window=asked.dashboard
        )
    print("\n".join(problems or ["Nobody failed, and nobody waited."]))  # noqa: T201 - the result
    return 1 if problems else 0


def at_once(folder: Path, refreshes: int, readers: int, *, with_window: bool) -> list[str]:
    """Refresh while everybody reads; what went wrong."""
    household = Watched(folder)
    assert household.run(BALANCES).success
    seconds: list[float] = []
    reading = Readers(folder, {"file": readers, "dashboard": 1, "parquet": 1}, pause=0.05)
    window = Window(folder) if with_window else None
    with ExitStack() as everybody:
        if window is not None:
            everybody.enter_context(window)
        everybody.enter_context(reading)
        for _ in range(refreshes):
            household.clock.move(days=1)
            began = time.perf_counter()
            assert household.run(BALANCES).success
            seconds.append(time.perf_counter() - began)
        with household.ledger.reader() as reader:
            [meta] = reader.rows("SELECT commit_number FROM meta")
            [runs] = reader.rows("SELECT count(*) AS n FROM refreshes")
        if window is not None:
            window.last_publication = meta["commit_number"]
    problems = [f"A reader of kind {one.kind}: {one.error}" for one in reading.results if one.error]
    if household.naps:
        problems.append(f"Runs waited {len(household.naps)} times for the writer's lock.")
    if runs["n"] != refreshes + 1:
        problems.append(f"{runs['n']} refreshes are on record, not {refreshes + 1}.")
    median, slowest = statistics.median(seconds), max(seconds)
    say(f"{refreshes} runs, median {median:.2f} s, slowest {slowest:.2f} s.")
    say(f"{sum(one.reads for one in reading.results)} reads by {len(reading.results)} readers.")
    if window is not None:
        numbers = window.result.publications
        say(f"The dashboard showed {len(numbers)} publications, the last {numbers[-1:]}.")
        if window.result.error:
            problems.append(f"The dashboard: {window.result.error}")
        if numbers != sorted(numbers):
            problems.append(f"The dashboard went back: {numbers}")
    return problems


def say(text: str) -> None:
    """Tell what was counted."""
    print(text, flush=True)  # noqa: T201 - a command's output


if __name__ == "__main__":
    sys.exit(main())
