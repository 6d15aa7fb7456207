"""The port through which operations reach a bank-data provider, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime
    from types import TracebackType

    from pfo_dagster.openbanking.records import (
        AccountListing,
        ComputedListing,
        Connection,
        ConnectionListing,
        SyncOutcome,
        TransactionListing,
    )


class OpenBankingProvider(Protocol):
    """A read-only view of one user's banks. Every method raises `ProviderError` and nothing else.

    An instance belongs to one event loop and is used as an async context manager.
    """

    @property
    def name(self) -> str:
        """What the data is labelled with: `powens:<domain>`, or `sandbox` for made-up data."""
        ...

    async def user_id(self) -> str:
        """The user whose token we hold; the cheapest way to learn whether the token is good."""
        ...

    async def connections(self) -> ConnectionListing:
        """Every connection of the user, with the names of their institutions."""
        ...

    async def sync(
        self, connection: Connection, *, about_to_ask: Callable[[], None] = lambda: None
    ) -> SyncOutcome:
        """Ask the bank itself, then wait (bounded) until the connection's data moved.

        A scarce resource: callers decide whether it is due (`operations.banking.decisions`), and
        keep account of it in `about_to_ask`, which is called at most once, right before the call
        leaves; what it raises prevents the call. A sync that times out or is already running is not
        an error; the outcome says what was seen.
        """
        ...

    async def accounts(self) -> AccountListing:
        """Every account of the user with its figures, deleted and disabled ones included."""
        ...

    async def transactions(
        self, *, since: date, until: date | None = None, changed_after: datetime | None = None
    ) -> TransactionListing:
        """The transactions dated from `since` to `until` (inclusive), all pages.

        `changed_after` leaves out rows that the provider has not touched since that instant.
        """
        ...

    async def computed_balances(
        self, account_id: str, *, since: date, until: date
    ) -> ComputedListing:
        """Balances of an account at the end of days (both inclusive) as the provider computes them.

        Wrong for investments, and flat before the first known transaction: for a first backfill.
        """
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
