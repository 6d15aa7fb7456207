"""Balances that the provider computed for days before the first observation: kept apart from those.

Called by `writer`. A day whose computed balance changed gets a new version; the same again adds
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pfo_dagster.ledger.arrow import incoming, record_of
from pfo_dagster.ledger.database import rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from duckdb import DuckDBPyConnection

    from pfo_dagster.ledger.commits import Commit
    from pfo_dagster.ledger.rows import ComputedBalanceRow, Sync

_ADD: Final = """
    INSERT INTO history.computed_balances BY NAME
    SELECT incoming.*, $sync_id AS sync_id, $commit AS commit_number, $at AS recorded_at
    FROM incoming
    LEFT JOIN computed_balances AS known USING (tenant_id, provider, account_id, day)
    WHERE (incoming.amount, incoming.currency) IS DISTINCT FROM (known.amount, known.currency)
    RETURNING account_id
"""
# Of investments and debts more moves the balance than the transactions that are replayed.
_FIRST_DAYS: Final = """
    SELECT now_known.account_id, min(balances.day)
    FROM account_lineage AS now_known
    JOIN accounts USING (tenant_id, provider, account_id)
    JOIN account_types USING (account_type)
    JOIN account_lineage AS earlier USING (tenant_id, provider, current_account_id)
    JOIN balances
        ON balances.tenant_id = earlier.tenant_id
        AND balances.provider = earlier.provider
        AND balances.account_id = earlier.account_id
    WHERE tenant_id = ? AND provider = ? AND balances.balance_type = 'current'
        AND accounts.closed_on IS NULL AND account_types.asset_class = 'cash'
    GROUP BY ALL
"""


def add_computed_balances(
    commit: Commit, sync: Sync, rows: Sequence[ComputedBalanceRow]
) -> tuple[tuple[str, ...], int]:
    """The accounts that got computed balances, and how many of the rows were known already."""
    records = (record_of(row, sync) for row in rows)
    key = ("account_id", "day")
    with incoming(commit.connection, "history.computed_balances", records, key=key) as columns:
        if not columns:
            return (), 0
        added = rows_of(commit.connection, _ADD, {"sync_id": sync.sync_id, **commit.stamp})
    return tuple(sorted({str(account_id) for (account_id,) in added})), len(rows) - len(added)


def first_observed_days(
    connection: DuckDBPyConnection, tenant_id: str, provider: str
) -> dict[str, date]:
    """The first observed day (Paris) of each open cash account, under whichever id it had then."""
    return {
        str(account_id): day
        for account_id, day in rows_of(connection, _FIRST_DAYS, [tenant_id, provider])
    }
