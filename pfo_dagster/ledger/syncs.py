"""Recording a sync of the account list or of transactions."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Literal

from pfo_dagster.ledger.arrow import insert, record_of
from pfo_dagster.ledger.computed import add_computed_balances
from pfo_dagster.ledger.database import rows_of
from pfo_dagster.ledger.refreshes import add_rejected
from pfo_dagster.ledger.results import RecordedSync
from pfo_dagster.ledger.tombstones import end_accounts, end_connections
from pfo_dagster.ledger.versions import (
    add_accounts,
    add_connections,
    add_transactions,
    vanished_accounts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from pfo_dagster.ledger.commits import Commit
    from pfo_dagster.ledger.rows import (
        AccountRow,
        ComputedBalanceRow,
        ConnectionRow,
        RejectedRow,
        Sync,
        TransactionRow,
    )


def find_sync(connection: DuckDBPyConnection, sync_id: str) -> RecordedSync | None:
    """What a sync came to when it was recorded, or None if it was not."""
    found = rows_of(
        connection,
        """
        SELECT sync_id, commit_number, changed_records, unchanged_records, vanished_records
        FROM syncs WHERE sync_id = ?
        """,
        [sync_id],
    )
    for identity, commit_number, changed, unchanged, vanished in found:
        return RecordedSync(
            sync_id=identity,
            commit_number=commit_number,
            changed_records=tuple(changed),
            unchanged_records=unchanged,
            vanished_records=tuple(vanished),
        )
    return None


def last_full_transaction_sync(
    connection: DuckDBPyConnection, tenant_id: str, provider: str
) -> datetime | None:
    """When the last sync of all transactions began (UTC); None before the first."""
    ((started_at,),) = rows_of(
        connection,
        "SELECT max(started_at) FROM syncs"
        " WHERE kind = 'transactions' AND full_listing AND tenant_id = ? AND provider = ?",
        [tenant_id, provider],
    )
    return None if started_at is None else started_at.replace(tzinfo=UTC)


def add_account_sync(
    commit: Commit,
    sync: Sync,
    connections: Sequence[ConnectionRow],
    accounts: Sequence[AccountRow],
    rejected: Sequence[RejectedRow],
) -> RecordedSync:
    """Write the listed connections and accounts; the figures of the sync count the accounts."""
    add_connections(commit, sync, connections)
    end_connections(commit, sync, connections)
    changed = add_accounts(commit, sync, accounts)
    missing = vanished_accounts(commit, sync, accounts, rejected)
    ended = end_accounts(commit, sync, missing)
    vanished = tuple(one for one in missing if one not in ended)
    add_rejected(commit, sync, sync.sync_id, rejected)
    recorded = tuple(sorted({*changed, *ended}))
    return _add_sync(commit, sync, "accounts", recorded, len(accounts) - len(changed), vanished)


def add_transaction_sync(
    commit: Commit,
    sync: Sync,
    transactions: Sequence[TransactionRow],
    rejected: Sequence[RejectedRow],
) -> RecordedSync:
    """Write the transactions of a period. One that is missing from it is left as it was."""
    changed = add_transactions(commit, sync, transactions)
    add_rejected(commit, sync, sync.sync_id, rejected)
    unchanged = len(transactions) - len(changed)
    return _add_sync(commit, sync, "transactions", changed, unchanged, ())


def add_computed_sync(
    commit: Commit,
    sync: Sync,
    balances: Sequence[ComputedBalanceRow],
    rejected: Sequence[RejectedRow],
) -> RecordedSync:
    """Write balances that the provider computed; the figures of the sync count days."""
    changed, unchanged = add_computed_balances(commit, sync, balances)
    add_rejected(commit, sync, sync.sync_id, rejected)
    return _add_sync(commit, sync, "computed balances", changed, unchanged, ())


def _add_sync(
    commit: Commit,
    sync: Sync,
    kind: Literal["accounts", "transactions", "computed balances"],
    changed: tuple[str, ...],
    unchanged: int,
    vanished: tuple[str, ...],
) -> RecordedSync:
    recorded = RecordedSync(
        sync_id=sync.sync_id,
        commit_number=commit.number,
        changed_records=changed,
        unchanged_records=unchanged,
        vanished_records=vanished,
    )
    row = {**record_of(sync), **record_of(recorded), "kind": kind, "recorded_at": commit.at}
    insert(commit.connection, "syncs", [row], key=("sync_id",))
    return recorded
