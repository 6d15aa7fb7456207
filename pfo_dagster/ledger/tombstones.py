"""Connections that were deleted at the provider, and their accounts: an end with a date.

The provider erases a deleted connection with all that it had, so that it is told only by a full
listing that lacks it. An account that is missing while its connection is there is no such thing: it
is named as vanished (`versions.vanished_accounts`), and kept in totals until somebody has looked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pfo_dagster.ledger.database import rows_of
from pfo_dagster.ledger.instants import bank_day, naive_utc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from pfo_dagster.ledger.commits import Commit
    from pfo_dagster.ledger.rows import ConnectionRow, Refresh, Sync

_END_CONNECTIONS: Final = """
    INSERT INTO history.connections BY NAME
    SELECT * EXCLUDE (changed_at) REPLACE (
        'deleted' AS state,
        NULL AS state_detail,
        NULL AS next_try,
        false AS active,
        false AS needs_attention,
        $commit AS commit_number
    ), $at AS recorded_at
    FROM connections
    WHERE tenant_id = $tenant_id AND provider = $provider AND state <> 'deleted'
        AND connection_id NOT IN (SELECT unnest($listed::VARCHAR[]))
    RETURNING connection_id
"""
_END_ACCOUNTS: Final = """
    INSERT INTO history.accounts BY NAME
    SELECT * EXCLUDE (changed_at) REPLACE (
        $ended_at AS deleted_at,
        least(closed_on, $today) AS closed_on,
        $commit AS commit_number
    ), $at AS recorded_at
    FROM accounts
    WHERE tenant_id = $tenant_id AND provider = $provider AND deleted_at IS NULL
        AND account_id IN (SELECT unnest($vanished::VARCHAR[]))
        AND connection_id IN (
            SELECT connection_id FROM connections
            WHERE tenant_id = $tenant_id AND provider = $provider AND state = 'deleted'
        )
    RETURNING account_id
"""


_FOLLOWED: Final = """
    SELECT connection_id, count(account_id)
    FROM connections
    LEFT JOIN (FROM accounts WHERE deleted_at IS NULL AND disabled_at IS NULL) AS followed
        USING (tenant_id, provider, connection_id)
    WHERE tenant_id = $tenant_id AND provider = $provider AND connections.state <> 'deleted'
    GROUP BY connection_id
"""


def followed_accounts(
    connection: DuckDBPyConnection, tenant_id: str, provider: str
) -> dict[str, int]:
    """How many accounts are followed (not deleted, not disabled) at each undeleted connection."""
    asked = {"tenant_id": tenant_id, "provider": provider}
    return {str(name): int(count) for name, count in rows_of(connection, _FOLLOWED, asked)}


def end_connections(
    commit: Commit, source: Refresh | Sync, listed: Sequence[ConnectionRow]
) -> tuple[str, ...]:
    """The ids of the known connections that a full listing lacks, each now `deleted`."""
    if not source.full_listing:
        return ()
    asked = {**_scope(source), "listed": [row.connection_id for row in listed]}
    ended = rows_of(commit.connection, _END_CONNECTIONS, {**asked, **commit.stamp})
    return tuple(sorted(str(connection_id) for (connection_id,) in ended))


def end_accounts(
    commit: Commit, source: Refresh | Sync, vanished: Sequence[str]
) -> tuple[str, ...]:
    """The ids of those accounts of `vanished` whose connection is deleted, each now deleted too."""
    if not vanished:
        return ()
    asked = {
        **_scope(source),
        "vanished": list(vanished),
        "ended_at": naive_utc(source.finished_at),
        "today": bank_day(source.finished_at),
    }
    ended = rows_of(commit.connection, _END_ACCOUNTS, {**asked, **commit.stamp})
    return tuple(sorted(str(account_id) for (account_id,) in ended))


def _scope(source: Refresh | Sync) -> dict[str, object]:
    return {"tenant_id": source.tenant_id, "provider": source.provider}
