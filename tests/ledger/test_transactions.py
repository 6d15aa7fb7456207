"""Transactions, account lists, overviews and the record of forced syncs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from pfo_dagster.ledger import (
    InvalidRowError,
    Overview,
    OverviewRow,
    RejectedRow,
    cash_flow_by_month,
    categories,
)
from tests.ledger.builders import NOON, account, connection, published, sync, transaction

if TYPE_CHECKING:
    from pfo_dagster.ledger import Ledger


def test_a_transaction_that_changes_is_a_new_version(ledger: Ledger) -> None:
    first = [transaction(), transaction(transaction_id="t2", value=None)]
    with ledger.writer() as writer:
        assert writer.record_transactions(sync("s1"), first).changed_records == ("t1", "t2")
        again = writer.record_transactions(sync("s2"), first)
        assert (again.changed_records, again.unchanged_records) == ((), 2)
        changed = [transaction(wording="Bakery, Annecy"), first[1]]
        assert writer.record_transactions(sync("s3"), changed).changed_records == ("t1",)
    assert [row["wording"] for row in published(ledger, "transactions", "transaction_id")] == [
        "Bakery, Annecy",
        "Bakery",
    ]
    assert len(published(ledger, "history.transactions")) == 3
    assert [row["sync_id"] for row in published(ledger, "syncs", "sync_id")] == ["s1", "s2", "s3"]


def test_a_deleted_transaction_leaves_the_view_and_stays_deleted(ledger: Ledger) -> None:
    gone = [transaction(deleted_at=NOON)]
    with ledger.writer() as writer:
        writer.record_transactions(sync("s1"), [transaction()])
        writer.record_transactions(sync("s2"), gone)
        assert writer.record_transactions(sync("s3"), gone).changed_records == ()
    assert published(ledger, "transactions") == []


def test_a_retried_sync_gives_its_first_answer(ledger: Ledger) -> None:
    odd = [RejectedRow(relation="transactions", record_id=None, reason="no date")]
    with ledger.writer() as writer:
        first = writer.record_transactions(sync("s1"), [transaction()], odd)
        assert writer.record_transactions(sync("s1"), [], odd) == first
    assert [row["reason"] for row in published(ledger, "rejected")] == ["no date"]


def test_rows_without_an_id_are_kept_apart_by_their_content(ledger: Ledger) -> None:
    def odd(payload_hash: str) -> RejectedRow:
        return RejectedRow(
            relation="transactions", record_id=None, reason="no id", payload_hash=payload_hash
        )

    with ledger.writer() as writer:
        writer.record_transactions(sync("s1"), [], [odd("a"), odd("b"), odd("a")])
    assert [row["payload_hash"] for row in published(ledger, "rejected", "payload_hash")] == [
        "a",
        "b",
    ]


def test_an_account_sync_names_what_changed_and_what_vanished(ledger: Ledger) -> None:
    both = [account(), account(account_id="2")]
    with ledger.writer() as writer:
        writer.record_accounts(sync("s1"), [connection()], both)
        second = writer.record_accounts(sync("s2"), [connection()], [account(name="Ours")])
        partial = replace(sync("s3"), full_listing=False)
        third = writer.record_accounts(partial, [connection()], [])
    assert (second.changed_records, second.vanished_records) == (("1",), ("2",))
    assert third.vanished_records == ()
    assert [row["name"] for row in published(ledger, "accounts", "account_id")] == [
        "Ours",
        "Joint account",
    ]


def test_cash_flow_counts_what_was_booked_once(ledger: Ledger) -> None:
    card = account(account_id="card", parent_account_id="1", account_type="card")
    rows = [
        transaction(transaction_id="salary", value=Decimal(3000), transaction_type="transfer"),
        transaction(transaction_id="coming", value=Decimal(-5), coming=True),
        transaction(transaction_id="inactive", value=Decimal(-6), active=False),
        transaction(transaction_id="no value", value=None),
        transaction(transaction_id="shop", account_id="card", value=Decimal("-40.10")),
        transaction(transaction_id="sum", value=Decimal("-40.10"), transaction_type="summary_card"),
        transaction(
            transaction_id="other sum",
            account_id="2",
            value=Decimal(-70),
            transaction_type="summary_card",
        ),
        transaction(transaction_id="yen", account_id="3", value=Decimal(-900)),
    ]
    accounts = [
        account(),
        account(account_id="2"),
        account(account_id="3", currency="JPY"),
        card,
    ]
    with ledger.writer() as writer:
        writer.record_accounts(sync("s1"), [connection()], accounts)
        writer.record_transactions(sync("s2"), rows)
    euros, yen = published(ledger, "cash_flow", "currency")
    assert (euros["inflow"], euros["outflow"]) == (Decimal(3000), Decimal("-110.10"))
    assert (euros["net"], euros["transactions"]) == (Decimal("2889.90"), 3)
    assert (yen["inflow"], yen["outflow"], yen["net"]) == (0, -900, -900)
    with ledger.reader() as reader:
        by_category = categories(reader, NOON.date(), NOON.date(), provider="sandbox")
        assert categories(reader, date(2026, 1, 1), date(2026, 1, 31)) == []
        months = cash_flow_by_month(reader)
    assert [(row.currency, row.category, row.outflow) for row in by_category] == [
        ("EUR", "card", Decimal("-40.10")),
        ("EUR", "summary_card", Decimal(-70)),
        ("EUR", "transfer", Decimal(0)),
        ("JPY", "card", Decimal(-900)),
    ]
    assert [(row.month, row.currency) for row in months] == [
        (date(2026, 11, 1), "EUR"),
        (date(2026, 11, 1), "JPY"),
    ]


OVERVIEW = Overview(
    tenant_id="home",
    provider="sandbox",
    period_start=date(2026, 11, 1),
    period_end=date(2026, 11, 30),
    run_id="run-1",
    generated_at=NOON,
)
HELD = OverviewRow(currency="EUR", measure="balance", category=None, amount=Decimal("0.30"))
COUNT = OverviewRow(currency=None, measure="banks", category=None, amount=None, item_count=3)


def test_an_overview_replaces_that_of_its_period_only_if_it_differs(ledger: Ledger) -> None:
    later = replace(OVERVIEW, run_id="run-2")
    december = replace(OVERVIEW, period_start=date(2026, 12, 1), period_end=date(2026, 12, 31))
    with ledger.writer() as writer:
        assert writer.record_overview(OVERVIEW, [HELD, COUNT]).changed
        assert not writer.record_overview(later, [COUNT, HELD]).changed
        assert writer.record_overview(december, [HELD]).changed
        assert [row["run_id"] for row in published(ledger, "overview")] == ["run-1"] * 3
        assert writer.record_overview(later, [replace(HELD, amount=Decimal("0.31"))]).changed
    november = [row for row in published(ledger, "overview") if row["period_start"].month == 11]
    assert [(row["amount"], row["run_id"]) for row in november] == [(Decimal("0.31"), "run-2")]


def test_an_overview_that_becomes_empty_is_shown_empty(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        writer.record_overview(OVERVIEW, [HELD])
        assert writer.record_overview(OVERVIEW, []).changed
        assert not writer.record_overview(OVERVIEW, []).changed
    assert published(ledger, "overview") == []


def test_an_overview_with_a_figure_twice_is_refused(ledger: Ledger) -> None:
    with ledger.writer() as writer, pytest.raises(InvalidRowError, match="Two rows"):
        writer.record_overview(OVERVIEW, [HELD, HELD])


def test_attempts_to_sync_are_counted_in_a_rolling_window(ledger: Ledger) -> None:
    hour = timedelta(hours=1)
    with ledger.writer() as writer:
        for hours_ago, bank in ((25, "c1"), (23, "c1"), (1, "c1"), (2, "c2")):
            writer.record_sync_attempt("home", "sandbox", bank, "run", NOON - hours_ago * hour)
        writer.record_sync_attempt("home", "sandbox", "c2", "run", NOON - 2 * hour)
        writer.record_sync_attempt("other", "sandbox", "c1", "run", NOON)
    with ledger.writer() as writer:
        assert writer.sync_attempts("home", "sandbox", NOON - 24 * hour) == {
            "c1": [NOON - 23 * hour, NOON - hour],
            "c2": [NOON - 2 * hour],
        }
    assert len(published(ledger, "sync_attempts")) == 5
