"""From open-banking records to the ledger's rows. Pure; neither side knows the other."""

from __future__ import annotations

from decimal import Context, Inexact
from typing import TYPE_CHECKING

from pfo_dagster.ledger import (
    AccountOutcome,
    AccountRow,
    BalanceRow,
    ComputedBalanceRow,
    ConnectionRow,
    RejectedRow,
    TransactionRow,
)
from pfo_dagster.openbanking.records import ConnectionState
from pfo_dagster.operations.banking.decisions import is_fresh

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from pfo_dagster.ledger import AsOfBasis, BalanceState, BalanceType
    from pfo_dagster.openbanking.records import (
        Account,
        AccountListing,
        ComputedBalance,
        Connection,
        Rejected,
        Transaction,
    )
    from pfo_dagster.operations.banking.decisions import RefreshPolicy


EXACT = Context(prec=80, traps=[Inexact])
"""Wide enough for any two amounts of the ledger; Python's default rounds at 28 digits."""


def connection_rows(connections: Iterable[Connection]) -> list[ConnectionRow]:
    """The connections as they were listed."""
    return [
        ConnectionRow(
            connection_id=connection.connection_id,
            user_id=connection.user_id,
            institution=connection.institution,
            state=connection.state.value,
            state_detail=connection.state_detail,
            last_update=connection.last_update,
            next_try=connection.next_try,
            consent_expires=connection.consent_expires,
            active=connection.active,
            needs_attention=connection.needs_attention,
        )
        for connection in connections
    ]


def account_rows(accounts: Iterable[Account]) -> list[AccountRow]:
    """The accounts as they were listed, without their figures."""
    return [
        AccountRow(
            account_id=account.account_id,
            connection_id=account.connection_id,
            parent_account_id=account.parent_account_id,
            name=account.name,
            account_type=account.account_type,
            usage=account.usage,
            currency=account.currency,
            currency_precision=account.currency_precision,
            iban_masked=account.iban_masked,
            iban_hash=account.iban_hash,
            number_masked=account.number_masked,
            display=account.display,
            disabled_at=account.disabled_at,
            deleted_at=account.deleted_at,
            error=account.error,
        )
        for account in accounts
    ]


def balance_rows(
    accounts: Iterable[Account],
    connections: Mapping[str, Connection],
    *,
    fetched_at: datetime,
    request_id: str | None,
) -> Iterator[BalanceRow]:
    """Up to three observations of each account: current, coming, and projected where both are.

    *Projected* is inferred (`balance + coming`); Powens knows no *available* balance, and neither
    do we. A null balance is an observation too: the bank gave none. Disabled accounts are not
    synchronised, so what they show is not an observation of now and is left out.
    """
    for account in accounts:
        if account.disabled_at is not None or account.deleted_at is not None:
            continue
        connection = connections.get(account.connection_id or "")
        as_of, basis = _as_of(account, connection, fetched_at)
        for balance_type, amount in _amounts(account):
            yield BalanceRow(
                account_id=account.account_id,
                connection_id=account.connection_id,
                balance_type=balance_type,
                amount=amount,
                currency=account.currency,
                as_of=as_of,
                as_of_basis=basis,
                fetched_at=fetched_at,
                state=_state(account, connection),
                request_id=request_id,
                payload_hash=account.payload_hash,
            )


def account_outcomes(
    listing: AccountListing, connections: Mapping[str, Connection], *, policy: RefreshPolicy,
    now: datetime,
) -> list[AccountOutcome]:  # fmt: skip
    """For every account: observed by this refresh, or the reason why its figure is not of now."""
    refused = {
        row.record_id: f"its row could not be trusted: {row.reason}"
        for row in listing.rejected
        if row.relation == "accounts" and row.record_id is not None
    }
    excuses: dict[str, str | None] = {**refused}
    for account in listing.accounts:
        connection = connections.get(account.connection_id or "")
        excuse = _excuse(account, connection, policy, now)
        if excuse == _NO_BALANCE:
            excuse = refused.get(account.account_id, excuse)
        excuses[account.account_id] = excuse
    return [
        AccountOutcome(
            account_id=account_id, outcome="excused" if reason else "observed", reason=reason
        )
        for account_id, reason in excuses.items()
    ]


def rejected_rows(rejected: Iterable[Rejected]) -> list[RejectedRow]:
    """The rows that could not be trusted."""
    return [
        RejectedRow(
            relation=row.relation,
            record_id=row.record_id,
            reason=row.reason,
            payload_hash=row.payload_hash,
        )
        for row in rejected
    ]


def transaction_rows(transactions: Iterable[Transaction]) -> list[TransactionRow]:
    """The transactions as they were listed."""
    return [
        TransactionRow(
            transaction_id=transaction.transaction_id,
            account_id=transaction.account_id,
            booked_on=transaction.booked_on,
            realised_on=transaction.realised_on,
            value=transaction.value,
            original_value=transaction.original_value,
            original_currency=transaction.original_currency,
            transaction_type=transaction.transaction_type,
            wording=transaction.wording,
            coming=transaction.coming,
            active=transaction.active,
            last_update=transaction.last_update,
            deleted_at=transaction.deleted_at,
        )
        for transaction in transactions
    ]


def computed_rows(
    balances: Iterable[ComputedBalance], currencies: Mapping[str, str]
) -> list[ComputedBalanceRow]:
    """The computed balances, in the currencies of their accounts (by id)."""
    return [
        ComputedBalanceRow(
            account_id=balance.account_id,
            day=balance.day,
            amount=balance.amount,
            currency=currencies[balance.account_id],
        )
        for balance in balances
    ]


def _amounts(account: Account) -> Sequence[tuple[BalanceType, Decimal | None]]:
    amounts: list[tuple[BalanceType, Decimal | None]] = [("current", account.balance)]
    if account.coming is not None:
        amounts.append(("coming", account.coming))
        if account.balance is not None:
            amounts.append(("projected", EXACT.add(account.balance, account.coming)))
    return amounts


def _as_of(
    account: Account, connection: Connection | None, fetched_at: datetime
) -> tuple[datetime, AsOfBasis]:
    if account.last_update is not None:
        return account.last_update, "account"
    if connection is not None and connection.last_update is not None:
        return connection.last_update, "connection"
    return fetched_at, "fetched"


def _state(account: Account, connection: Connection | None) -> BalanceState:
    """How far the figure can be trusted, from what the provider says; age is derived by readers."""
    if account.error is not None:
        return "failed"
    return "ok" if connection is None else _STATES[connection.state]


_STATES: Mapping[ConnectionState, BalanceState] = {
    ConnectionState.OK: "ok",
    ConnectionState.SYNCING: "ok",
    ConnectionState.UNAVAILABLE: "unavailable",
    ConnectionState.NEEDS_USER: "needs_user",
    ConnectionState.FAILED: "failed",
}


_NO_BALANCE = "the bank gives no balance"


def _excuse(
    account: Account, connection: Connection | None, policy: RefreshPolicy, now: datetime
) -> str | None:
    reason: str | None = None
    if account.deleted_at is not None:
        reason = "deleted at the bank"
    elif account.disabled_at is not None:
        reason = "disabled at the provider"
    elif account.error is not None:
        reason = f"the provider failed on this account: {account.error}"
    elif connection is None:
        reason = "its connection is not listed"
    elif connection.needs_attention:
        reason = f"its connection needs attention: {connection.state_detail}"
    elif connection.state is ConnectionState.UNAVAILABLE:
        reason = f"its bank is unavailable: {connection.state_detail}"
    elif not is_fresh(connection, policy=policy, now=now):
        reason = "stale: the connection has not been updated for long"
    elif account.balance is None:
        reason = _NO_BALANCE
    return reason
