"""Every trust check believes a sound ledger, and objects to the fault that it is for."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from pfo_dagster.ledger import (
    TRUST_CHECKS,
    AccountOutcome,
    Finding,
    Ledger,
    figures_are_fresh,
)
from tests.ledger.builders import NOON, account, balance, connection, record, refresh

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ACCOUNTS = (account(), account(account_id="2", currency="JPY"))
BALANCES = (balance("100.00"), balance("-5", account_id="2", currency="JPY"))
TOTALS = {"EUR": Decimal("100.00"), "JPY": Decimal(-5), "CHF": None}


def filled(
    ledger: Ledger,
    *,
    totals: Mapping[str, Decimal | None] = TOTALS,
    outcomes: Sequence[AccountOutcome] = (
        AccountOutcome(account_id="1", outcome="observed"),
        AccountOutcome(account_id="2", outcome="excused", reason="stale"),
    ),
    balances: Sequence[Any] = BALANCES,
) -> Ledger:
    with ledger.writer() as writer:
        writer.record_refresh(
            refresh(),
            connections=[connection()],
            accounts=ACCOUNTS,
            balances=balances,
            outcomes=outcomes,
            decisions=[],
            provider_totals=totals,
        )
    return ledger


def finding(ledger: Ledger, name: str) -> Finding:
    (check,) = [check for check in TRUST_CHECKS if check.name == name]
    with ledger.reader() as reader:
        return check.find(reader)


@pytest.mark.parametrize("name", [check.name for check in TRUST_CHECKS])
def test_a_sound_ledger_is_believed(ledger: Ledger, name: str) -> None:
    found = finding(filled(ledger), name)
    assert found.passed
    assert found.rows == ()


def test_a_state_that_changes_at_the_same_instant_is_no_duplicate(ledger: Ledger) -> None:
    filled(ledger)
    with ledger.writer() as writer:
        record(writer, refresh("r2"), [balance("100.00", state="needs_user")])
        record(writer, refresh("r3", tenant_id="other"), [balance("100.00")])
    assert finding(ledger, "observations_are_unique").passed


def test_an_observation_that_stands_twice_is_found(ledger: Ledger) -> None:
    filled(ledger)
    with duckdb.connect(str(ledger.published_path)) as tampering:
        tampering.execute("INSERT INTO balances FROM balances WHERE account_id = '2'")
    found = finding(ledger, "observations_are_unique")
    assert not found.passed
    assert [row["account_id"] for row in found.rows] == ["2"]


@pytest.mark.parametrize(
    "outcomes",
    [
        [AccountOutcome(account_id="1", outcome="observed")],
        [
            AccountOutcome(account_id="1", outcome="observed"),
            AccountOutcome(account_id="2", outcome="excused"),
        ],
    ],
)
def test_an_account_without_observation_and_reason_is_found(
    ledger: Ledger, outcomes: list[AccountOutcome]
) -> None:
    found = finding(filled(ledger, outcomes=outcomes), "every_account_is_accounted_for")
    assert not found.passed
    assert [row["account_id"] for row in found.rows] == ["2"]


def test_an_amount_in_no_currency_is_found(ledger: Ledger) -> None:
    filled(ledger, balances=[balance("1", currency="ZZZ"), balance("1", currency=None,
                                                                  account_id="2")])  # fmt: skip
    found = finding(ledger, "currencies_are_known")
    assert not found.passed
    assert [row["currency"] for row in found.rows] == ["ZZZ", None]


@pytest.mark.parametrize(
    "totals", [{"EUR": Decimal("100.01")}, {"EUR": Decimal("100.00"), "USD": Decimal(1)}]
)
def test_a_sum_that_is_not_the_providers_is_found(
    ledger: Ledger, totals: dict[str, Decimal | None]
) -> None:
    found = finding(filled(ledger, totals=totals), "totals_are_the_providers")
    assert not found.passed
    assert len(found.rows) == 1


@pytest.mark.parametrize(("age", "fresh"), [(23, True), (25, False)])
def test_old_figures_are_found(ledger: Ledger, age: int, fresh: bool) -> None:
    filled(ledger)
    with ledger.reader() as reader:
        found = figures_are_fresh(
            reader, now=NOON + timedelta(hours=age), stale_after=timedelta(hours=24)
        )
    assert found.passed is fresh
    assert len(found.rows) == (0 if fresh else 2)
