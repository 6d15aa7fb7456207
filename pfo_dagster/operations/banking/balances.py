"""`openbanking.balances.get`: what dashboards show, from the file that they read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from pfo_dagster.ledger import account_count, as_text, positions, recent_positions, stale_accounts
from pfo_dagster.operations.banking import catalog
from pfo_dagster.operations.banking.access import ledger_of
from pfo_dagster.operations.banking.preview import preview

if TYPE_CHECKING:
    from pfo_dagster.operations.contract import NoInput, OperationContext


class PositionReport(BaseModel):
    """The sum of one currency's current balances. `amount` is text, to stay exact."""

    currency: str
    amount: str
    accounts: int


class PublishedBalances(BaseModel):
    """Output of `openbanking.balances.get`."""

    published_file: str
    accounts: int
    positions: list[PositionReport]
    needs_attention: list[str] = Field(description="Ids of accounts whose figure is not of now.")


async def get_balances(context: OperationContext[NoInput]) -> PublishedBalances:
    """Load the balances that dashboards show, from the file that they read.

    A publication that an earlier crash left behind is caught up with first.
    """
    ledger = ledger_of(context)
    ledger.catch_up()
    with ledger.reader() as reader:
        held = positions(reader)
        stale = stale_accounts(reader)
        accounts = account_count(reader)
        recent = recent_positions(reader)
    result = PublishedBalances(
        published_file=str(ledger.published_path),
        accounts=accounts,
        positions=[
            PositionReport(
                currency=position.currency,
                amount=as_text(position.amount),
                accounts=position.accounts,
            )
            for position in held
        ],
        needs_attention=[account.account_id for account in stale],
    )
    table = [position.model_dump() for position in result.positions]
    shown = preview(held, recent)
    context.describe(
        catalog.PUBLISHED_LATEST_BALANCES, preview=shown, positions=table, accounts=accounts
    )
    context.describe(catalog.PUBLISHED_DAILY_CASH_POSITION, preview=shown, positions=table)
    return result
