"""The ledger against SQLite, pandas on Parquet, and Dagster's IO manager, doing the same work."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import data
from benchmarks.contend import CONTENDERS

TASKS: Final = ("append a day", "latest", "at date", "as known at", "gap-filled year")
ROOT: Final = Path(__file__).resolve().parent.parent
IO_MANAGER_PYTHON: Final = ROOT / ".venv-bench" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one task took one contender."""

    seconds: float
    """Median."""
    repetitions: int
    peak_mb: float
    answer: str


def compare(folder: Path, accounts: int) -> str:
    """Fill all contenders below `folder`, ask all of them everything; a table in Markdown."""
    source = folder / "source"
    data.make(source, accounts)
    names = [name for name in CONTENDERS if _python(name).exists()]
    taken: dict[str, dict[str, Taken]] = {name: {} for name in names}
    for task in ("fill", "latest", "at date", "as known at", "gap-filled year", "append a day"):
        for name in names:
            taken[name][task] = _run(name, task, source, folder / name)
    return "\n".join([*_table(taken), "", *_remarks(taken, folder)])


def _python(name: str) -> Path:
    return IO_MANAGER_PYTHON if name == "io_manager" else Path(sys.executable)


def _run(name: str, task: str, source: Path, folder: Path) -> Taken:
    command = [str(_python(name)), "-m", "benchmarks.contend", name, task, str(source), str(folder)]
    done = subprocess.run(  # noqa: S603 - our own command
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    seconds = said["seconds"]
    taken = Taken(statistics.median(seconds), len(seconds), said["peak_mb"], said["answer"])
    print(f"{name}, {task}: {taken.seconds:.3f} s", file=sys.stderr, flush=True)  # noqa: T201
    return taken


def _table(taken: dict[str, dict[str, Taken]]) -> list[str]:
    """Seconds, times the ledger's, and the peak of memory."""
    lines = [
        f"| | {' | '.join(taken)} |",
        f"|---|{'---|' * len(taken)}",
    ]
    for task in TASKS:
        ours = taken["ledger"][task].seconds
        cells = [
            f"{mine.seconds:.3f} s ({mine.seconds / ours:.2g}x), {mine.peak_mb:.0f} MB"
            for mine in (one[task] for one in taken.values())
        ]
        lines.append(f"| {task} | {' | '.join(cells)} |")
    return lines


def _remarks(taken: dict[str, dict[str, Taken]], folder: Path) -> list[str]:
    sizes = ", ".join(f"{name} {_size(folder / name) / 1e6:.0f} MB" for name in taken)
    differ = [
        f"{task}: {name} answers {one[task].answer}, the ledger {taken['ledger'][task].answer}"
        for task in TASKS
        for name, one in taken.items()
        if one[task].answer != taken["ledger"][task].answer
    ]
    agree = "All give the same answers, compared by rows and sum."
    fewest = min(one[task].repetitions for one in taken.values() for task in TASKS)
    return [
        f"Median of {fewest} to 7 repetitions; in brackets, times the ledger's; peak memory.",
        f"On disk: {sizes}.",
        *([f"DIFFERENT: {text}" for text in differ] or [agree]),
    ]


def _size(folder: Path) -> int:
    files = {(path.stat().st_ino): path.stat().st_size for path in folder.rglob("*")}
    return sum(files.values())
