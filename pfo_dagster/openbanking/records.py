"""The canonical open-banking records: what every provider's data is turned into.

Amounts are `Decimal` in units of their currency (never cents, never floats) with the provider's
sign. Instants are timezone-aware and in UTC. Bank dates are plain dates and are never shifted.
IBANs and account numbers never reach these records: only a masked form and a keyed hash do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from decimal import Decimal

BalanceType = Literal["current", "coming", "projected"]
Relation = Literal["accounts", "connections", "balances", "transactions"]
"""What a row of a provider's answer would have become."""


class ConnectionState(StrEnum):
    """Whether a connection's data can be expected to move, by who must act."""

    OK = "ok"
    """The last sync succeeded."""
    SYNCING = "syncing"
    """A sync is under way at the provider."""
    UNAVAILABLE = "unavailable"
    """The bank is down or limits us; later is better."""
    NEEDS_USER = "needs_user"
    """The account holder must act before anything moves."""
    FAILED = "failed"
    """The provider cannot serve this connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A household's login at one bank. `state_detail` is the provider's own word, open-ended."""

    provider: str
    connection_id: str
    user_id: str | None
    institution: str | None
    state: ConnectionState
    state_detail: str | None
    last_update: datetime | None
    next_try: datetime | None
    consent_expires: datetime | None
    active: bool

    @property
    def needs_attention(self) -> bool:
        """Whether somebody must do something, now, for this connection's data to move again."""
        return self.state in {ConnectionState.NEEDS_USER, ConnectionState.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A bank account as the provider lists it, with its figures of `last_update`.

    `balance` and `coming` are None where the provider gives none; None is never zero. `coming` is
    the signed sum of operations that are not in `balance` yet.
    """

    provider: str
    account_id: str
    connection_id: str | None
    user_id: str | None
    parent_account_id: str | None
    name: str
    account_type: str
    usage: str | None
    currency: str | None
    currency_precision: int | None
    balance: Decimal | None
    coming: Decimal | None
    iban_masked: str | None
    iban_hash: str | None
    number_masked: str | None
    display: bool
    last_update: datetime | None
    disabled_at: datetime | None
    deleted_at: datetime | None
    error: str | None
    payload_hash: str | None = None
    """Keyed hash of the provider's record that it was read from."""

    @property
    def is_active(self) -> bool:
        """Whether the account counts in totals: neither deleted at the bank nor disabled."""
        return self.deleted_at is None and self.disabled_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One booked or coming operation on an account; `value` is negative for a debit."""

    provider: str
    transaction_id: str
    account_id: str
    booked_on: date
    realised_on: date | None
    value: Decimal | None
    original_value: Decimal | None
    original_currency: str | None
    transaction_type: str
    wording: str
    coming: bool
    active: bool
    last_update: datetime | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row of the provider's answer that could not be trusted, and why; never dropped silently."""

    relation: Relation
    record_id: str | None
    reason: str
    payload_hash: str | None = None
    """Keyed hash of the row as it was sent, by which it is known when it comes again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionListing:
    """The user's connections, all of them, with what of their rows could not be read."""

    connections: tuple[Connection, ...] = ()
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountListing:
    """The provider's accounts, deleted and disabled ones included.

    `totals` is the provider's own sum of the active, displayed accounts' balances per currency,
    where it gives one: something to check ours against, never to show.
    """

    accounts: tuple[Account, ...] = ()
    totals: Mapping[str, Decimal | None] = field(default_factory=dict[str, "Decimal | None"])
    rejected: tuple[Rejected, ...] = ()
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionListing:
    """The transactions of a period, all pages of it."""

    transactions: tuple[Transaction, ...]
    rejected: tuple[Rejected, ...] = ()
    pages: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedBalance:
    """What the provider computed an account's balance to have been at the end of a day.

    No observation: it replays known transactions backwards from the balance of now.
    """

    account_id: str
    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedListing:
    """The computed balances of one account for the days that the provider could work out."""

    balances: tuple[ComputedBalance, ...]
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOutcome:
    """What a forced sync came to. `connection` is as seen afterwards.

    `moved` says whether `last_update` advanced, which alone proves that data is fresh: a provider's
    200 does not.
    """

    connection: Connection
    moved: bool
    note: str
