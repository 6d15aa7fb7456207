"""Any sequence of refreshes and repeats gives the views of a model that a child could check."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfo_dagster.ledger import Ledger
from tests.ledger.builders import NOON, account, balance, record, refresh

if TYPE_CHECKING:
    from datetime import date

    from pfo_dagster.ledger import AccountRow, BalanceRow

DAY = timedelta(days=1)
ACCOUNTS = ("1", "2", "3")


@dataclass(frozen=True)
class Seen:
    """What one refresh sees of one account; days count from `NOON`."""

    amount: Decimal | None
    currency: str
    day: int
    says_when: bool
    state: str
    closed: int | None


@dataclass(frozen=True)
class Step:
    """One refresh: what it sees by account, or the number of an earlier one that is retried."""

    seen: dict[str, Seen]
    retry_of: int | None


SEEN = st.builds(
    Seen,
    amount=st.none() | st.sampled_from([Decimal("0.1"), Decimal("0.2"), Decimal(-3)]),
    currency=st.sampled_from(["EUR", "JPY"]),
    day=st.integers(0, 4),
    says_when=st.booleans(),
    state=st.sampled_from(["ok", "stale"]),
    closed=st.none() | st.integers(0, 5),
)
STEPS = st.lists(
    st.builds(
        Step,
        seen=st.dictionaries(st.sampled_from(ACCOUNTS), SEEN),
        retry_of=st.none() | st.integers(0, 3),
    ),
    min_size=1,
    max_size=6,
)


@dataclass
class Model:
    """The ledger as plain lists."""

    observations: dict[str, list[BalanceRow]] = field(default_factory=lambda: defaultdict(list))
    accounts: dict[str, AccountRow] = field(default_factory=dict)

    def take(self, accounts: list[AccountRow], balances: list[BalanceRow]) -> int:
        self.accounts |= {row.account_id: row for row in accounts}
        before = self.count()
        for row in balances:
            known = self.observations[row.account_id]
            like = [
                other for other in known if row.as_of_basis == "fetched" or other.as_of == row.as_of
            ]
            told = (row.amount, row.currency, row.state)
            if not like or (like[-1].amount, like[-1].currency, like[-1].state) != told:
                known.append(row)
        return self.count() - before

    def count(self) -> int:
        return sum(map(len, self.observations.values()))

    def latest(self) -> dict[str, tuple[Decimal | None, str | None]]:
        return {
            name: (_newest(known).amount, _newest(known).currency)
            for name, known in self.observations.items()
            if known and not self.accounts[name].deleted_at
        }

    def positions(self) -> dict[tuple[date, str], Decimal | None]:
        observed = [row.as_of.date() for known in self.observations.values() for row in known]
        totals: dict[tuple[date, str], Decimal | None] = {}
        for offset in range((max(observed) - min(observed)).days + 1 if observed else 0):
            day = min(observed) + offset * DAY
            for name, known in self.observations.items():
                until = [row for row in known if row.as_of.date() <= day]
                end = self.accounts[name].deleted_at
                if not until or (end and end.date() <= day):
                    continue
                newest = _newest(until)
                key = (day, newest.currency or "")
                amount, so_far = newest.amount, totals.get(key)
                totals[key] = so_far if amount is None else (so_far or Decimal(0)) + amount
        return totals


def _newest(rows: list[BalanceRow]) -> BalanceRow:
    _, newest = max(enumerate(rows), key=lambda item: (item[1].as_of, item[1].fetched_at, item[0]))
    return newest


def _rows(step: Step, number: int) -> tuple[list[AccountRow], list[BalanceRow]]:
    accounts: list[AccountRow] = []
    balances: list[BalanceRow] = []
    for name, seen in step.seen.items():
        closed = None if seen.closed is None else NOON + seen.closed * DAY
        # A name of its own: accounts of one name that follow each other are one account.
        accounts.append(
            account(
                account_id=name,
                name=name,
                iban_hash=None,
                currency=seen.currency,
                deleted_at=closed,
            )
        )
        balances.append(
            balance(
                None if seen.amount is None else str(seen.amount),
                account_id=name,
                currency=seen.currency,
                as_of=NOON + seen.day * DAY,
                as_of_basis="connection" if seen.says_when else "fetched",
                fetched_at=NOON + timedelta(minutes=number),
                state=seen.state,
            )
        )
    return accounts, balances


@pytest.fixture(scope="module")
def shared_ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """One ledger for all examples, each of which is a tenant that must not see the others."""
    return Ledger(tmp_path_factory.mktemp("shared"))


TENANTS = count(1)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_the_views_are_those_of_a_naive_model(shared_ledger: Ledger, steps: list[Step]) -> None:
    tenant = f"tenant {next(TENANTS)}"
    model = Model()
    recorded: dict[str, int] = {}
    with shared_ledger.writer() as writer:
        for number, step in enumerate(steps):
            retried = step.retry_of is not None and step.retry_of < number
            refresh_id = f"{tenant} r{step.retry_of if retried else number}"
            accounts, balances = _rows(step, number)
            head = refresh(refresh_id, tenant_id=tenant)
            result = record(writer, head, balances, accounts=accounts)
            if refresh_id not in recorded:
                recorded[refresh_id] = model.take(accounts, balances)
            assert result.new_balances == recorded[refresh_id]
    with shared_ledger.reader() as reader:
        observations, refreshes, latest, positions = (
            reader.rows(f"FROM {relation} WHERE tenant_id = ?", [tenant])
            for relation in ("balances", "refreshes", "latest_balances", "daily_cash_position")
        )
    assert len(observations) == model.count()
    assert len(refreshes) == len(recorded)
    found_latest = {row["account_id"]: (row["amount"], row["currency"]) for row in latest}
    assert found_latest == model.latest()
    found = {(row["day"], row["currency"]): row["amount"] for row in positions}
    assert found == model.positions()
