"""The refresh of 50 banks on a socket, with few accounts and many: time, memory and calls.

Beside it the least that a program could do: the same calls one after the other with httpx, nothing
decided, checked or recorded. Each has a process (`refreshing`) and a sandbox of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pfo_dagster.openbanking.sandbox import (
    SANDBOX_TOKEN,
    AccountPlan,
    ConnectionPlan,
    Rhythm,
    SandboxState,
    World,
    sandbox_app,
)
from pfo_dagster.openbanking.sandbox.server import running

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Sequence

BANKS: Final = 50
_KEY: Final = "pfo.workflow.refresh-openbanking-balances"
_PYTHON: Final = sys.executable
_PFO: Final = Path(_PYTHON).parent / "pfo"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one process took, and what it asked for."""

    seconds: float
    """Of the work alone where the process tells them, else from its start to its end."""
    cpu: float
    """Seconds of processor, its start included."""
    peak_mb: float
    calls: Counter[str]


def compare(folder: Path, accounts: int) -> str:
    """The operation, the plain loop and `pfo run`, for ever more accounts; a table in Markdown."""
    lines = [
        "| accounts at 50 banks | plain loop | operation | ratio | `pfo run` | calls |",
        "|---|---|---|---|---|---|",
    ]
    for count in (BANKS, accounts // 10, accounts // 2, accounts):
        loop, operation = (
            _measured(count, [_PYTHON, "-m", "benchmarks.refreshing", what], folder / what)
            for what in ("loop", "operation")
        )
        run = _measured(count, [str(_PFO), "run", _KEY], folder / f"run-{count}")
        lines.append(
            f"| {count:,} | {_told(loop)} | {_told(operation)} |"
            f" {operation.seconds / loop.seconds:.1f}x | {_told(run)} |"
            f" {_calls(loop)}; {_calls(operation)} |"
        )
    return "\n".join(lines)


def world(accounts: int) -> World:
    """Fifty banks that are stale, so that each has to be asked, with accounts spread over them."""
    connections = tuple(
        ConnectionPlan(
            connection_id=number,
            connector_id=number,
            connector_uuid=f"00000000-0000-4000-8000-{number:012}",
            institution=f"Bank {number}",
            rhythm=Rhythm(every_days=30, known_after=timedelta(days=3)),
        )
        for number in range(1, BANKS + 1)
    )
    plans = tuple(
        AccountPlan(
            account_id=1000 + number,
            connection_id=1 + number % BANKS,
            name=f"Account {number}",
            kind="checking",
            currency="EUR",
            opening=Decimal(number) + Decimal("0.01"),
        )
        for number in range(accounts)
    )
    began = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return World(seed=1, connections=connections, accounts=plans, began=began - timedelta(days=150))


@contextlib.contextmanager
def _sandbox(accounts: int) -> Generator[tuple[str, Counter[str]]]:
    """The sandbox of such a world on a socket, with a count of what was asked."""
    calls: Counter[str] = Counter()
    app = sandbox_app(
        world=world(accounts), clock=lambda: datetime.now(UTC), state=SandboxState(None)
    )
    with running(_counting(app, calls)) as base_url:
        yield base_url, calls


def _counting(
    app: Callable[..., Awaitable[None]], calls: Counter[str]
) -> Callable[..., Awaitable[None]]:
    async def counted(scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401
        if scope["type"] == "http":
            calls[scope["method"]] += 1
        await app(scope, receive, send)

    return counted


def _measured(accounts: int, command: Sequence[str], data_dir: Path) -> Taken:
    """Run a command that asks 50 banks with so many accounts, and keeps what it keeps in a folder.

    The last line that it prints is its seconds, if it is a number.
    """
    with _sandbox(accounts) as (base_url, calls):
        environment = {
            **os.environ,
            "PFO_DATA_DIR": str(data_dir / str(accounts)),
            "POWENS_BASE_URL": base_url,
            "POWENS_USER_TOKEN": SANDBOX_TOKEN,
        }
        began = time.perf_counter()
        run = subprocess.run(  # noqa: S603
            [_PYTHON, "-S", "-m", "benchmarks.launching", *command],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
    if run.returncode:
        raise SystemExit(f"{' '.join(command)} failed; see above")
    *said, taken = run.stdout.splitlines()
    with contextlib.suppress(ValueError, IndexError):
        seconds = float(said[-1])
    return Taken(seconds=seconds, calls=Counter(calls), **json.loads(taken))


def _told(taken: Taken) -> str:
    return f"{taken.seconds:.2f} s (cpu {taken.cpu:.1f} s), {taken.peak_mb:.0f} MB"


def _calls(taken: Taken) -> str:
    return ", ".join(f"{count} {method}" for method, count in sorted(taken.calls.items()))
