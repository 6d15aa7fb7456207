"""Bringing the ledger's reference rates up to date, from wherever they are published.

Called by the asset `ecb_reference_rates` and by `pfo rates`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfo_dagster.ledger import RatesDocument, ReferenceRateRow, bank_day

if TYPE_CHECKING:
    from datetime import date

    from pfo_dagster.ledger import Ledger
    from pfo_dagster.rates import RateSource

REFERENCE_RATES = "reference_rates"
"""The resource that is the source of rates."""


@dataclass(frozen=True, slots=True)
class UpdatedRates:
    """What an update brought."""

    source: str
    document: str
    read: int
    """Rates in the file."""
    added: int
    """Rates that were new or corrected."""
    newest_day: date | None


def update_reference_rates(ledger: Ledger, source: RateSource, run_id: str) -> UpdatedRates:
    """Fetch what the ledger lacks and record it. Raises `RatesError` and `LedgerError`.

    Nothing is held while the file is fetched, so a slow site never makes a refresh wait.
    """
    now = ledger.now()
    with ledger.writer() as writer:
        newest = writer.newest_rate_day(source.name)
    published = source.fetch(newest, bank_day(now))
    document = RatesDocument(
        source=source.name,
        document=published.document,
        document_hash=published.document_hash,
        run_id=run_id,
        fetched_at=now,
    )
    rows = [
        ReferenceRateRow(day=rate.day, currency=rate.currency, rate=rate.rate)
        for rate in published.rates
    ]
    with ledger.writer() as writer:
        added = writer.record_rates(document, rows)
        newest = writer.newest_rate_day(source.name)
    return UpdatedRates(source.name, published.document, len(rows), added, newest)
