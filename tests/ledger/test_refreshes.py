"""What recording a refresh adds, and what recording it again does not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from pfo_dagster.ledger import (
    AccountOutcome,
    ConnectionDecision,
    InvalidRowError,
    RejectedRow,
)
from tests.ledger.builders import NOON, account, balance, connection, published, record, refresh

if TYPE_CHECKING:
    from pfo_dagster.ledger import Ledger

VIEWS = ("balances", "latest_balances", "daily_cash_position", "accounts", "connections")


def amounts(ledger: Ledger) -> list[object]:
    return [row["amount"] for row in published(ledger, "balances", "commit_number")]


def test_a_refresh_is_published_with_its_evidence(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        recorded = writer.record_refresh(
            refresh(),
            connections=[connection()],
            accounts=[account(), account(account_id="2", display=False)],
            balances=[balance("12.34", request_id="q-1", payload_hash="h-1")],
            outcomes=[
                AccountOutcome(account_id="1", outcome="observed"),
                AccountOutcome(account_id="2", outcome="excused", reason="no balance"),
            ],
            decisions=[
                ConnectionDecision(
                    connection_id="c1", decision="forced", reason="stale", failed=True
                )
            ],
            provider_totals={"EUR": Decimal("12.34"), "USD": None},
            rejected=[RejectedRow(relation="accounts", record_id="9", reason="no currency")],
        )
    assert recorded.new_balances == 1
    assert recorded.changed_accounts == ("1", "2")
    assert recorded.changed_connections == ("c1",)
    [row] = published(ledger, "balances")
    assert row["amount"] == Decimal("12.34")
    assert row["as_of"] == NOON
    assert (row["run_id"], row["refresh_id"], row["request_id"]) == ("run-r1", "r1", "q-1")
    [head] = published(ledger, "refreshes")
    assert head["workflow_key"] == "pfo.workflow.refresh-openbanking-balances"
    assert head["failed_connections"] == 1
    outcomes = published(ledger, "refresh_accounts", "account_id")
    assert [row["reason"] for row in outcomes] == [None, "no balance"]
    [decision] = published(ledger, "refresh_connections")
    assert (decision["decision"], decision["failed"]) == ("forced", True)
    totals = published(ledger, "provider_totals", "currency")
    assert [row["amount"] for row in totals] == [Decimal("12.34"), None]
    [rejected] = published(ledger, "rejected")
    assert rejected["reason"] == "no currency"


def test_the_same_answer_again_adds_a_refresh_but_no_balance(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [balance("1.10"), balance(None, balance_type="coming")])
    before = {view: published(ledger, view) for view in VIEWS}
    later = NOON + timedelta(hours=5)
    with ledger.writer() as writer:
        again = record(
            writer,
            refresh("r2", at=later),
            [
                balance("1.1", fetched_at=later),
                balance(None, balance_type="coming", fetched_at=later),
            ],
        )
    assert (again.new_balances, again.unchanged_balances) == (0, 2)
    assert (again.changed_accounts, again.changed_connections) == ((), ())
    assert {view: published(ledger, view) for view in VIEWS} == before
    assert len(published(ledger, "refreshes")) == 2
    assert len(published(ledger, "refresh_accounts")) == 2


def test_a_retry_of_a_refresh_that_was_recorded_gives_its_answer_and_changes_nothing(
    ledger: Ledger,
) -> None:
    with ledger.writer() as writer:
        first = record(writer, refresh("r1"), [balance("1.10")])
        second = record(writer, refresh("r1"), [balance("2.20")])
    assert second == first
    assert amounts(ledger) == [Decimal("1.10")]


def test_a_figure_that_is_corrected_and_corrected_back_ends_as_it_began(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        for number, figure in enumerate(["1", "2", "2", "1"]):
            at = NOON + timedelta(minutes=number)
            record(writer, refresh(f"r{number}"), [balance(figure, fetched_at=at)])
    assert amounts(ledger) == [Decimal(1), Decimal(2), Decimal(1)]
    [latest] = published(ledger, "latest_balances")
    assert latest["amount"] == Decimal(1)


def test_without_a_time_of_the_providers_the_same_figure_is_the_same_observation(
    ledger: Ledger,
) -> None:
    with ledger.writer() as writer:
        for number, figure in enumerate(["1", "1", "2", "1"]):
            at = NOON + timedelta(hours=number)
            row = balance(figure, as_of=at, fetched_at=at, as_of_basis="fetched")
            record(writer, refresh(f"r{number}"), [row])
    assert amounts(ledger) == [Decimal(1), Decimal(2), Decimal(1)]


def test_an_older_answer_that_comes_late_is_kept_but_is_not_the_latest(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [balance("2")])
        record(writer, refresh("r2"), [balance("1", as_of=NOON - timedelta(days=1))])
    assert amounts(ledger) == [Decimal(2), Decimal(1)]
    [latest] = published(ledger, "latest_balances")
    assert latest["amount"] == Decimal(2)


def test_a_changed_account_is_a_new_version_and_the_view_shows_only_that(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [], accounts=[account(), account(account_id="2")])
        changed = record(
            writer, refresh("r2"), [], accounts=[account(name="Ours"), account(account_id="2")]
        )
    assert changed.changed_accounts == ("1",)
    names = [row["name"] for row in published(ledger, "accounts", "account_id")]
    assert names == ["Ours", "Joint account"]
    assert len(published(ledger, "history.accounts")) == 3


def test_accounts_that_vanish_are_named_and_kept(ledger: Ledger) -> None:
    listed = [account(account_id=str(number)) for number in range(4)]
    listed[3] = account(account_id="3", deleted_at=NOON)
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [], accounts=listed)
        second = writer.record_refresh(
            refresh("r2"),
            connections=[connection()],
            accounts=[listed[0]],
            balances=[],
            outcomes=[],
            decisions=[],
            provider_totals={},
            rejected=[RejectedRow(relation="accounts", record_id="1", reason="odd")],
        )
    assert second.vanished_accounts == ("2",)
    assert len(published(ledger, "accounts")) == 4


def test_tenants_and_providers_do_not_meet(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [balance("1")])
        second = record(writer, refresh("r2", provider="powens:home"), [balance("1")])
    assert second.new_balances == 1
    assert second.vanished_accounts == ()
    assert len(published(ledger, "daily_cash_position")) == 2


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([balance("1"), balance("2")], r"Two rows for balances have the same account_id 1"),
        ([balance("0.0000000000001")], r"Row 1 cannot be stored in balances: amount is"),
        ([balance("1", fetched_at=NOON.replace(tzinfo=None))], r"has no time zone"),
        ([balance("1", account_id="77")], r"balance of account 77, but no such account"),
    ],
)
def test_a_row_that_cannot_be_kept_is_named_and_nothing_is_written(
    ledger: Ledger, rows: list, message: str
) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [balance("5")])
        with pytest.raises(InvalidRowError, match=message):
            record(writer, refresh("r2"), rows, accounts=[account(name="Other")])
        record(writer, refresh("r3"), [balance("6")])
    assert amounts(ledger) == [Decimal(5), Decimal(6)]
    assert [row["refresh_id"] for row in published(ledger, "refreshes")] == ["r1", "r3"]
    assert [row["name"] for row in published(ledger, "accounts")] == ["Joint account"]
