"""What was so on a day, what was known at an instant, and where a figure comes from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfo_dagster.ledger import Ledger
from tests.ledger.builders import NOON, account, balance, published, record, refresh

if TYPE_CHECKING:
    from datetime import date, datetime

    from pfo_dagster.ledger import AccountRow, BalanceRow, Reader

DAY = timedelta(days=1)
TYPES = {"1": "checking", "2": "loan", "3": "pea", "4": "piggy bank"}
CLASSES = {"checking": "cash", "loan": "debts", "pea": "investments", "piggy bank": "other"}


@dataclass(frozen=True)
class Seen:
    """What one refresh sees of one account; days count from `NOON`."""

    amount: Decimal | None
    day: int
    closed: int | None


SEEN = st.builds(
    Seen,
    amount=st.none() | st.sampled_from([Decimal("0.1"), Decimal("0.2"), Decimal(-3)]),
    day=st.integers(0, 4),
    closed=st.none() | st.integers(0, 5),
)
REFRESHES = st.lists(st.dictionaries(st.sampled_from(sorted(TYPES)), SEEN), min_size=1, max_size=6)


class Clock:
    """Stands still until the next refresh."""

    def __init__(self) -> None:
        self.now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


CLOCK = Clock()
TENANTS = count(1)


@pytest.fixture(scope="module")
def shared_ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """One ledger for all examples, each of which is a tenant that must not see the others."""
    return Ledger(tmp_path_factory.mktemp("shared"), clock=CLOCK)


def _rows(seen: dict[str, Seen], at: datetime) -> tuple[list[AccountRow], list[BalanceRow]]:
    # Names of their own: accounts of one name that follow each other are one account.
    accounts = [
        account(
            account_id=name,
            name=name,
            iban_hash=None,
            account_type=TYPES[name],
            deleted_at=None if one.closed is None else NOON + one.closed * DAY,
        )
        for name, one in seen.items()
    ]
    balances = [
        balance(
            None if one.amount is None else str(one.amount),
            account_id=name,
            as_of=NOON + one.day * DAY,
            fetched_at=at,
        )
        for name, one in seen.items()
    ]
    return accounts, balances


def _amounts(reader: Reader, relation: str, **parameters: object) -> dict[str, Any]:
    tenant = parameters["tenant"]
    rows = reader.rows(f"FROM {relation} WHERE tenant_id = $tenant", parameters)
    assert {row["tenant_id"] for row in rows} <= {tenant}
    return {row["account_id"]: row["amount"] for row in rows}


@settings(max_examples=25, deadline=None)
@given(refreshes=REFRESHES)
def test_days_and_instants_are_those_of_a_naive_model(
    shared_ledger: Ledger, refreshes: list[dict[str, Seen]]
) -> None:
    tenant = f"tenant {next(TENANTS)}"
    moments: list[datetime] = []
    shown: list[dict[str, Any]] = []
    known: dict[str, list[BalanceRow]] = defaultdict(list)
    closed: dict[str, date | None] = {}
    absent: set[tuple[str, date]] = set()
    with shared_ledger.writer() as writer:
        for number, seen in enumerate(refreshes):
            CLOCK.now += timedelta(minutes=1)
            accounts, balances = _rows(seen, CLOCK.now)
            record(
                writer,
                refresh(f"{tenant} r{number}", at=NOON + number * DAY, tenant_id=tenant),
                balances,
                accounts=accounts,
            )
            for row in accounts:
                end = closed.get(row.account_id)
                closed[row.account_id] = row.deleted_at.date() if row.deleted_at else None
                if end and not row.deleted_at:
                    gone = range((NOON.date() + number * DAY - end).days)
                    absent |= {(row.account_id, end + offset * DAY) for offset in gone}
            for row in balances:
                known[row.account_id].append(row)
            moments.append(CLOCK.now)
            with shared_ledger.reader() as reader:
                shown.append(_amounts(reader, "latest_balances", tenant=tenant))

    def on(day: date) -> dict[str, Decimal | None]:
        return {
            name: max(until, key=lambda row: (row.as_of, row.fetched_at)).amount
            for name, rows in known.items()
            if (until := [row for row in rows if row.as_of.date() <= day])
            and not ((end := closed[name]) and end <= day)
            and (name, day) not in absent
        }

    days = [NOON.date() + offset * DAY for offset in range(-1, 6)]
    with shared_ledger.reader() as reader:
        for day in days:
            found = _amounts(reader, "balances_at($day)", tenant=tenant, day=day)
            assert found == on(day)
            both = "balances_at($day, known_at := $at)"
            now = moments[-1].replace(tzinfo=None)
            assert _amounts(reader, both, tenant=tenant, day=day, at=now) == found
        for moment, seen_then in zip(moments, shown, strict=True):
            then = moment.replace(tzinfo=None)
            as_known = "balances_as_known_at($at)"
            assert _amounts(reader, as_known, tenant=tenant, at=then) == seen_then
            just_before_the_next = then + timedelta(seconds=59)
            assert _amounts(reader, as_known, tenant=tenant, at=just_before_the_next) == seen_then
        worth = reader.rows("FROM net_worth_by_day WHERE tenant_id = ? ORDER BY day", [tenant])
        positions = reader.rows(
            "SELECT day, amount FROM daily_cash_position WHERE tenant_id = ? ORDER BY day", [tenant]
        )
    assert [(row["day"], row["net_worth"]) for row in worth] == [
        (row["day"], row["amount"]) for row in positions
    ]
    for row in worth:
        held = on(row["day"])
        for part in ("cash", "debts", "investments", "other"):
            in_class = [
                amount
                for name, amount in held.items()
                if CLASSES[TYPES[name]] == part and amount is not None
            ]
            assert row[part] == (sum(in_class, Decimal(0)) if in_class else None)


def test_net_worth_never_adds_currencies(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        rows = [balance("1"), balance("2", account_id="2", currency="JPY")]
        record(writer, refresh(), rows)
    found = {row["currency"]: row["net_worth"] for row in published(ledger, "net_worth_by_day")}
    assert found == {"EUR": Decimal(1), "JPY": Decimal(2)}


def test_before_anything_was_known_nothing_was(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh(), [balance()])
    assert published(ledger, "balances_as_known_at(TIMESTAMP '2020-01-01')") == []
    assert published(ledger, "balances_at(DATE '2020-01-01')") == []


def test_what_a_balance_is_comes_with_it(ledger: Ledger) -> None:
    rows = [
        balance("-5", account_id="1"),
        balance("-5", account_id="1", balance_type="projected", as_of_basis="fetched"),
    ]
    with ledger.writer() as writer:
        record(writer, refresh(), rows, accounts=[account(account_type="loan")])
    for relation in ("latest_balances", "balances_at(NULL)"):
        current, projected = published(ledger, relation, "balance_type")
        assert (current["type_basis"], current["as_of_precision"]) == ("unspecified", "second")
        assert (projected["type_basis"], projected["as_of_precision"]) == ("inferred", "unknown")
        assert current["normal_side"] == "debt"
        assert current["amount"] == -5
