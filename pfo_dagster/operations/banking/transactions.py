"""`openbanking.transactions.sync` and `.list`: what was booked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from pfo_dagster.ledger import as_text, cash_flow_by_month
from pfo_dagster.openbanking.errors import ProviderError
from pfo_dagster.operations.banking import catalog
from pfo_dagster.operations.banking.access import (
    as_operation_error,
    bank_access,
    ledger_of,
    recording,
    sync_of,
)
from pfo_dagster.operations.banking.rows import rejected_rows, transaction_rows

if TYPE_CHECKING:
    from datetime import datetime

    from pfo_dagster.operations.contract import NoInput, OperationContext

DEFAULT_PERIOD = timedelta(days=90)
"""How far back the first sync goes, and how old a booking may be whose change a later one sees."""
OVERLAP = timedelta(days=1)
"""How much further back changes are asked for: no document says in which zone Powens means them."""


class TransactionsInput(BaseModel):
    """Input of `openbanking.transactions.sync`."""

    since: date | None = Field(
        default=None,
        description=(
            "First day to fetch, all of it. By default what changed since the last sync, or 90 "
            "days the first time."
        ),
    )


class SyncedTransactions(BaseModel):
    """Output of `openbanking.transactions.sync`."""

    provider: str
    since: date
    changed_after: str | None = Field(
        description="Only what changed after this instant was asked for; None for everything."
    )
    transactions: int
    changed: int = Field(description="Transactions that are new or not as they were.")
    rejected_rows: int
    pages: int


class MonthReport(BaseModel):
    """Money in and out in one month and currency. Amounts are text, to stay exact."""

    month: str
    currency: str | None
    inflow: str
    outflow: str


class ListedTransactions(BaseModel):
    """Output of `openbanking.transactions.list`."""

    published_file: str
    months: list[MonthReport]


async def sync_transactions(context: OperationContext[TransactionsInput]) -> SyncedTransactions:
    """Fetch what was booked in the period, and record it."""
    access = bank_access(context)
    started_at = access.clock()
    since = context.input.since or (started_at - DEFAULT_PERIOD).date()
    try:
        async with access.open_provider() as bank:
            provider = bank.name
            changed_after = None if context.input.since else _changed_after(context, provider)
            listing = await bank.transactions(since=since, changed_after=changed_after)
    except ProviderError as error:
        raise as_operation_error(error) from error
    # What somebody asked for by hand may miss older changes: the next sync does not go on from it.
    sync = replace(
        sync_of(context, provider, started_at=started_at),
        full_listing=context.input.since is None,
    )
    with recording(context, provider) as writer:
        recorded = writer.record_transactions(
            sync,
            transactions=transaction_rows(listing.transactions),
            rejected=rejected_rows(listing.rejected),
        )
    report = SyncedTransactions(
        provider=provider,
        since=since,
        changed_after=changed_after and changed_after.isoformat(),
        transactions=len(listing.transactions),
        changed=len(recorded.changed_records),
        rejected_rows=len(listing.rejected),
        pages=listing.pages,
    )
    context.describe(catalog.LEDGER_TRANSACTIONS, **report.model_dump())
    return report


def _changed_after(context: OperationContext[TransactionsInput], provider: str) -> datetime | None:
    """From when on changes are not known yet; None where nothing is."""
    with recording(context, provider) as writer:
        last = writer.last_full_transaction_sync(bank_access(context).tenant_id, provider)
    return None if last is None else last - OVERLAP


async def list_transactions(context: OperationContext[NoInput]) -> ListedTransactions:
    """Load the transactions as analysts see them, summed by month and currency."""
    ledger = ledger_of(context)
    ledger.catch_up()
    with ledger.reader() as reader:
        flows = cash_flow_by_month(reader)
    months = [
        MonthReport(
            month=f"{flow.month:%Y-%m}",
            currency=flow.currency,
            inflow=as_text(flow.inflow),
            outflow=as_text(flow.outflow),
        )
        for flow in flows
    ]
    context.describe(
        catalog.PUBLISHED_TRANSACTIONS, months=[month.model_dump() for month in months]
    )
    return ListedTransactions(published_file=str(ledger.published_path), months=months)
