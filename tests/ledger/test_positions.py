"""What counts in the positions, for how long, and what is said about its age."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pfo_dagster.ledger import (
    account_count,
    account_types,
    freshness,
    latest_balances,
    positions,
    stale_accounts,
)
from tests.ledger.builders import NOON, account, balance, connection, published, record, refresh

if TYPE_CHECKING:
    from pfo_dagster.ledger import AccountRow, BalanceRow, Ledger

DAY = timedelta(days=1)


def observed(day: int, amount: str | None, **changes: Any) -> BalanceRow:
    return balance(amount, as_of=NOON + day * DAY, fetched_at=NOON + day * DAY, **changes)


def by_day(ledger: Ledger) -> dict[int, tuple[Decimal | None, int, int]]:
    """Days since the first, with the amount, the accounts carried and the oldest age."""
    return {
        (row["day"] - NOON.date()).days: (
            row["amount"],
            row["accounts_carried"],
            row["oldest_age_days"],
        )
        for row in published(ledger, "daily_cash_position", "day")
    }


def test_the_last_known_balance_is_carried_to_the_last_observed_day(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r0"), [observed(0, "10")])
        record(writer, refresh("r1"), [observed(1, "5", account_id="2")])
        record(writer, refresh("r3"), [observed(3, "11"), observed(1, "5", account_id="2")])
    assert by_day(ledger) == {
        0: (Decimal(10), 0, 0),
        1: (Decimal(15), 1, 1),
        2: (Decimal(15), 2, 2),
        3: (Decimal(16), 1, 2),
    }


def test_an_account_counts_up_to_the_day_before_it_was_closed(ledger: Ledger) -> None:
    closed = account(account_id="2", deleted_at=NOON + 2 * DAY, disabled_at=NOON + 3 * DAY)
    rows = [observed(0, "10"), observed(0, "5", account_id="2")]
    with ledger.writer() as writer:
        record(writer, refresh("r0"), rows)
        record(writer, refresh("r3"), [observed(3, "10")], accounts=[account(), closed])
    assert {day: amount for day, (amount, _, _) in by_day(ledger).items()} == {
        0: Decimal(15),
        1: Decimal(15),
        2: Decimal(10),
        3: Decimal(10),
    }
    assert [row["account_id"] for row in published(ledger, "latest_balances")] == ["1"]


def test_the_last_balance_of_a_day_is_the_days(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r0"), [balance("1")])
        record(writer, refresh("r1"), [balance("2", as_of=NOON + timedelta(hours=3))])
    assert by_day(ledger) == {0: (Decimal(2), 0, 0)}


def test_an_unknown_amount_is_not_zero_and_is_counted_apart(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        rows = [observed(0, None), observed(0, "5", account_id="2")]
        record(writer, refresh("r0"), [*rows, observed(0, None, account_id="3", currency="CHF")])
    francs, euros = published(ledger, "daily_cash_position", "currency")
    assert (euros["amount"], euros["accounts"], euros["accounts_unknown"]) == (Decimal(5), 1, 1)
    assert (francs["amount"], francs["accounts"], francs["accounts_unknown"]) == (None, 0, 1)


def test_currencies_are_never_added(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        rows = [
            observed(0, "1"),
            observed(0, "-3", account_id="2"),
            observed(0, "0.00000001", account_id="3", currency="BTC"),
        ]
        record(writer, refresh(), rows)
    with ledger.reader() as reader:
        bitcoin, euro = positions(reader)
    assert (bitcoin.currency, bitcoin.amount) == ("BTC", Decimal("0.00000001"))
    assert (euro.amount, euro.assets, euro.debts) == (Decimal(-2), Decimal(1), Decimal(-3))


def test_positions_of_a_day_and_of_a_provider_can_be_asked_for(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r0"), [observed(0, "1")])
        record(writer, refresh("r1"), [observed(2, "3")])
        record(writer, refresh("r2", provider="powens:home"), [observed(5, "7")])
    with ledger.reader() as reader:
        assert [row.amount for row in positions(reader)] == [Decimal(7), Decimal(3)]
        assert [row.amount for row in positions(reader, provider="sandbox")] == [Decimal(3)]
        asked = positions(reader, on=NOON.date() + DAY, tenant_id="home")
        assert [row.amount for row in asked] == [Decimal(1)]
        assert positions(reader, tenant_id="other") == []


def test_only_current_balances_of_displayed_active_accounts_are_in_totals(ledger: Ledger) -> None:
    kinds: dict[str, AccountRow] = {
        "plain": account(account_id="plain"),
        "hidden": account(account_id="hidden", display=False),
        "off": account(account_id="off", disabled_at=NOON),
        "card": account(account_id="card", account_type="card", parent_account_id="plain"),
    }
    rows = [balance("1", account_id=name) for name in kinds]
    coming = balance("-9", account_id="plain", balance_type="coming")
    with ledger.writer() as writer:
        record(writer, refresh(), [*rows, coming], accounts=list(kinds.values()))
    with ledger.reader() as reader:
        shown = latest_balances(reader)
        [position] = positions(reader)
        assert account_count(reader) == 3
        assert {(row.account_type, row.accounts) for row in account_types(reader)} == {
            ("card", 1),
            ("checking", 2),
        }
    assert {row.account_id for row in shown} == {"plain", "hidden", "card"}
    summed = [row for row in shown if row.in_totals]
    assert {(row.account_id, row.balance_type) for row in summed} == {
        ("plain", "current"),
        ("card", "current"),
    }
    assert position.amount == Decimal(2)


def test_stale_accounts_come_with_what_stands_in_the_way(ledger: Ledger) -> None:
    needy = connection(
        connection_id="c2", state="needs_user", state_detail="SCARequired", needs_attention=True
    )
    rows = [
        balance("1"),
        observed(-9, "2", account_id="2", connection_id="c2", state="needs_user"),
        observed(-3, "3", account_id="3", state="stale"),
    ]
    accounts = [
        account(),
        account(account_id="2", connection_id="c2"),
        account(account_id="3"),
    ]
    with ledger.writer() as writer:
        record(writer, refresh(), rows, accounts=accounts, connections=[connection(), needy])
    with ledger.reader() as reader:
        first, second = stale_accounts(reader)
        [current] = freshness(reader)
    assert (first.account_id, first.reason, first.needs_attention) == ("2", "SCARequired", True)
    assert (second.account_id, second.state, second.needs_attention) == ("3", "stale", False)
    assert (current.refreshed_at, current.newest_as_of) == (NOON, NOON)
    assert current.oldest_as_of == NOON - 9 * DAY


def test_the_days_between_two_are_those_of_the_whole(ledger: Ledger) -> None:
    closed = account(account_id="2", deleted_at=NOON + 4 * DAY)
    with ledger.writer() as writer:
        record(writer, refresh("r0"), [observed(0, "10"), observed(1, "5", account_id="2")])
        record(writer, refresh("r2"), [observed(2, "11")])
        record(writer, refresh("r3"), [observed(2, "12")], accounts=[account(), closed])
        record(writer, refresh("r6"), [observed(6, "13")])
    whole = published(ledger, "daily_balances", "day, account_id")
    assert [row["amount"] for row in whole if row["account_id"] == "1"] == [
        10, 10, 12, 12, 12, 12, 13
    ]  # fmt: skip
    for first in range(-1, 8):
        for last in range(first, 8):
            days = (NOON + first * DAY).date(), (NOON + last * DAY).date()
            asked = f"daily_balances_between('{days[0]}', '{days[1]}')"
            expected = [row for row in whole if days[0] <= row["day"] <= days[1]]
            assert published(ledger, asked, "day, account_id") == expected


def test_an_account_that_comes_back_counts_on_no_day_on_which_it_was_gone(ledger: Ledger) -> None:
    gone = account(account_id="2", disabled_at=NOON + 2 * DAY)
    unchanged = observed(0, "5", account_id="2")
    listings = [
        (0, [observed(0, "10"), unchanged], [account(), account(account_id="2")]),
        (3, [observed(3, "11")], [account(), gone]),
        # Its balance is the one that it had, so that no row is added.
        (5, [observed(5, "12"), unchanged], [account(), account(account_id="2")]),
    ]
    with ledger.writer() as writer:
        for number, rows, accounts in listings:
            head = refresh(f"r{number}", at=NOON + number * DAY)
            record(writer, head, rows, accounts=accounts)
    positions = published(ledger, "daily_cash_position", "day")
    assert [row["amount"] for row in positions] == [15, 15, 10, 11, 11, 17]
    for row in positions:
        at_date = published(ledger, f"balances_at('{row['day']}')")
        assert sum(one["amount"] for one in at_date) == row["amount"]
    with ledger.reader() as reader:
        between = reader.rows(
            "SELECT day, amount FROM daily_cash_position_between(?, ?) ORDER BY day",
            [(NOON + DAY).date(), (NOON + 4 * DAY).date()],
        )
    assert [row["amount"] for row in between] == [15, 10, 11, 11]


def test_days_can_be_asked_for_by_a_question(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r0"), [observed(0, "10")])
        record(writer, refresh("r2"), [observed(2, "12")])
    newest = "(SELECT max(day) FROM balances)"
    for asked in (f"balances_at({newest})", f"daily_balances_between({newest}, {newest})"):
        assert [row["amount"] for row in published(ledger, asked)] == [12]
