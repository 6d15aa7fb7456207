"""A change of a balance is what was booked, or it is said why not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from pfo_dagster.ledger import TRUST_CHECKS, Ledger
from tests.ledger.builders import (
    NOON,
    account,
    balance,
    published,
    record,
    refresh,
    sync,
    transaction,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY = timedelta(days=1)


def moved(
    ledger: Ledger,
    change: str,
    booked: Mapping[int, str],
    *,
    account_type: str = "checking",
    synced_after_days: float = 3,
    nights: int = 1,
) -> list[dict[str, object]]:
    """The reconciliation of a change from day 0 to day `nights` with bookings by day."""
    start, end = Decimal(100), Decimal(100) + Decimal(change)
    accounts = [account(account_type=account_type)]
    with ledger.writer() as writer:
        record(writer, refresh("r0"), [balance(str(start))], accounts=accounts)
        later = NOON + nights * DAY
        row = balance(str(end), as_of=later, fetched_at=later)
        record(writer, refresh("r1", at=later), [row], accounts=accounts)
        rows = [
            transaction(
                transaction_id=str(day), booked_on=(NOON + day * DAY).date(), value=Decimal(value)
            )
            for day, value in {-9: "1", **booked}.items()
        ]
        writer.record_transactions(sync(at=NOON + synced_after_days * DAY), rows)
    return published(ledger, "reconciliation")


@pytest.mark.parametrize(
    ("change", "booked", "status"),
    [
        ("0", {}, "matches"),
        ("-12.30", {1: "-12.30"}, "matches"),
        ("-12.29", {1: "-12.30"}, "matches"),
        ("-12.30", {0: "-12.30"}, "a day off"),
        ("-12.30", {2: "-12.30"}, "a day off"),
        ("0", {1: "-12.30"}, "a day off"),
        ("-12.30", {}, "unexplained"),
        ("-12.30", {5: "-12.30"}, "unexplained"),
    ],
)
def test_the_status_of_a_change(
    ledger: Ledger, change: str, booked: dict[int, str], status: str
) -> None:
    [row] = moved(ledger, change, booked)
    assert row["status"] == status
    assert row["change"] == Decimal(change)


def test_days_without_an_observation_are_taken_together(ledger: Ledger) -> None:
    [row] = moved(ledger, "-6", {1: "-1", 2: "-2", 3: "-3"}, nights=3, synced_after_days=4)
    assert (row["status"], row["booked"], row["difference"]) == ("matches", -6, 0)


def test_what_was_not_synced_yet_is_not_held_against_it(ledger: Ledger) -> None:
    [row] = moved(ledger, "-6", {}, synced_after_days=0.5)
    assert row["status"] == "not synced"


def test_investments_move_without_bookings(ledger: Ledger) -> None:
    assert moved(ledger, "-6", {}, account_type="pea") == []


@pytest.mark.parametrize(("days_later", "passed"), [(2, False), (60, True)])
def test_the_check_objects_to_what_is_unexplained_and_recent(
    ledger: Ledger, days_later: int, passed: bool
) -> None:
    moved(ledger, "-6", {})
    (check,) = [check for check in TRUST_CHECKS if check.name == "changes_are_booked"]
    assert not check.blocking
    with ledger.reader() as reader:
        assert check.find(reader, NOON + days_later * DAY).passed is passed
