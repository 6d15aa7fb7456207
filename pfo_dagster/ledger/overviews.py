"""Recording overviews of a period: a new one is kept only if its figures differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pfo_dagster.ledger.arrow import incoming, insert, record_of
from pfo_dagster.ledger.database import rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from pfo_dagster.ledger.commits import Commit
    from pfo_dagster.ledger.rows import Overview, OverviewRow

_KEY: Final = ("measure", "category", "currency")
_COLUMNS: Final = (*_KEY, "amount", "item_count")

_NEWEST: Final = """
    SELECT measure, category, currency, amount, item_count
    FROM history.overview_rows
    WHERE commit_number = (
        SELECT max(commit_number) FROM history.overviews
        WHERE tenant_id = $tenant_id AND provider = $provider
            AND period_start = $period_start AND period_end = $period_end
    )
"""
_DIFFERENCES: Final = f"""
    (FROM incoming EXCEPT ({_NEWEST})) UNION ALL (({_NEWEST}) EXCEPT FROM incoming)
"""


def differs(
    connection: DuckDBPyConnection, overview: Overview, rows: Sequence[OverviewRow]
) -> bool:
    """Whether the figures are not those of the newest overview of the same period."""
    period = {
        "tenant_id": overview.tenant_id,
        "provider": overview.provider,
        "period_start": overview.period_start,
        "period_end": overview.period_end,
    }
    records = (record_of(row) for row in rows)
    with incoming(connection, "history.overview_rows", records, columns=_COLUMNS, key=_KEY):
        return bool(rows_of(connection, _DIFFERENCES, period))


def add_overview(commit: Commit, overview: Overview, rows: Sequence[OverviewRow]) -> None:
    """Write an overview as the newest of its period."""
    number = {"commit_number": commit.number}
    head = {**record_of(overview), **number}
    insert(commit.connection, "history.overviews", [head], key=("period_start",))
    records = ({**record_of(row), **number} for row in rows)
    insert(commit.connection, "history.overview_rows", records, key=_KEY)
