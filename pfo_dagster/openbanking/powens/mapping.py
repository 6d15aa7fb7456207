"""From rows of Powens' answers to the canonical records. Pure: no clock, no network.

A row that cannot be trusted becomes `Rejected` with its reason, and the others go on. Rules and
their sources: section 8 of the Powens reference; what is unknown is left None, never guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from pfo_dagster.openbanking.errors import ErrorKind, ProviderError
from pfo_dagster.openbanking.powens.fields import read_amount, read_id
from pfo_dagster.openbanking.powens.json_text import as_object, payload_hash
from pfo_dagster.openbanking.powens.models import WireAccount, WireConnection, WireTransaction
from pfo_dagster.openbanking.powens.privacy import (
    code_word,
    identity_hash,
    mask_iban,
    mask_number,
    without_ibans,
)
from pfo_dagster.openbanking.powens.states import connection_state
from pfo_dagster.openbanking.powens.times import impossible_times
from pfo_dagster.openbanking.records import (
    Account,
    Connection,
    ConnectionState,
    Rejected,
    Transaction,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from decimal import Decimal
    from typing import Literal

    from pydantic_core import ErrorDetails

UNREADABLE: Final = "unreadable"
"""The state's detail of a connection whose state or times could not be read."""

_IMPOSSIBLE: Final = "in the future or before the year 2000, so it is left out"
_REPLACED: Final = "row: the account is listed twice with different values; the later row is taken"


def read_accounts(
    rows: Iterable[object], *, provider: str, identity_key: bytes, now: datetime
) -> tuple[tuple[Account, ...], tuple[Rejected, ...]]:
    """The accounts, and what had to be refused.

    An account with figures but no currency is in both: it exists, but its figures mean nothing.
    One that moves between two pages while they are fetched is listed twice: the later row counts,
    and the earlier one is refused if it says something else. Times that cannot be are left out.
    """
    accounts: dict[str, Account] = {}
    rejected: list[Rejected] = []
    for row in rows:
        try:
            wire = WireAccount.model_validate(row)
        except ValidationError as error:
            rejected.append(rejection("accounts", _id_of(row), row, error, identity_key))
            continue
        digest = payload_hash(row, identity_key)
        earlier = accounts.get(wire.id)
        if earlier and earlier.payload_hash != digest:
            rejected.append(_left_out("accounts", wire.id, _REPLACED, earlier.payload_hash))
        impossible = impossible_times(wire, now)
        accounts[wire.id] = _account(
            wire.model_copy(update=dict.fromkeys(impossible)),
            provider=provider,
            identity_key=identity_key,
            digest=digest,
        )
        reasons = [f"{name}: {_IMPOSSIBLE}" for name in impossible]
        if wire.currency is None and (wire.balance is not None or wire.coming is not None):
            reasons.append("currency: missing although there are figures; they are left out")
        rejected += (_left_out("accounts", wire.id, reason, digest) for reason in reasons)
    return tuple(accounts.values()), tuple(rejected)


def read_connections(
    rows: Iterable[object], *, provider: str, now: datetime
) -> tuple[Connection, ...]:
    """The connections, each once: of one that is listed twice, the later row counts."""
    read = (read_connection(row, provider=provider, now=now) for row in rows)
    return tuple({connection.connection_id: connection for connection in read}.values())


def read_connection(row: object, *, provider: str, now: datetime | None = None) -> Connection:
    """A connection with its state; a `last_update` that cannot have been by `now` is left out.

    One that cannot be read but has an id is a failed connection, so that somebody looks at it; a
    row without an id raises `ProviderError`.
    """
    try:
        wire = WireConnection.model_validate(row)
    except ValidationError as error:
        return _unreadable_connection(row, provider, error)
    if now is not None:
        wire = wire.model_copy(update=dict.fromkeys(impossible_times(wire, now)))
    # `error` is an old copy of `state`; where both are sent, only `state` is looked at.
    word = (wire.state if "state" in wire.model_fields_set else wire.error) or None
    return Connection(
        provider=provider,
        connection_id=wire.id,
        user_id=wire.id_user,
        institution=wire.connector.name if wire.connector else None,
        state=connection_state(word),
        state_detail=word and (code_word(word) or UNREADABLE),
        last_update=wire.last_update,
        next_try=wire.next_try,
        consent_expires=wire.expire,
        active=wire.active is not False,
    )


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
            rejected.append(rejection("transactions", _id_of(row), row, error, identity_key))
            continue
        if impossible := impossible_times(wire, now):
            digest = payload_hash(row, identity_key)
            reasons = (f"{name}: {_IMPOSSIBLE}" for name in impossible)
            rejected += (_left_out("transactions", wire.id, reason, digest) for reason in reasons)
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


def _left_out(
    relation: Literal["accounts", "transactions"], record_id: str, reason: str, digest: str | None
) -> Rejected:
    return Rejected(relation=relation, record_id=record_id, reason=reason, payload_hash=digest)


def _account(wire: WireAccount, *, provider: str, identity_key: bytes, digest: str) -> Account:
    currency = wire.currency
    return Account(
        provider=provider,
        account_id=wire.id,
        connection_id=wire.id_connection,
        user_id=wire.id_user,
        parent_account_id=wire.id_parent,
        name=_name(wire),
        account_type=(wire.type or "unknown").lower(),
        usage=wire.usage,
        currency=currency.id if currency else None,
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


def _unreadable_connection(row: object, provider: str, error: ValidationError) -> Connection:
    identity = _id_of(row)
    if identity is None:
        raise ProviderError(
            f"The provider lists a connection that cannot be told apart from others "
            f"({_reason(error)}). Nothing can be refreshed; its support has to look at it.",
            kind=ErrorKind.FATAL,
        )
    return Connection(
        provider=provider,
        connection_id=identity,
        user_id=None,
        institution=None,
        state=ConnectionState.FAILED,
        state_detail=UNREADABLE,
        last_update=None,
        next_try=None,
        consent_expires=None,
        active=True,
    )


def rejection(
    relation: Literal["accounts", "balances", "transactions"],
    record_id: str | None,
    row: object,
    error: ValidationError,
    identity_key: bytes,
) -> Rejected:
    """A row that cannot be trusted, with the fields that are wrong but none of their values."""
    return Rejected(
        relation=relation,
        record_id=record_id,
        reason=_reason(error),
        payload_hash=payload_hash(row, identity_key),
    )


def _reason(error: ValidationError) -> str:
    """The problems by field, without the refused values: they may be personal data."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'row'}: {_message(problem)}"
        for problem in problems
    )


def _message(problem: ErrorDetails) -> str:
    if problem["type"] == "model_type":
        return "expected an object"
    return problem["msg"].removeprefix("Value error, ")


def _id_of(row: object) -> str | None:
    try:
        return read_id((as_object(row) or {}).get("id"))
    except ValueError:
        return None
