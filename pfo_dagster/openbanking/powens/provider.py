"""Powens as an `OpenBankingProvider`: the client's answers, mapped. Made by `connect`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self

from pfo_dagster.openbanking.errors import ErrorKind, ProviderError
from pfo_dagster.openbanking.powens.computed import read_computed_balances
from pfo_dagster.openbanking.powens.connections import read_connections
from pfo_dagster.openbanking.powens.fields import PARIS, read_id
from pfo_dagster.openbanking.powens.mapping import (
    AccountReader,
    read_totals,
    read_transactions,
)
from pfo_dagster.openbanking.powens.syncing import ForcedSync
from pfo_dagster.openbanking.provider import OpenBankingProvider
from pfo_dagster.openbanking.records import AccountListing, TransactionListing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import date, datetime
    from types import TracebackType

    from pfo_dagster.openbanking.powens.client import PowensClient
    from pfo_dagster.openbanking.powens.exchange import Timeouts
    from pfo_dagster.openbanking.records import (
        ComputedListing,
        Connection,
        ConnectionListing,
        SyncOutcome,
    )

FORESEEN: Final = timedelta(days=366)
"""How far ahead operations are asked for: deferred card payments bear the date of their debit."""


class PowensProvider(OpenBankingProvider):
    """See `OpenBankingProvider` for what each method promises.

    `name` labels the data, `identity_key` keys the hashes of IBANs, `clock` gives the time in UTC,
    `sleep` waits between looks at a sync. The client is closed with the provider.
    """

    def __init__(
        self,
        *,
        name: str,
        client: PowensClient,
        timeouts: Timeouts,
        identity_key: bytes,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._name = name
        self._client = client
        self._forced_sync = ForcedSync(
            client=client, provider=name, timeouts=timeouts, clock=clock, sleep=sleep
        )
        self._identity_key = identity_key
        self._clock = clock

    @property
    def name(self) -> str:
        """The label of the data: `powens:<domain>` or `sandbox`."""
        return self._name

    async def user_id(self) -> str:
        """The id of the user whose token this is."""
        answer = await self._client.user()
        try:
            return read_id(answer.content.get("id"))
        except ValueError:
            raise ProviderError(
                "GET /users/me: the answer names no user. Check POWENS_DOMAIN or POWENS_BASE_URL.",
                kind=ErrorKind.FATAL,
                request_id=answer.request_id,
            ) from None

    async def connections(self) -> ConnectionListing:
        """Every connection, the failed ones and those that cannot be read included."""
        listing = await self._client.connections()
        return read_connections(
            listing.rows,
            provider=self._name,
            identity_key=self._identity_key,
            now=self._clock(),
        )

    async def sync(
        self, connection: Connection, *, about_to_ask: Callable[[], None] = lambda: None
    ) -> SyncOutcome:
        """Force a sync and wait until it came to something; see `ForcedSync`."""
        return await self._forced_sync.run(connection, about_to_ask)

    async def accounts(self) -> AccountListing:
        """Every account, deleted and disabled ones included, with Powens' own totals."""
        reader = AccountReader(
            provider=self._name, identity_key=self._identity_key, now=self._clock()
        )
        listing = await self._client.accounts(reader.take)
        return AccountListing(
            accounts=reader.accounts,
            totals=read_totals(listing.head.content.get("balances")),
            rejected=tuple(reader.rejected),
            request_id=listing.head.request_id,
        )

    async def transactions(
        self, *, since: date, until: date | None = None, changed_after: datetime | None = None
    ) -> TransactionListing:
        """The transactions of a period; without `until`, also those of the next year."""
        today = self._clock().astimezone(PARIS).date()
        listing = await self._client.transactions(
            since=since, until=until or today + FORESEEN, changed_after=changed_after
        )
        transactions, rejected = read_transactions(
            listing.rows,
            provider=self._name,
            identity_key=self._identity_key,
            now=self._clock(),
        )
        return TransactionListing(transactions=transactions, rejected=rejected, pages=listing.pages)

    async def computed_balances(
        self, account_id: str, *, since: date, until: date
    ) -> ComputedListing:
        """Powens' daily balances of an account; it computes them, nobody saw them."""
        answer = await self._client.computed_balances(account_id, since=since, until=until)
        return read_computed_balances(
            answer.content,
            account_id=account_id,
            since=since,
            until=until,
            identity_key=self._identity_key,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._client.close()
