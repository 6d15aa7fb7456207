"""Adding reference rates of currencies: what was published that was not known already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pfo_dagster.ledger.arrow import incoming, insert, record_of
from pfo_dagster.ledger.database import rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from duckdb import DuckDBPyConnection

    from pfo_dagster.ledger.commits import Commit
    from pfo_dagster.ledger.rows import RatesDocument, ReferenceRateRow

_KEY: Final = ("currency", "day")


def newest_rate_day(connection: DuckDBPyConnection, source: str) -> date | None:
    """The last day of which the ledger has rates of the source."""
    [(day,)] = rows_of(
        connection, "SELECT max(day) FROM reference_rates WHERE source = ?", [source]
    )
    return day


def new_rates(
    connection: DuckDBPyConnection, document: RatesDocument, rates: Sequence[ReferenceRateRow]
) -> list[ReferenceRateRow]:
    """The rates that are not in the ledger, or there with another figure."""
    records = (record_of(row) for row in rates)
    with incoming(
        connection,
        "history.reference_rates",
        records,
        columns=("day", "currency", "rate"),
        key=_KEY,
    ):
        added = rows_of(
            connection,
            """
            SELECT currency, day FROM (
                SELECT day, currency, rate FROM incoming
                EXCEPT SELECT day, currency, rate FROM reference_rates WHERE source = ?
            )
            """,
            [document.source],
        )
    new = {(str(currency), day) for currency, day in added}
    return [row for row in rates if (row.currency, row.day) in new]


def add_rates(commit: Commit, document: RatesDocument, rates: Sequence[ReferenceRateRow]) -> None:
    """Write rates, each with the document that it was read from."""
    common = {
        **record_of(document),
        "commit_number": commit.number,
        "recorded_at": commit.at,
    }
    records = ({**record_of(row), **common} for row in rates)
    insert(commit.connection, "history.reference_rates", records, key=_KEY)
