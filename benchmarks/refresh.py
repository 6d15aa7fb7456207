"""`pfo run` of the refresh against 50 banks on a socket: time, memory and calls, by accounts.

Beside it the least that a program could do: the same calls one after the other with httpx, nothing
decided, checked or recorded.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx

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
    from collections.abc import Awaitable, Callable, Generator

BANKS: Final = 50
_KEY: Final = "pfo.workflow.refresh-openbanking-balances"
_PFO: Final = Path(sys.executable).parent / "pfo"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one refresh took, and what it asked for."""

    seconds: float
    peak_mb: float
    calls: Counter[str]


def compare(folder: Path, accounts: int) -> str:
    """Refresh a tenth of the accounts and all of them, twice each; a table in Markdown."""
    lines = [
        "| accounts at 50 banks | `pfo run` | peak memory | calls | plain httpx loop |",
        "|---|---|---|---|---|",
    ]
    for count in (BANKS, accounts // 10, accounts):
        with _sandbox(count) as (base_url, calls):
            for attempt in ("first", "second"):
                taken = _pfo_run(folder / str(count), base_url, calls)
                lines.append(
                    f"| {count:,}, {attempt} refresh | {taken.seconds:.2f} s |"
                    f" {taken.peak_mb:.0f} MB | {_told(taken.calls)} | |"
                )
            seconds = _plain_loop(base_url, calls)
            lines.append(f"| {count:,}, read and sync | | | {_told(calls)} | {seconds:.2f} s |")
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


@contextmanager
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


def _pfo_run(data_dir: Path, base_url: str, calls: Counter[str]) -> Taken:
    calls.clear()
    environment = {
        **os.environ,
        "PFO_DATA_DIR": str(data_dir),
        "POWENS_BASE_URL": base_url,
        "POWENS_USER_TOKEN": SANDBOX_TOKEN,
    }
    began = time.perf_counter()
    with subprocess.Popen([_PFO, "run", _KEY], env=environment, stdout=subprocess.DEVNULL) as run:  # noqa: S603
        _, status, usage = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode:
        raise SystemExit("`pfo run` failed; see above")
    return Taken(time.perf_counter() - began, usage.ru_maxrss / 1024, Counter(calls))


def _plain_loop(base_url: str, calls: Counter[str]) -> float:
    """Ask the same of the same server, one call after the other, and keep nothing."""
    calls.clear()
    began = time.perf_counter()
    headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
    with httpx.Client(headers=headers, timeout=300) as client:
        listing = client.get(f"{base_url}/users/me/connections?expand=connector").json()
        for connection in listing["connections"]:
            address = f"{base_url}/users/me/connections/{connection['id']}"
            client.put(f"{address}?psu_requested=false")  # 409 where it was synced just now
        client.get(f"{base_url}/users/me/accounts?all").json()
    return time.perf_counter() - began


def _told(calls: Counter[str]) -> str:
    return ", ".join(f"{count} {method}" for method, count in sorted(calls.items()))
