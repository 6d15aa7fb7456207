"""From rows of Powens' answers to accounts and transactions. Pure: no clock, no network.

A row that cannot be trusted becomes `Rejected` with its reason, and the others go on. Rules and
their sources: section 8 of the Powens reference; what is unknown is left None, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from sys import intern
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from pfo_dagster.openbanking.powens.fields import read_amount
from pfo_dagster.openbanking.powens.json_text import as_object, payload_hash
from pfo_dagster.openbanking.powens.models import WireAccount, WireTransaction
from pfo_dagster.openbanking.powens.privacy import (
    UNREADABLE,
    code_word,
    identity_hash,
    mask_iban,
    mask_number,
    without_ibans,
)
from pfo_dagster.openbanking.powens.rejections import left_out, rejection
from pfo_dagster.openbanking.powens.times import impossible_times
from pfo_dagster.openbanking.records import Account, Transaction

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from decimal import Decimal

    from pfo_dagster.openbanking.records import Rejected

_NO_CURRENCY: Final = "currency: missing although there are figures; they are left out"
_REPLACED: Final = "row: the account is listed twice with different values; the later row is taken"


@dataclass(slots=True, kw_only=True)
class AccountReader:
    """Reads accounts row by row, so that no more than one row is in memory as it was sent.

    An account with figures but no currency is in both results: it exists, but its figures mean
    nothing. One that moves between two pages while they are fetched is listed twice: the later row
    counts, and the earlier one is refused if it says something else. Times that cannot be by `now`
    are left out.
    """

    provider: str
    identity_key: bytes
    now: datetime
    rejected: list[Rejected] = field(default_factory=list["Rejected"])
    _accounts: dict[str, Account] = field(default_factory=dict[str, Account])

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Those that were read."""
        return tuple(self._accounts.values())

    def take(self, row: object) -> None:
        """Read one more row."""
        try:
            wire = WireAccount.model_validate(row)
        except ValidationError as error:
            self.rejected.append(rejection("accounts", row, error, self.identity_key))
            return
        digest = payload_hash(row, self.identity_key)
        earlier = self._accounts.get(wire.id)
        if earlier and earlier.payload_hash != digest:
            self._leave_out(wire.id, _REPLACED, earlier.payload_hash)
        if impossible := impossible_times(wire, self.now):
            wire = wire.model_copy(update=dict.fromkeys(impossible))
        self._accounts[wire.id] = _account(
            wire, provider=self.provider, identity_key=self.identity_key, digest=digest
        )
        for name, why in impossible.items():
            self._leave_out(wire.id, f"{name}: {why}", digest)
        if wire.currency is None and (wire.balance is not None or wire.coming is not None):
            self._leave_out(wire.id, _NO_CURRENCY, digest)

    def _leave_out(self, account_id: str, reason: str, digest: str | None) -> None:
        self.rejected.append(left_out("accounts", account_id, reason, digest))


def read_transactions(
    rows: Iterable[object], *, provider: str, identity_key: bytes, now: datetime
) -> tuple[tuple[Transaction, ...], tuple[Rejected, ...]]:
    """The transactions, each once, and what had to be refused.

    Rows that move between two pages while they are fetched are listed twice; the later one counts.
    Times that cannot be are left out.
    """
    transactions: dict[str, Transaction] = {}
    rejected: list[Rejected] = []
    for row in rows:
        try:
            wire = WireTransaction.model_validate(row)
        except ValidationError as error:
            rejected.append(rejection("transactions", row, error, identity_key))
            continue
        if impossible := impossible_times(wire, now):
            digest = payload_hash(row, identity_key)
            reasons = (f"{name}: {why}" for name, why in impossible.items())
            rejected += (left_out("transactions", wire.id, reason, digest) for reason in reasons)
            wire = wire.model_copy(update=dict.fromkeys(impossible))
        transactions[wire.id] = _transaction(wire, provider=provider)
    return tuple(transactions.values()), tuple(rejected)


def read_totals(balances: object) -> dict[str, Decimal | None]:
    """The provider's own totals per currency; entries that are no amounts are left out."""
    totals: dict[str, Decimal | None] = {}
    for currency, amount in (as_object(balances) or {}).items():
        try:
            totals[currency] = None if amount is None else read_amount(amount)
        except ValueError:
            continue
    return totals


def _account(wire: WireAccount, *, provider: str, identity_key: bytes, digest: str) -> Account:
    currency = wire.currency
    return Account(
        provider=provider,
        account_id=wire.id,
        connection_id=_shared(wire.id_connection),
        user_id=_shared(wire.id_user),
        parent_account_id=wire.id_parent,
        name=_name(wire),
        account_type=intern((wire.type or "unknown").lower()),
        usage=_shared(wire.usage),
        currency=_shared(currency.id) if currency else None,
        currency_precision=currency.precision if currency else None,
        balance=wire.balance if currency else None,
        coming=wire.coming if currency else None,
        iban_masked=mask_iban(wire.iban) if wire.iban else None,
        iban_hash=identity_hash(wire.iban, identity_key) if wire.iban else None,
        number_masked=mask_number(wire.number) if wire.number else None,
        display=wire.display is not False,
        last_update=wire.last_update,
        disabled_at=wire.disabled,
        deleted_at=wire.deleted,
        error=wire.error and (code_word(wire.error) or UNREADABLE),
        payload_hash=digest,
    )


def _shared(text: str | None) -> str | None:
    """The text, one for all accounts that have the same."""
    return text and intern(text)


def _name(wire: WireAccount) -> str:
    """The label that the user sees; banks like to put the account's number into it."""
    name = without_ibans(wire.name or wire.original_name or "")
    return name.replace(wire.number, mask_number(wire.number)) if wire.number else name


def _transaction(wire: WireTransaction, *, provider: str) -> Transaction:
    wording = wire.wording or wire.simplified_wording or wire.original_wording or ""
    return Transaction(
        provider=provider,
        transaction_id=wire.id,
        account_id=wire.id_account,
        booked_on=wire.date,
        realised_on=wire.rdate,
        value=wire.value,
        original_value=wire.original_value,
        original_currency=wire.original_currency.id if wire.original_currency else None,
        transaction_type=(wire.type or "unknown").lower(),
        wording=without_ibans(wording),
        coming=wire.coming is True,
        active=wire.active is not False,
        last_update=wire.last_update,
        deleted_at=wire.deleted,
    )
