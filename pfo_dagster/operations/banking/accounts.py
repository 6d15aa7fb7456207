"""`openbanking.accounts.sync` and `.list`: which accounts there are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from pfo_dagster.ledger import account_types
from pfo_dagster.openbanking.errors import AccessRefusedError, ProviderError
from pfo_dagster.openbanking.records import AccountListing, ConnectionListing
from pfo_dagster.operations.banking import catalog
from pfo_dagster.operations.banking.access import (
    as_operation_error,
    bank_access,
    ledger_of,
    recording,
    sync_of,
)
from pfo_dagster.operations.banking.emptiness import refuse_sudden_emptiness
from pfo_dagster.operations.banking.rows import account_rows, connection_rows, rejected_rows

if TYPE_CHECKING:
    from pfo_dagster.openbanking.provider import OpenBankingProvider
    from pfo_dagster.operations.contract import NoInput, OperationContext


class AccountsInput(BaseModel):
    """Input of `openbanking.accounts.sync`."""

    deleted_user: str | None = Field(
        None,
        description=(
            "Id of the user whom the provider says it has deleted. If it refuses the token as well,"
            " all connections and accounts end."
        ),
    )
    deleted_connections: list[str] = Field(
        default=[],
        description=(
            "Ids of connections that were deleted. An empty list of connections is believed only if"
            " all known ones are among these."
        ),
    )


class SyncedAccounts(BaseModel):
    """Output of `openbanking.accounts.sync`. Ids only: names are personal data."""

    provider: str
    connections: int
    accounts: int
    changed: list[str] = Field(description="Ids of accounts that are new or not as they were.")
    vanished: list[str] = Field(description="Ids of accounts that are no longer listed.")
    needs_attention: list[str] = Field(description="Ids of connections that wait for somebody.")
    rejected_rows: int


class AccountTypeReport(BaseModel):
    """How many active accounts there are of one type and currency."""

    account_type: str
    currency: str | None
    accounts: int


class ListedAccounts(BaseModel):
    """Output of `openbanking.accounts.list`."""

    published_file: str
    accounts: int
    by_type: list[AccountTypeReport]


async def sync_accounts(context: OperationContext[AccountsInput]) -> SyncedAccounts:
    """List the connections and their accounts, and record what changed."""
    access = bank_access(context)
    started_at = access.clock()
    try:
        async with access.open_provider() as bank:
            user_is_gone = await _is_gone(context, bank)
            known = ConnectionListing() if user_is_gone else await bank.connections()
            listing = AccountListing() if user_is_gone else await bank.accounts()
            provider = bank.name
    except ProviderError as error:
        raise as_operation_error(error) from error
    connections, rejected = known.connections, (*known.rejected, *listing.rejected)
    sync = sync_of(context, provider, started_at=started_at)
    with recording(context, provider) as writer:
        if not user_is_gone:
            refuse_sudden_emptiness(
                writer.followed_accounts(access.tenant_id, provider),
                connections,
                listing,
                deleted=context.input.deleted_connections,
            )
        recorded = writer.record_accounts(
            sync,
            connections=connection_rows(connections),
            accounts=account_rows(listing.accounts),
            rejected=rejected_rows(rejected),
        )
    for account_id in recorded.vanished_records:
        context.log.warning("The provider no longer lists account %s.", account_id)
    states = Counter(connection.state.value for connection in connections)
    context.describe(
        catalog.LEDGER_CONNECTIONS, provider=provider, connections=len(connections), **states
    )
    context.describe(
        catalog.LEDGER_ACCOUNTS,
        provider=provider,
        accounts=len(listing.accounts),
        changed=len(recorded.changed_records),
        vanished=len(recorded.vanished_records),
        rejected_rows=len(rejected),
    )
    return SyncedAccounts(
        provider=provider,
        connections=len(connections),
        accounts=len(listing.accounts),
        changed=list(recorded.changed_records),
        vanished=list(recorded.vanished_records),
        needs_attention=[one.connection_id for one in connections if one.needs_attention],
        rejected_rows=len(rejected),
    )


async def _is_gone(context: OperationContext[AccountsInput], bank: OpenBankingProvider) -> bool:
    """Whether two witnesses, a webhook and the token, say of the user that it was deleted."""
    deleted = context.input.deleted_user
    if deleted is None:
        return False
    try:
        await bank.user_id()
    except AccessRefusedError:
        context.log.warning(
            "User %s was deleted, and the token opens nothing: all accounts end.", deleted
        )
        return True
    return False


async def list_accounts(context: OperationContext[NoInput]) -> ListedAccounts:
    """Load the accounts as analysts see them."""
    ledger = ledger_of(context)
    ledger.catch_up()
    with ledger.reader() as reader:
        counted = account_types(reader)
    report = [
        AccountTypeReport(
            account_type=row.account_type, currency=row.currency, accounts=row.accounts
        )
        for row in counted
    ]
    total = sum(row.accounts for row in report)
    context.describe(
        catalog.PUBLISHED_ACCOUNTS, accounts=total, by_type=[row.model_dump() for row in report]
    )
    return ListedAccounts(published_file=str(ledger.published_path), accounts=total, by_type=report)
