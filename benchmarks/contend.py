"""One task of one contender, in a process of its own: `python -m benchmarks.contend ...`.

Prints a line of JSON: the seconds of each repetition, the process's peak memory, and what the
answer came to, so that contenders that answer differently are found out. Imports nothing that not
every contender's environment has.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.data import APPENDED, LAST_DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTENDERS = {
    "ledger": "benchmarks.contenders.ledger:LedgerContender",
    "sqlite": "benchmarks.contenders.sqlite:SqliteContender",
    "pandas": "benchmarks.contenders.pandas_parquet:PandasContender",
    "io_manager": "benchmarks.contenders.io_manager:IoManagerContender",
}
YEAR_AGO = LAST_DAY - timedelta(days=365)
ENOUGH_SECONDS = 30.0
"""No further repetition is begun after so long."""


def calls(contender: Any, task: str, source: Path) -> Iterator[Callable[[], object]]:  # noqa: ANN401 - of either environment
    """The task, once per repetition."""
    once: dict[str, Callable[[], object]] = {
        "latest": contender.latest,
        "at date": lambda: contender.at_date(YEAR_AGO),
        "as known at": lambda: contender.as_known_at(
            datetime.combine(YEAR_AGO, datetime.min.time(), UTC)
        ),
        "gap-filled year": lambda: contender.gap_filled_year(
            YEAR_AGO + timedelta(days=1), LAST_DAY
        ),
    }
    if task == "append a day":
        for number in range(APPENDED):
            yield lambda number=number: contender.append(source / f"day-{number}.parquet")
    elif task == "fill":
        yield lambda: contender.fill(source)
    else:
        for _ in range(APPENDED):
            yield once[task]


def total(answer: Any) -> str:  # noqa: ANN401 - each contender has a kind of its own
    """Rows and sum of an answer, whatever it is kept in."""
    if answer is None:
        return ""
    if hasattr(answer, "to_pylist"):
        amounts = [row["amount"] * 100 for row in answer.to_pylist()]
    elif hasattr(answer, "columns"):
        amounts = answer["cents"].tolist()
    else:
        amounts = [row[-1] if isinstance(row[-1], int) else row[1] for row in answer]
    return f"{len(amounts)} rows, {int(sum(amounts))}"


def main(name: str, task: str, source: str, folder: str) -> None:
    """Repeat the task, and print what it took."""
    module, _, kind = CONTENDERS[name].partition(":")
    contender = getattr(importlib.import_module(module), kind)(Path(folder))
    seconds: list[float] = []
    answer = None
    for call in calls(contender, task, Path(source)):
        began = time.perf_counter()
        answer = call()
        seconds.append(time.perf_counter() - began)
        if sum(seconds) > ENOUGH_SECONDS:
            break
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "answer": total(answer)}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
