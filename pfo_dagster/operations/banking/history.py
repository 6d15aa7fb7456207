"""Daily balances for the days before the first refresh, as the provider computes them.

Called by the partitioned asset of `automation.backfill`. They are no observations: the ledger keeps
them apart, and none is asked for on or after the day on which an account was first observed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pfo_dagster.ledger import Sync
from pfo_dagster.openbanking.errors import ProviderError
from pfo_dagster.operations.banking.access import as_operation_error, recording_in
from pfo_dagster.operations.banking.rows import computed_rows, rejected_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from pfo_dagster.ledger import Ledger
    from pfo_dagster.openbanking.provider import OpenBankingProvider
    from pfo_dagster.openbanking.records import ComputedBalance, Rejected
    from pfo_dagster.operations.banking.access import BankAccess


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfilled:
    """What a backfill came to."""

    provider: str
    accounts: int
    """Cash accounts that were first observed after the earliest day asked for."""
    days: int
    """Balances at the end of days that the provider could compute."""
    changed_accounts: int
    rejected_rows: int


async def backfill_balances(
    access: BankAccess, ledger: Ledger, *, days: Collection[date], run_id: str
) -> Backfilled:
    """Ask for the computed balances of `days`, and record those that are new.

    Accounts are asked for one after another: Powens allows a sandbox 30 calls a minute. Needs a
    ledger that has observed accounts. Raises `OperationError`.
    """
    started_at = access.clock()
    found: list[ComputedBalance] = []
    rejected: list[Rejected] = []
    try:
        async with access.open_provider() as bank:
            with recording_in(ledger, bank.name) as writer:
                ends = writer.first_observed_days(access.tenant_id, bank.name)
            currencies = await _currencies(bank)
            asked = {
                account_id: min(max(days), first - timedelta(days=1))
                for account_id, first in ends.items()
                if first > min(days) and account_id in currencies
            }
            for account_id, until in sorted(asked.items()):
                listing = await bank.computed_balances(account_id, since=min(days), until=until)
                found += [one for one in listing.balances if one.day in days]
                rejected += listing.rejected
    except ProviderError as error:
        raise as_operation_error(error) from error
    sync = Sync(
        sync_id=f"{run_id}/computed-balances",
        tenant_id=access.tenant_id,
        provider=bank.name,
        run_id=run_id,
        started_at=started_at,
        finished_at=access.clock(),
        full_listing=False,
    )
    with recording_in(ledger, bank.name) as writer:
        recorded = writer.record_computed_balances(
            sync, computed_rows(found, currencies), rejected_rows(rejected)
        )
    return Backfilled(
        provider=bank.name,
        accounts=len(asked),
        days=len(found),
        changed_accounts=len(recorded.changed_records),
        rejected_rows=len(rejected),
    )


async def _currencies(bank: OpenBankingProvider) -> Mapping[str, str]:
    """The currencies of the accounts that have one, by account id."""
    listing = await bank.accounts()
    return {one.account_id: one.currency for one in listing.accounts if one.currency}
