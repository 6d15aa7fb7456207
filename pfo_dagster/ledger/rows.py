"""What the writer takes: one frozen type per kind of row, in the ledger's own terms.

Amounts are `Decimal` in units of their currency, with the provider's sign; None means that the
provider gave none, never zero. Instants are aware (any zone; stored as UTC). Ids are strings.
Nothing here may hold a whole IBAN, an account number, a token or a bank's own error text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime
    from decimal import Decimal

BalanceType = Literal["current", "coming", "projected"]
AsOfBasis = Literal["account", "connection", "fetched"]
BalanceState = Literal["ok", "stale", "unavailable", "needs_user", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Provenance:
    """Who asked whom and when; each entry of the ledger carries it as its evidence."""

    tenant_id: str
    provider: str
    """`powens:<domain>`, or `sandbox` for made-up data; figures of two are never mixed."""
    run_id: str
    started_at: datetime
    finished_at: datetime
    step_id: str | None = None
    workflow_key: str | None = None
    workflow_version: str | None = None
    workflow_digest: str | None = None
    attempt: int = 1
    full_listing: bool = True
    """Whether the provider listed all its accounts, so that a missing one counts as vanished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh(_Provenance):
    """One refresh of balances. The id makes it idempotent: keep it across retries of the write."""

    refresh_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync(_Provenance):
    """One sync of the account list or of transactions, idempotent by its id."""

    sync_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRow:
    """A login at one bank, as the provider shows it now."""

    connection_id: str
    user_id: str | None
    institution: str | None
    state: str
    state_detail: str | None
    last_update: datetime | None
    next_try: datetime | None
    consent_expires: datetime | None
    active: bool
    needs_attention: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """An account, as the provider shows it now; its figures are `BalanceRow`s."""

    account_id: str
    connection_id: str | None
    parent_account_id: str | None
    name: str
    account_type: str
    usage: str | None
    currency: str | None
    currency_precision: int | None
    iban_masked: str | None
    iban_hash: str | None
    number_masked: str | None
    display: bool
    disabled_at: datetime | None
    deleted_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRow:
    """One observation: what the provider said an account's balance was at `as_of`.

    Where the provider does not say when, `as_of` is `fetched_at` and the basis is `fetched`: then
    the same figure at another moment is the same observation.
    """

    account_id: str
    connection_id: str | None
    balance_type: BalanceType
    amount: Decimal | None
    currency: str | None
    as_of: datetime
    as_of_basis: AsOfBasis
    fetched_at: datetime
    state: BalanceState
    request_id: str | None = None
    payload_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedBalanceRow:
    """What the provider computed an account's balance to have been at the end of a day."""

    account_id: str
    day: date
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOutcome:
    """Whether a refresh observed an account, or why it could not."""

    account_id: str
    outcome: Literal["observed", "excused"]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionDecision:
    """What a refresh did about a connection: read what was there, force a sync, or skip it."""

    connection_id: str
    decision: Literal["read", "forced", "skipped"]
    reason: str | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row of the provider's answer that was left out, kept so that nothing is lost silently."""

    relation: Literal["accounts", "connections", "balances", "transactions"]
    record_id: str | None
    reason: str
    payload_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything that one refresh brought home; recorded together or not at all.

    Balances are read once, so they need not exist all at a time.
    """

    connections: Sequence[ConnectionRow]
    accounts: Sequence[AccountRow]
    balances: Iterable[BalanceRow]
    outcomes: Sequence[AccountOutcome]
    decisions: Sequence[ConnectionDecision]
    provider_totals: Mapping[str, Decimal | None]
    rejected: Sequence[RejectedRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionRow:
    """One booked or announced operation; `value` is in the account's currency, negative = debit."""

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
class Overview:
    """The head of an overview of a period; both days are inclusive."""

    tenant_id: str
    provider: str
    period_start: date
    period_end: date
    run_id: str
    generated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewRow:
    """One figure of an overview, unique by currency, measure and category."""

    currency: str | None
    measure: str
    category: str | None
    amount: Decimal | None
    item_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesDocument:
    """A publication of reference rates, as fetched."""

    source: Literal["ecb", "sample"]
    """`sample` marks made-up rates, which are applied to the sandbox's balances alone."""
    document: str
    """The name of the file."""
    document_hash: str
    """SHA-256 of the file, as hexadecimal."""
    run_id: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRateRow:
    """How many units of a currency one euro was worth on a day."""

    day: date
    currency: str
    rate: Decimal
