"""Accounts that come back under new ids, and connections that are deleted: counted once, or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.ledger.builders import (
    NOON,
    account,
    balance,
    connection,
    published,
    record,
    refresh,
    sync,
    transaction,
)

if TYPE_CHECKING:
    from pfo_dagster.ledger import AccountRow, Ledger, RecordedRefresh

LATER = NOON + timedelta(days=1)


def _seen(ledger: Ledger, refresh_id: str, *accounts: AccountRow, days: int = 0) -> RecordedRefresh:
    at = NOON + timedelta(days=days)
    with ledger.writer() as writer:
        active = [row for row in accounts if row.deleted_at is None and row.disabled_at is None]
        rows = [balance(account_id=row.account_id, as_of=at, fetched_at=at) for row in active]
        return record(writer, refresh(refresh_id, at), rows, accounts=accounts)


def _totals(ledger: Ledger) -> list[int]:
    return [row["amount"] for row in published(ledger, "daily_cash_position", "day")]


def test_an_account_that_came_back_under_a_new_id_counts_once_on_every_day(ledger: Ledger) -> None:
    _seen(ledger, "r1", account(account_id="1"))
    gone = account(account_id="1", deleted_at=LATER)
    second = _seen(ledger, "r2", gone, account(account_id="2"), days=1)
    _seen(ledger, "r3", gone, account(account_id="2"), days=2)

    (succession,) = second.successions
    assert (succession.account_id, succession.succeeded_by) == ("1", "2")
    assert _totals(ledger) == [100, 100, 100]
    assert [row["account_id"] for row in published(ledger, "latest_balances")] == ["2"]
    assert [row["current_account_id"] for row in published(ledger, "account_lineage")] == ["2", "2"]


def test_one_that_is_no_longer_listed_is_ended_and_no_longer_missed(ledger: Ledger) -> None:
    _seen(ledger, "r1", account(account_id="1"))
    second = _seen(ledger, "r2", account(account_id="2"), days=1)
    third = _seen(ledger, "r3", account(account_id="2"), days=2)

    assert [one.succeeded_by for one in second.successions] == ["2"]
    assert second.vanished_accounts == third.vanished_accounts == ()
    assert third.successions == ()
    assert _totals(ledger) == [100, 100, 100]


def test_the_end_that_the_provider_tells_late_does_not_count_both(ledger: Ledger) -> None:
    _seen(ledger, "r1", account(account_id="1"))
    _seen(ledger, "r2", account(account_id="2"), days=1)
    told_late = account(account_id="1", deleted_at=NOON + timedelta(days=3))
    _seen(ledger, "r3", told_late, account(account_id="2"), days=3)

    assert _totals(ledger) == [100, 100, 100, 100]


def test_without_an_iban_connection_type_and_name_decide(ledger: Ledger) -> None:
    loan = account(account_id="1", account_type="loan", name="Home loan", iban_hash=None)
    _seen(ledger, "r1", loan)
    again = replace(loan, account_id="2")
    elsewhere = replace(loan, account_id="3", connection_id="c2")
    second = _seen(ledger, "r2", again, elsewhere, days=1)

    assert [one.succeeded_by for one in second.successions] == ["2"]
    assert second.successions[0].recognised_by == "connection, type and name"


def test_what_is_ambiguous_is_reported_once_and_never_joined(ledger: Ledger) -> None:
    plain = account(account_id="1", iban_hash=None)
    _seen(ledger, "r1", plain)
    twins = [replace(plain, account_id="2"), replace(plain, account_id="3")]
    second = _seen(ledger, "r2", *twins, days=1)
    third = _seen(ledger, "r3", *twins, days=2)

    (succession,) = second.successions
    assert (succession.succeeded_by, succession.candidates) == (None, ("2", "3"))
    assert third.successions == ()
    assert second.vanished_accounts == ("1",)
    assert len(published(ledger, "account_lineage WHERE account_id <> current_account_id")) == 0


def test_two_accounts_of_one_iban_that_are_both_listed_stay_two(ledger: Ledger) -> None:
    _seen(ledger, "r1", account(account_id="1"))
    both = _seen(ledger, "r2", account(account_id="1"), account(account_id="2"), days=1)

    assert both.successions == ()


def test_four_ids_of_one_loan_are_one_history(ledger: Ledger) -> None:
    for day, account_id in enumerate(["1", "2", "3", "4"]):
        _seen(ledger, f"r{account_id}", account(account_id=account_id), days=day)

    assert {row["current_account_id"] for row in published(ledger, "account_lineage")} == {"4"}
    assert _totals(ledger) == [100, 100, 100, 100]


def test_what_is_listed_again_under_a_new_id_flows_once(ledger: Ledger) -> None:
    """The new id is listed with the past of the account, as far back as the provider goes."""
    for number, account_id in enumerate(["1", "2", "3"]):
        _seen(ledger, f"r{number}", account(account_id=account_id), days=number)
    booked = {"1": (-30, -10, -2), "2": (-10, -2, 0), "3": (-2, 0, 1)}
    rows = [
        transaction(
            transaction_id=f"{account_id} of day {day}",
            account_id=account_id,
            booked_on=(NOON + timedelta(days=day)).date(),
        )
        for account_id, days in booked.items()
        for day in days
    ]
    pending = transaction(
        transaction_id="pending",
        account_id="3",
        booked_on=(NOON - timedelta(days=99)).date(),
        coming=True,
    )
    with ledger.writer() as writer:
        writer.record_transactions(sync(), [*rows, pending])
    flows = {row["day"]: row["transactions"] for row in published(ledger, "cash_flow")}
    assert flows == {(NOON + timedelta(days=day)).date(): 1 for day in (-30, -10, -2, 0, 1)}
    assert len(published(ledger, "transactions")) == 10, "what was listed stays to be seen"


def test_recording_again_gives_the_same_successions(ledger: Ledger) -> None:
    _seen(ledger, "r1", account(account_id="1"))
    first = _seen(ledger, "r2", account(account_id="2"), days=1)

    assert _seen(ledger, "r2", account(account_id="2"), days=1) == first


def test_a_deleted_connection_and_its_accounts_leave_the_totals_with_a_date(
    ledger: Ledger,
) -> None:
    ours, others = account(account_id="1"), account(account_id="2", connection_id="c2")
    with ledger.writer() as writer:
        rows = [balance(account_id="1"), balance(account_id="2", connection_id="c2")]
        both = [connection(), connection(connection_id="c2")]
        record(writer, refresh("r1"), rows, accounts=[ours, others], connections=both)
        rows = [balance(account_id="1", as_of=LATER, fetched_at=LATER)]
        second = record(writer, refresh("r2", LATER), rows, accounts=[ours])

    states = {row["connection_id"]: row["state"] for row in published(ledger, "connections")}
    assert states == {"c1": "ok", "c2": "deleted"}
    assert (second.changed_connections, second.vanished_accounts) == (("c2",), ())
    (ended,) = published(ledger, "accounts WHERE account_id = '2'")
    assert ended["deleted_at"] is not None
    assert _totals(ledger) == [200, 100]
    assert len(published(ledger, "balances WHERE account_id = '2'")) == 1


def test_a_connection_that_is_listed_again_is_there_again(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [balance()])
        record(writer, refresh("r2", LATER), [], accounts=[], connections=[])
        back = NOON + timedelta(days=2)
        record(writer, refresh("r3", back), [balance(as_of=back, fetched_at=back)])

    (state,) = published(ledger, "connections")
    assert (state["state"], state["active"]) == ("ok", True)
    assert [row["account_id"] for row in published(ledger, "latest_balances")] == ["1"]
