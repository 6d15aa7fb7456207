"""What a made-up world consists of. Plain data: `household` makes one, tests make others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When the provider syncs a connection by itself: on every n-th day at a time in Paris.

    A sync shows only `known_after` it took place, which keeps a connection that much behind.
    """

    at: time = time(5, 10)
    every_days: int = 1
    known_after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPlan:
    """A login at a bank. `state` is Powens' word, None for a connection that works.

    `sync_takes` is how long a forced sync is under way before its data is there. From `stops_at` on
    nothing is synced any more, and only from then on `state` shows; without a state, such a
    connection is healthy to look at. `error_message` is the bank's text, which goes with a state.
    """

    connection_id: int
    connector_id: int
    connector_uuid: str
    institution: str
    rhythm: Rhythm = Rhythm()
    state: str | None = None
    sync_takes: timedelta = timedelta(0)
    active: bool = True
    stops_at: datetime | None = None
    error_message: str | None = None

    def has_stopped(self, now: datetime) -> bool:
        """Whether nothing is synced any more."""
        return self.stops_at is not None and self.stops_at <= now

    def state_at(self, now: datetime) -> str | None:
        """The state that shows at an instant."""
        return self.state if self.stops_at is None or self.has_stopped(now) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """Operations that come back every month: `times` of them, of an amount from `low` to `high`.

    They take place on `day` (1 to 28), or on any days. For as long as `pending` they are *coming*:
    known to the bank but not in the balance.
    """

    wordings: tuple[str, ...]
    kind: str
    low: Decimal
    high: Decimal
    times: int = 1
    day: int | None = None
    pending: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlan:
    """A bank account. Its balance is `opening` plus what was booked since the world's beginning.

    A card with a parent is settled: what was spent in a month is debited from the parent in the
    next. `balance_known` is False where the bank gives no balance. Before `listed_from` the account
    is not listed. Nothing new happens from `idle_from` on. One that came back under a new id has
    the operations of the account `formerly`.
    """

    account_id: int
    connection_id: int
    name: str
    kind: str
    currency: str
    opening: Decimal
    habits: tuple[Habit, ...] = ()
    balance_known: bool = True
    parent_id: int | None = None
    iban: str | None = None
    number: str | None = None
    usage: str = "PRIV"
    display: bool = True
    error: str | None = None
    disabled_at: datetime | None = None
    deleted_at: datetime | None = None
    listed_from: datetime | None = None
    idle_from: datetime | None = None
    formerly: int | None = None

    def is_listed(self, now: datetime) -> bool:
        """Whether the provider knows of the account yet."""
        return self.listed_from is None or self.listed_from <= now


@dataclass(frozen=True, kw_only=True)
class World:
    """A user with connections and accounts. `seed` decides all that is left to chance."""

    seed: int
    connections: tuple[ConnectionPlan, ...]
    accounts: tuple[AccountPlan, ...]
    user_id: int = 1
    began: datetime = datetime(2025, 1, 1, tzinfo=UTC)
    """Midnight of the first day of a month; nothing was booked before."""
    user_exists: bool = True
    """The token of a user who was deleted opens nothing."""

    def connection(self, connection_id: int) -> ConnectionPlan | None:
        """The connection of that id."""
        return self._connections.get(connection_id)

    def cards_of(self, account: AccountPlan) -> tuple[AccountPlan, ...]:
        """The cards that are settled on this account."""
        return self._cards.get(account.account_id, ())

    @cached_property
    def _connections(self) -> dict[int, ConnectionPlan]:
        return {plan.connection_id: plan for plan in self.connections}

    @cached_property
    def _cards(self) -> dict[int, tuple[AccountPlan, ...]]:
        cards: dict[int, tuple[AccountPlan, ...]] = {}
        for account in self.accounts:
            if account.parent_id is not None and account.kind == "card":
                cards[account.parent_id] = (*cards.get(account.parent_id, ()), account)
        return cards
