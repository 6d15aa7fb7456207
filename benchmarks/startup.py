"""How long one waits for what everybody runs: the command, its definitions, and `make run`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

REPETITIONS: Final = 5
_BIN: Final = Path(sys.executable).parent
_KEY: Final = "pfo.workflow.refresh-openbanking-balances"

_MEASURED: Final = {
    "an empty Python": [sys.executable, "-c", "pass"],
    "`import dagster`, for comparison": [sys.executable, "-c", "import dagster"],
    "`pfo --help`": [str(_BIN / "pfo"), "--help"],
    "`pfo check specs`": [str(_BIN / "pfo"), "check", "specs"],
    "`pfo query`": [str(_BIN / "pfo"), "query", "FROM meta"],
    "importing the definitions": [sys.executable, "-c", "import pfo_dagster.definitions"],
    "loading the code location": [
        sys.executable,
        "-c",
        "from pfo_dagster.definitions import defs; defs().get_repository_def()",
    ],
    "`pfo run`, as `make run` does": [str(_BIN / "pfo"), "run", _KEY],
}


def measure(folder: Path) -> str:
    """Median of several processes each, in a data folder in which a run was made; Markdown."""
    environment = {**os.environ, "PFO_DATA_DIR": str(folder)}
    _seconds(_MEASURED["`pfo run`, as `make run` does"], environment)
    lines = ["| | median | slowest |", "|---|---|---|"]
    for name, command in _MEASURED.items():
        seconds = [_seconds(command, environment) for _ in range(REPETITIONS)]
        lines.append(f"| {name} | {statistics.median(seconds):.2f} s | {max(seconds):.2f} s |")
    return "\n".join(lines)


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environment, capture_output=True, check=True)  # noqa: S603 - ours
    return time.perf_counter() - began
