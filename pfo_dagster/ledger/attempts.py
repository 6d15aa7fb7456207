"""The record of forced syncs, from which their budget is reckoned.

Banks allow about four unattended accesses a day and account, so an attempt is recorded before the
call: if we die in between, it counts as used.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from pfo_dagster.ledger.database import rows_of
from pfo_dagster.ledger.instants import naive_utc

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from pfo_dagster.ledger.commits import Commit


def attempt_columns(
    tenant_id: str, provider: str, connection_id: str, run_id: str, at: datetime
) -> dict[str, object]:
    """The columns that make one attempt."""
    return {
        "tenant_id": tenant_id,
        "provider": provider,
        "connection_id": connection_id,
        "run_id": run_id,
        "attempted_at": naive_utc(at),
    }


def is_recorded(connection: DuckDBPyConnection, attempt: Mapping[str, object]) -> bool:
    """Whether this very attempt was recorded already, by a try whose answer was lost."""
    return bool(
        rows_of(
            connection,
            """
            FROM sync_attempts
            WHERE tenant_id = $tenant_id AND provider = $provider AND run_id = $run_id
                AND connection_id = $connection_id AND attempted_at = $attempted_at
            """,
            attempt,
        )
    )


def add_attempt(commit: Commit, attempt: Mapping[str, object]) -> None:
    """Write one attempt."""
    commit.connection.execute(
        """
        INSERT INTO sync_attempts VALUES
            ($tenant_id, $provider, $connection_id, $run_id, $attempted_at, $commit_number)
        """,
        {**attempt, "commit_number": commit.number},
    )


def attempts_since(
    connection: DuckDBPyConnection, tenant_id: str, provider: str, since: datetime
) -> dict[str, list[datetime]]:
    """The instants of the attempts at or after `since`, oldest first, by connection."""
    found = rows_of(
        connection,
        """
        SELECT connection_id, list(attempted_at ORDER BY attempted_at)
        FROM sync_attempts
        WHERE tenant_id = ? AND provider = ? AND attempted_at >= ?
        GROUP BY connection_id
        """,
        [tenant_id, provider, naive_utc(since)],
    )
    return {
        str(connection_id): [instant.replace(tzinfo=UTC) for instant in instants]
        for connection_id, instants in found
    }
