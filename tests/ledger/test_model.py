"""Any sequence of refreshes, repeats, deletions and crashes gives the views of a naive model."""

from __future__ import annotations

import shutil
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pfo_dagster.ledger import (
    AccountRow,
    BalanceRow,
    ConnectionRow,
    Ledger,
    RecordedRefresh,
    Refresh,
)
from tests.ledger.builders import NOON, account, balance, connection, record, refresh
from tests.ledger.lines import before_line
from tests.ledger.model import DAY, Model, views_of

ACCOUNTS = {"1": "c1", "2": "c1", "3": "c2"}
"""With the connection of each."""


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
class Crash:
    """How many thousandths of a recording come to pass, and whether its process is killed then."""

    thousandths: int
    killed: bool


@dataclass(frozen=True)
class Step:
    """One refresh: what it sees by account, or the number of an earlier one that is retried."""

    seen: dict[str, Seen]
    retry_of: int | None
    gone: str | None
    """A connection that is not listed, and the accounts of which are not seen."""
    crash: Crash | None


SEEN = st.builds(
    Seen,
    amount=st.none() | st.sampled_from([Decimal("0.1"), Decimal("0.2"), Decimal(-3)]),
    currency=st.sampled_from(["EUR", "JPY"]),
    day=st.integers(0, 4),
    says_when=st.booleans(),
    state=st.sampled_from(["ok", "stale"]),
    closed=st.none() | st.integers(0, 5),
)
CRASH = st.builds(
    Crash,
    # Anywhere, and as often between the commit and its publication.
    thousandths=st.integers(0, 999) | st.integers(560, 640),
    killed=st.booleans(),
)
STEPS = st.lists(
    st.builds(
        Step,
        seen=st.dictionaries(st.sampled_from(list(ACCOUNTS)), SEEN),
        retry_of=st.none() | st.integers(0, 3),
        gone=st.none() | st.sampled_from(["c1", "c2"]),
        crash=st.none() | CRASH,
    ),
    min_size=1,
    max_size=5,
)


@dataclass(frozen=True)
class Listing:
    """All that one refresh hands to the ledger."""

    head: Refresh
    connections: list[ConnectionRow]
    accounts: list[AccountRow]
    balances: list[BalanceRow]

    def record(self, ledger: Ledger) -> RecordedRefresh:
        """As a run does, which becomes the writer for this alone."""
        with ledger.writer() as writer:
            return record(
                writer,
                self.head,
                self.balances,
                accounts=self.accounts,
                connections=self.connections,
            )

    def tell(self, model: Model) -> Model:
        """What the model is after it."""
        told = deepcopy(model)
        told.take(self.head, self.connections, self.accounts, self.balances)
        return told


def listing(step: Step, tenant: str, number: int) -> Listing:
    retried = step.retry_of is not None and step.retry_of < number
    name = f"{tenant} r{step.retry_of if retried else number}"
    seen = {one: told for one, told in step.seen.items() if ACCOUNTS[one] != step.gone}
    return Listing(
        head=refresh(name, at=NOON + number * DAY, tenant_id=tenant),
        connections=[connection(connection_id=one) for one in ("c1", "c2") if one != step.gone],
        # A name of its own: accounts of one name that follow each other are one account.
        accounts=[
            account(
                account_id=one,
                connection_id=ACCOUNTS[one],
                name=one,
                iban_hash=None,
                currency=told.currency,
                deleted_at=None if told.closed is None else NOON + told.closed * DAY,
            )
            for one, told in seen.items()
        ],
        balances=[
            balance(
                None if told.amount is None else str(told.amount),
                account_id=one,
                connection_id=ACCOUNTS[one],
                currency=told.currency,
                as_of=NOON + told.day * DAY,
                as_of_basis="connection" if told.says_when else "fetched",
                fetched_at=NOON + timedelta(minutes=number),
                state=told.state,
            )
            for one, told in seen.items()
        ],
    )


class _Died(BaseException):
    """No handler of the ledger's may catch it."""


class Disk:
    """One ledger for all examples, each of which is a tenant that must not see the others."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._minutes = count()
        self._copies = count(1)
        self._tenants = count()
        self.ledger = self._ledger_in(folder / "0")
        nothing = Step({}, None, None, None)
        listing(nothing, self.new_tenant(), 0).record(self.ledger)
        # Counted on a ledger that is there already, as it is for all that follow.
        with before_line(0, lambda: None) as lines:
            listing(nothing, self.new_tenant(), 0).record(self.ledger)
        self._lines = lines.seen

    def new_tenant(self) -> str:
        return f"tenant {next(self._tenants)}"

    def now(self) -> datetime:
        """Later with each question."""
        return NOON + timedelta(minutes=next(self._minutes))

    def crash(self, of: Listing, crash: Crash) -> None:
        """Have a recording fail under way; a killed one leaves the files as they are right then."""
        left = self._folder / str(next(self._copies))

        def die() -> None:
            if crash.killed:
                shutil.copytree(self.ledger.data_dir, left, symlinks=True)
            raise _Died

        try:
            with before_line(1 + crash.thousandths * self._lines // 1000, die):
                of.record(self.ledger)
        except _Died:
            pass
        if left.exists():
            shutil.rmtree(self.ledger.data_dir)
            self.ledger = self._ledger_in(left)

    def _ledger_in(self, folder: Path) -> Ledger:
        return Ledger(folder, clock=self.now)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Disk:
    return Disk(tmp_path_factory.mktemp("disk"))


def _step(account_id: str, day: int, gone: str | None = None) -> Step:
    """One that sees one account, open."""
    seen = Seen(Decimal("0.1"), "EUR", day, says_when=True, state="ok", closed=None)
    return Step({account_id: seen}, None, gone, None)


# Gone with its connection, and back two days later: seldom met by chance.
@example(steps=[_step("1", 0), _step("3", 1, gone="c1"), _step("3", 2), _step("1", 3)])
@settings(max_examples=20, deadline=None)
@given(steps=STEPS)
def test_the_views_are_those_of_a_naive_model(disk: Disk, steps: list[Step]) -> None:
    tenant = disk.new_tenant()
    model = Model()
    latest_then = {}
    for number, step in enumerate(steps):
        handed = listing(step, tenant, number)
        told = handed.tell(model)
        if step.crash is None:
            recorded = handed.record(disk.ledger)
            assert recorded.new_balances == told.refreshes[handed.head.refresh_id]
            model = told
        else:
            disk.crash(handed, step.crash)
            allowed = (model.views(), told.views())
            assert views_of(disk.ledger, tenant) in allowed, "readers see all of it or nothing"
            disk.ledger.catch_up()
            found = views_of(disk.ledger, tenant)
            assert found in allowed
            model = told if found == told.views() else model
        latest_then[disk.now()] = model.views().latest
    assert views_of(disk.ledger, tenant) == model.views()
    with disk.ledger.reader() as reader:
        for instant, latest in latest_then.items():
            known = reader.rows(
                "FROM balances_as_known_at(?) WHERE tenant_id = ?",
                [instant.replace(tzinfo=None), tenant],
            )
            assert {row["account_id"]: (row["amount"], row["currency"]) for row in known} == latest
