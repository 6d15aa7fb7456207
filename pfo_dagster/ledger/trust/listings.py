"""Whether what the provider listed last could be read, all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.ledger.trust.finding import Finding, objections

if TYPE_CHECKING:
    from datetime import datetime

    from pfo_dagster.ledger.reader import Reader


def rows_could_be_read(reader: Reader, _moment: datetime) -> Finding:
    """Nothing was left out of the newest listing of each kind, be it a row or a part of one."""
    return objections(
        reader,
        """
        WITH listings AS (
            SELECT tenant_id, provider, 'accounts' AS kind, refresh_id AS source_id, commit_number
            FROM refreshes
            UNION ALL SELECT tenant_id, provider, kind, sync_id, commit_number FROM syncs
        ),
        newest AS (
            FROM listings
            QUALIFY row_number() OVER (
                PARTITION BY tenant_id, provider, kind ORDER BY commit_number DESC
            ) = 1
        )
        SELECT rejected.tenant_id, rejected.provider, relation, record_id, reason
        FROM rejected JOIN newest USING (source_id)
        ORDER BY ALL
        """,
        passed="All rows that the provider listed could be read.",
        failed="rows of the newest listings could not be trusted, wholly or in part (the relation"
        " `rejected` says why)",
    )
