"""From records to rows: three kinds of balance, exact, each with what it is of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pfo_dagster.openbanking.records import (
    Account,
    AccountListing,
    Connection,
    ConnectionState,
    Rejected,
)
from pfo_dagster.operations.banking.decisions import RefreshPolicy
from pfo_dagster.operations.banking.rows import account_outcomes, balance_rows

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def connection(**fields: Any) -> Connection:
    values: dict[str, Any] = {
        "provider": "sandbox", "connection_id": "1", "user_id": "1", "institution": "A bank",
        "state": ConnectionState.OK, "state_detail": None, "last_update": NOW - timedelta(hours=1),
        "next_try": None, "consent_expires": None, "active": True,
    }  # fmt: skip
    return Connection(**{**values, **fields})


def account(**fields: Any) -> Account:
    values: dict[str, Any] = {
        "provider": "sandbox", "account_id": "9", "connection_id": "1", "user_id": "1",
        "parent_account_id": None, "name": "Joint", "account_type": "checking", "usage": None,
        "currency": "EUR", "currency_precision": 2, "balance": Decimal("10.00"), "coming": None,
        "iban_masked": None, "iban_hash": None, "number_masked": None, "display": True,
        "last_update": NOW - timedelta(hours=2), "disabled_at": None, "deleted_at": None,
        "error": None,
    }  # fmt: skip
    return Account(**{**values, **fields})


def rows(one: Account, of: Connection | None = None) -> dict[str, Any]:
    connections = {"1": of or connection()}
    found = balance_rows([one], connections, fetched_at=NOW, request_id=None)
    return {row.balance_type: row for row in found}


def test_a_projected_balance_is_inferred_where_both_parts_are_known() -> None:
    found = rows(account(balance=Decimal("2893.36"), coming=Decimal("-2702.74")))
    assert {kind: row.amount for kind, row in found.items()} == {
        "current": Decimal("2893.36"),
        "coming": Decimal("-2702.74"),
        "projected": Decimal("190.62"),
    }


def test_sums_of_the_widest_amounts_are_exact() -> None:
    balance = Decimal("99999999999999999999.999999999999")
    found = rows(account(balance=balance, coming=Decimal("-0.000000000001")))
    assert str(found["projected"].amount) == "99999999999999999999.999999999998"


def test_no_balance_is_an_observation_and_no_zero() -> None:
    found = rows(account(balance=None, coming=Decimal(1)))
    assert found["current"].amount is None
    assert "projected" not in found


@pytest.mark.parametrize("field", ["deleted_at", "disabled_at"])
def test_an_account_that_is_gone_or_off_is_not_observed(field: str) -> None:
    assert rows(account(**{field: NOW})) == {}


@pytest.mark.parametrize(
    ("one", "of", "as_of", "basis"),
    [
        (account(), connection(), NOW - timedelta(hours=2), "account"),
        (account(last_update=None), connection(), NOW - timedelta(hours=1), "connection"),
        (account(last_update=None), connection(last_update=None), NOW, "fetched"),
    ],
)
def test_what_a_balance_is_of_comes_from_the_closest_source(
    one: Account, of: Connection, as_of: datetime, basis: str
) -> None:
    row = rows(one, of)["current"]
    assert (row.as_of, row.as_of_basis) == (as_of, basis)


@pytest.mark.parametrize(
    ("one", "of", "reason"),
    [
        (account(), connection(), None),
        (account(deleted_at=NOW), connection(), "deleted"),
        (account(disabled_at=NOW), connection(), "disabled"),
        (account(error="bug"), connection(), "bug"),
        (account(connection_id="2"), connection(), "not listed"),
        (account(balance=None), connection(), "no balance"),
        (account(), connection(state=ConnectionState.NEEDS_USER, state_detail="decoupled"),
         "decoupled"),
        (account(), connection(last_update=NOW - timedelta(days=3)), "stale"),
    ],
)  # fmt: skip
def test_each_account_is_observed_or_excused_with_a_reason(
    one: Account, of: Connection, reason: str | None
) -> None:
    listing = AccountListing(accounts=(one,))
    (outcome,) = account_outcomes(listing, {"1": of}, policy=RefreshPolicy(), now=NOW)
    assert outcome.outcome == ("excused" if reason else "observed")
    assert (reason or "") in (outcome.reason or "")


def test_an_account_whose_row_was_refused_is_excused_by_what_is_wrong_with_it() -> None:
    refused = [
        Rejected(relation="accounts", record_id="8", reason="balance: the amount is NaN"),
        Rejected(relation="accounts", record_id=None, reason="id: expected an id"),
        Rejected(relation="connections", record_id="1", reason="next_try: expected a time"),
    ]
    listing = AccountListing(accounts=(account(),), rejected=tuple(refused))
    outcomes = account_outcomes(listing, {"1": connection()}, policy=RefreshPolicy(), now=NOW)
    assert {one.account_id: one.reason for one in outcomes} == {
        account().account_id: None,
        "8": "its row could not be trusted: balance: the amount is NaN",
    }


def test_a_figure_that_was_left_out_is_not_blamed_on_the_bank() -> None:
    why = "currency: missing although there are figures; they are left out"
    bare = account(balance=None, currency=None)
    refused = Rejected(relation="accounts", record_id=bare.account_id, reason=why)
    listing = AccountListing(accounts=(bare,), rejected=(refused,))
    (outcome,) = account_outcomes(listing, {"1": connection()}, policy=RefreshPolicy(), now=NOW)
    assert outcome.reason == f"its row could not be trusted: {why}"
