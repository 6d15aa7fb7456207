"""Attempts are safe at once, and the ledger is nobody's for longer than a moment."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pfo_dagster.ledger import Ledger
from pfo_dagster.operations.banking.attempts import AttemptLog
from pfo_dagster.operations.banking.decisions import RefreshPolicy

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def record(log: AttemptLog, connection_id: str) -> None:
    log.record(tenant_id="family", provider="p", connection_id=connection_id, run_id="run", at=NOON)


def recorded(folder: Path) -> set[str]:
    """Which connections were asked; fails if somebody holds the ledger."""
    with Ledger(folder).writer(timeout=0, publishes=False) as writer:
        return set(writer.sync_attempts("family", "p", NOON - timedelta(days=1)))


def test_a_burst_is_on_record_and_the_ledger_is_free_after_it(tmp_path: Path) -> None:
    async def burst() -> set[str]:
        with AttemptLog(Ledger(tmp_path), RefreshPolicy(), open_seconds=60) as log:
            record(log, "1")
            record(log, "2")
        return recorded(tmp_path)

    assert asyncio.run(burst()) == {"1", "2"}


def test_the_ledger_is_free_between_bursts(tmp_path: Path) -> None:
    async def bursts() -> list[set[str]]:
        with AttemptLog(Ledger(tmp_path), RefreshPolicy(), open_seconds=0) as log:
            record(log, "1")
            await asyncio.sleep(0.001)  # the loop's turn
            between = recorded(tmp_path)
            record(log, "2")
        return [between, recorded(tmp_path)]

    assert asyncio.run(bursts()) == [{"1"}, {"1", "2"}]


def test_who_records_too_late_does_not_keep_the_ledger(tmp_path: Path) -> None:
    async def late() -> set[str]:
        with AttemptLog(Ledger(tmp_path), RefreshPolicy()) as log:
            pass
        record(log, "1")
        return recorded(tmp_path)

    assert asyncio.run(late()) == {"1"}
