"""What the page shows, taken from the sandbox at one instant. No name, number or token is in it.

Banks' names are; accounts have ids alone, since somebody may have planted a person's data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pfo_dagster.openbanking.sandbox.books import Books
from pfo_dagster.openbanking.sandbox.history import History

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from decimal import Decimal

    from pfo_dagster.openbanking.sandbox.controls import Controls
    from pfo_dagster.openbanking.sandbox.stage import LoggedCall, Stage

MOST_CONNECTIONS: Final = 60
MOST_ACCOUNTS: Final = 60
"""More would keep the page from answering at once: figures are made when they are asked for."""
MOST_CALLS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRow:
    """A connection as the provider shows it, and the syncs forced in the 24 hours before."""

    connection_id: int
    institution: str
    state: str | None
    last_update: datetime
    next_try: datetime | None
    accounts: int
    forced_today: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """An account with its figures; `standing` is *deleted* or *disabled* where it is."""

    account_id: int
    connection_id: int
    kind: str
    currency: str
    balance: Decimal | None
    coming: Decimal | None
    standing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that the page shows. Instants are UTC, by the sandbox's clock."""

    now: datetime
    read_until: datetime | None
    """Of when the latest figures are that runs of this data folder have read."""
    controls: Controls
    calls_in_the_last_minute: int
    connections: Sequence[ConnectionRow]
    connections_in_all: int
    accounts: Sequence[AccountRow]
    accounts_in_all: int
    calls: Sequence[LoggedCall]
    sends_webhooks: bool


def overview(stage: Stage, *, sends_webhooks: bool) -> Overview:
    """The sandbox as it is now. Raises `ProviderError` where its files cannot be read."""
    world, now = stage.world, stage.clock()
    books = Books(History(world), stage.state, now)
    return Overview(
        now=now,
        read_until=stage.state.read_until(),
        controls=stage.panel.read(),
        calls_in_the_last_minute=stage.calls_in_the_last_minute(),
        connections=_connections(stage, books),
        connections_in_all=len(world.connections),
        accounts=_accounts(stage, books),
        accounts_in_all=len(world.accounts),
        calls=list(stage.calls)[: -MOST_CALLS - 1 : -1],
        sends_webhooks=sends_webhooks,
    )


def _connections(stage: Stage, books: Books) -> list[ConnectionRow]:
    accounts = [account.connection_id for account in stage.world.accounts]
    rows: list[ConnectionRow] = []
    for plan in stage.world.connections[:MOST_CONNECTIONS]:
        timeline = books.timeline(plan)
        syncing = "validating" if timeline.is_syncing(books.now) else None
        rows.append(
            ConnectionRow(
                connection_id=plan.connection_id,
                institution=plan.institution,
                state=plan.state_at(books.now) or syncing,
                last_update=timeline.last_update(books.now),
                next_try=timeline.next_try(books.now),
                accounts=accounts.count(plan.connection_id),
                forced_today=sum(
                    books.now - timedelta(days=1) < forced <= books.now
                    for forced in timeline.forced
                ),
            )
        )
    return rows


def _accounts(stage: Stage, books: Books) -> list[AccountRow]:
    rows: list[AccountRow] = []
    listed = [account for account in stage.world.accounts if account.is_listed(books.now)]
    for account in listed[:MOST_ACCOUNTS]:
        figures = books.figures(account)
        standing = "deleted" if figures.deleted_at else "disabled" if figures.disabled_at else ""
        rows.append(
            AccountRow(
                account_id=account.account_id,
                connection_id=account.connection_id,
                kind=account.kind,
                currency=account.currency,
                balance=figures.balance,
                coming=figures.coming,
                standing=standing,
            )
        )
    return rows
