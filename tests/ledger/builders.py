"""Short ways to write the rows that a test is about; everything else gets an ordinary value."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pfo_dagster.ledger import (
    AccountOutcome,
    AccountRow,
    BalanceRow,
    ConnectionDecision,
    ConnectionRow,
    Ledger,
    RecordedRefresh,
    Refresh,
    RejectedRow,
    Sync,
    TransactionRow,
    Writer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
"""Noon in Paris."""

_ACCOUNT = AccountRow(
    account_id="1",
    connection_id="c1",
    parent_account_id=None,
    name="Joint account",
    account_type="checking",
    usage="PRIV",
    currency="EUR",
    currency_precision=2,
    iban_masked="FR76 •••• 0189",
    iban_hash="ab12",
    number_masked="•••• 0189",
    display=True,
    disabled_at=None,
    deleted_at=None,
    error=None,
)
_CONNECTION = ConnectionRow(
    connection_id="c1",
    user_id="7",
    institution="Banque du Lac",
    state="ok",
    state_detail=None,
    last_update=NOON,
    next_try=None,
    consent_expires=None,
    active=True,
    needs_attention=False,
)
_BALANCE = BalanceRow(
    account_id="1",
    connection_id="c1",
    balance_type="current",
    amount=Decimal("100.00"),
    currency="EUR",
    as_of=NOON,
    as_of_basis="connection",
    fetched_at=NOON,
    state="ok",
)
_TRANSACTION = TransactionRow(
    transaction_id="t1",
    account_id="1",
    booked_on=NOON.date(),
    realised_on=None,
    value=Decimal("-12.30"),
    original_value=None,
    original_currency=None,
    transaction_type="card",
    wording="Bakery",
    coming=False,
    active=True,
    last_update=NOON,
    deleted_at=None,
)


def empty_ledger(data_dir: Path, clock: Callable[[], datetime] = lambda: NOON) -> Ledger:
    """A ledger whose schema is in place already: a copy, which is much faster than making one."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    ledger = Ledger(data_dir, clock=clock)
    ledger.warehouse_path.touch(mode=0o600)
    ledger.warehouse_path.write_bytes(_empty_warehouse())
    return ledger


@cache
def _empty_warehouse() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder), clock=lambda: NOON - timedelta(days=365))
        with ledger.writer():
            pass
        return ledger.warehouse_path.read_bytes()


def account(**changes: object) -> AccountRow:
    return replace(_ACCOUNT, **changes)  # pyright: ignore[reportArgumentType] any field


def connection(**changes: object) -> ConnectionRow:
    return replace(_CONNECTION, **changes)  # pyright: ignore[reportArgumentType] any field


def balance(amount: str | None = "100.00", **changes: object) -> BalanceRow:
    row = replace(_BALANCE, amount=None if amount is None else Decimal(amount))
    return replace(row, **changes)  # pyright: ignore[reportArgumentType] any field


def transaction(**changes: object) -> TransactionRow:
    return replace(_TRANSACTION, **changes)  # pyright: ignore[reportArgumentType] any field


def refresh(
    refresh_id: str = "r1",
    at: datetime = NOON,
    provider: str = "sandbox",
    tenant_id: str = "home",
) -> Refresh:
    return Refresh(
        refresh_id=refresh_id,
        tenant_id=tenant_id,
        provider=provider,
        run_id=f"run-{refresh_id}",
        step_id="refresh-balances",
        workflow_key="pfo.workflow.refresh-openbanking-balances",
        workflow_version="1.0.0",
        workflow_digest="d1",
        started_at=at,
        finished_at=at,
    )


def sync(sync_id: str = "s1", at: datetime = NOON) -> Sync:
    return Sync(
        sync_id=sync_id,
        tenant_id="home",
        provider="sandbox",
        run_id=f"run-{sync_id}",
        started_at=at,
        finished_at=at,
    )


def record(
    writer: Writer,
    of: Refresh,
    balances: Sequence[BalanceRow],
    *,
    accounts: Sequence[AccountRow] | None = None,
    connections: Sequence[ConnectionRow] = (_CONNECTION,),
    rejected: Sequence[RejectedRow] = (),
) -> RecordedRefresh:
    """Record a refresh whose accounts are those of its balances, unless given."""
    if accounts is None:
        ids = dict.fromkeys(row.account_id for row in balances)
        accounts = [account(account_id=account_id) for account_id in ids]
    return writer.record_refresh(
        of,
        connections=connections,
        accounts=accounts,
        balances=balances,
        outcomes=[
            AccountOutcome(account_id=row.account_id, outcome="observed") for row in accounts
        ],
        decisions=[
            ConnectionDecision(connection_id=row.connection_id, decision="read")
            for row in connections
        ],
        provider_totals={},
        rejected=rejected,
    )


def published(ledger: Ledger, relation: str, order: str = "ALL") -> list[dict[str, Any]]:
    """What readers see of a relation now."""
    with ledger.reader() as reader:
        return reader.rows(f"FROM {relation} ORDER BY {order}")


def in_another_process(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run Python code with arguments; the caller looks at what it printed."""
    return subprocess.run(  # noqa: S603 our own code
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
