"""A burst of webhooks against `pfo webhooks serve`: how long answers take, and what is kept.

Events come evenly over ten seconds, as a burst of Powens would, each a sync of its own, and each
has to be answered before Powens gives up. Beside it all at once, which no receiver is promised.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import dagster as dg
import httpx
from pydantic import SecretStr

from pfo_dagster.automation.webhooks import WEBHOOKS, kept_events
from pfo_dagster.openbanking.powens.signature import DATE_HEADER, SIGNATURE_HEADER, sign

if TYPE_CHECKING:
    from collections.abc import Generator

EVENTS: Final = 1000
BURST: Final = timedelta(seconds=10)
_SECRET: Final = "benchmark"  # noqa: S105 - opens nothing
_PATH: Final = "/webhooks/connection-synced"
_PFO: Final = Path(sys.executable).parent / "pfo"


def measure(folder: Path) -> str:
    """The burst over ten seconds and all at once; a table in Markdown."""
    lines = [
        "| 1,000 events | answered | median | 95 of 100 within | slowest | kept | entries |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, over in (("over 10 s", BURST), ("50 at a time", timedelta(0))):
        data_dir = folder / name.replace(" ", "-")
        with _receiver(data_dir) as address:
            answers = sorted(asyncio.run(_burst(address, over)))
        with dg.DagsterInstance.from_config(str(data_dir / "dagster")) as instance:
            kept = len({event.key for event in kept_events(instance, entries=EVENTS)})
            entries = len(instance.fetch_observations(WEBHOOKS, limit=EVENTS).records)
        lines.append(
            f"| {name} | {len(answers)} | {statistics.median(answers) * 1000:.0f} ms |"
            f" {answers[int(0.95 * len(answers))] * 1000:.0f} ms | {answers[-1] * 1000:.0f} ms |"
            f" {kept} | {entries} |"
        )
    return "\n".join(lines)


@contextmanager
def _receiver(data_dir: Path) -> Generator[str]:
    """`pfo webhooks serve` in a process of its own, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "PFO_DATA_DIR": str(data_dir),
        "POWENS_WEBHOOK_SECRET": _SECRET,
    }
    command = [_PFO, "webhooks", "serve", "--port", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet) as receiver:  # noqa: S603
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address)
            yield address
        finally:
            receiver.send_signal(signal.SIGINT)
            receiver.wait(30)


def _wait_for(address: str) -> None:
    for _ in range(600):
        try:
            httpx.get(f"{address}/health")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("`pfo webhooks serve` did not start")


async def _burst(address: str, over: timedelta) -> list[float]:
    """Send every event at its time; the seconds that each took to be answered with 200."""
    gate = asyncio.Semaphore(50)
    began = time.perf_counter()

    async with httpx.AsyncClient(base_url=address, timeout=60) as client:

        async def send(number: int) -> float:
            due = number * over.total_seconds() / EVENTS
            await asyncio.sleep(max(0, began + due - time.perf_counter()))
            async with gate:
                body, headers = _signed(number)
                sent = time.perf_counter()
                (await client.post(_PATH, content=body, headers=headers)).raise_for_status()
                return time.perf_counter() - sent

        return await asyncio.gather(*(send(number) for number in range(EVENTS)))


def _signed(number: int) -> tuple[bytes, dict[str, str]]:
    """An event as Powens makes it: of one of fifty connections, each a minute later."""
    at = datetime(2026, 11, 20, 12, tzinfo=UTC) + timedelta(minutes=number // 50)
    connection = {
        "id": 100 + number % 50,
        "id_user": 1,
        "state": None,
        "last_update": f"{at:%Y-%m-%d %H:%M:%S}",
    }
    body = json.dumps({"user": {"id": 1}, "connection": connection}).encode()
    signature = sign(SecretStr(_SECRET), path=_PATH, date="0", body=body)
    return body, {DATE_HEADER: "0", SIGNATURE_HEADER: signature}
