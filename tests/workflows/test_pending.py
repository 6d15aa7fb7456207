"""A payment that is pending and then booked is one transaction, whichever id it is booked under."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pfo_dagster.ledger import Ledger
from pfo_dagster.openbanking.sandbox import SCENARIOS
from tests.ledger.builders import NOON, account, connection, sync, transaction
from tests.workflows.household import TRANSACTIONS, Clock, Household

FLOW = "SELECT sum(outflow) AS outflow, sum(transactions) AS n FROM cash_flow"


def test_what_was_pending_is_booked_as_the_same_transaction(tmp_path: Path) -> None:
    clock = Clock()
    world = SCENARIOS["pending-to-booked"].world(2026, clock.now)
    home = Household(tmp_path / "data", clock=clock, world=world)
    home.run(TRANSACTIONS)
    pending = home.published("SELECT transaction_id, value FROM transactions WHERE coming")
    home.clock.move(days=4)
    home.run(TRANSACTIONS)

    assert pending
    for one in pending:
        [booked] = home.published(
            f"FROM transactions WHERE transaction_id = '{one['transaction_id']}'"
        )
        assert (booked["coming"], booked["value"]) == (False, one["value"])
    # As if nobody had looked while they were pending.
    afresh = Household(tmp_path / "afresh", clock=clock, world=world)
    afresh.run(TRANSACTIONS)
    seen = "SELECT transaction_id, value, coming FROM transactions"
    since = f"{seen} WHERE booked_on >= '{(clock.now - timedelta(days=30)).date()}' ORDER BY ALL"
    assert home.published(since) == afresh.published(since)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path / "data", clock=lambda: NOON)
    with ledger.writer() as writer:
        writer.record_accounts(sync("accounts"), [connection()], [account()])
    return ledger


def test_one_that_is_booked_under_another_id_ends_under_the_first(ledger: Ledger) -> None:
    """Powens marks the row that it had before as deleted, and lists it so."""
    pending = transaction(transaction_id="pending", coming=True)
    replaced = transaction(transaction_id="pending", coming=True, deleted_at=NOON)
    booked = transaction(transaction_id="booked")
    with ledger.writer() as writer:
        writer.record_transactions(sync("s1"), [pending])
        writer.record_transactions(sync("s2"), [replaced, booked])
    with ledger.reader() as reader:
        [one] = reader.rows("SELECT transaction_id, coming FROM transactions")
        [flow] = reader.rows(FLOW)
    assert one == {"transaction_id": "booked", "coming": False}
    assert flow == {"outflow": booked.value, "n": 1}


def test_one_whose_first_id_is_never_ended_is_in_no_sum_twice(ledger: Ledger) -> None:
    """Nothing says that both are one, so they are not joined; what is pending is in no sum."""
    with ledger.writer() as writer:
        writer.record_transactions(sync("s1"), [transaction(transaction_id="p", coming=True)])
        writer.record_transactions(sync("s2"), [transaction(transaction_id="b")])
    with ledger.reader() as reader:
        [flow] = reader.rows(FLOW)
        [coming] = reader.rows("SELECT transaction_id FROM transactions WHERE coming")
    assert flow["n"] == 1
    assert coming == {"transaction_id": "p"}
