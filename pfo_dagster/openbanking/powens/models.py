"""One row of each Powens answer, as far as we use it. Called by `mapping` only.

As tolerant as the API is loose: unknown keys are ignored, optional keys may be missing, enums are
open text, booleans may be 0 or 1. Only ids, dates that identify a row, and amounts are strict.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from pfo_dagster.openbanking.powens.fields import (
    MAX_DECIMALS,
    Amount,
    BankDate,
    CurrencyCode,
    Id,
    ParisInstant,
)


class WireModel(BaseModel):
    """What all rows have in common. A refused value is never quoted in the error's text."""

    model_config = ConfigDict(
        coerce_numbers_to_str=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )


class WireCurrency(WireModel):
    """The currency of an account: an object, not a code. `id` is the ISO 4217 code or a coin's."""

    id: CurrencyCode
    precision: int | None = Field(None, ge=0, le=MAX_DECIMALS)


class WireAccount(WireModel):
    """A bank account (reference: *BankAccount*). `balance` and `coming` are in `currency`."""

    id: Id
    id_connection: Id | None = None
    id_user: Id | None = None
    id_parent: Id | None = None
    name: str | None = None
    original_name: str | None = None
    type: str | None = None
    usage: str | None = None
    currency: WireCurrency | None = None
    balance: Amount | None = None
    coming: Amount | None = None
    iban: str | None = None
    number: str | None = None
    display: bool | None = None
    last_update: ParisInstant | None = None
    disabled: ParisInstant | None = None
    deleted: ParisInstant | None = None
    error: str | None = None


class WireConnector(WireModel):
    """The bank, where the caller asked for `expand=connector`."""

    name: str | None = None


class WireConnection(WireModel):
    """A login at a bank (reference: *Connection*).

    `error_message` is left out on purpose: it may hold a bank's authorisation link. `error` is the
    deprecated copy of `state`.
    """

    id: Id
    id_user: Id | None = None
    state: str | None = None
    error: str | None = None
    last_update: ParisInstant | None = None
    next_try: ParisInstant | None = None
    expire: ParisInstant | None = None
    active: bool | None = None
    connector: WireConnector | None = None


class WireDailyBalance(WireModel):
    """A computed balance at the end of a day (reference: *daily_balances*)."""

    date: BankDate
    balance: Amount | None = None


class WireTransaction(WireModel):
    """An operation on an account (reference: *Transaction*); `value` is in the account's currency.

    The `datetime` fields, which alone are in UTC, are left out: bank dates are what is kept.
    """

    id: Id
    id_account: Id
    date: BankDate
    rdate: BankDate | None = None
    value: Amount | None = None
    original_value: Amount | None = None
    original_currency: WireCurrency | None = None
    type: str | None = None
    wording: str | None = None
    simplified_wording: str | None = None
    original_wording: str | None = None
    coming: bool | None = None
    active: bool | None = None
    last_update: ParisInstant | None = None
    deleted: ParisInstant | None = None
