"""What a bank announced is part of the balance that it came with, and ends with it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.ledger.builders import NOON, balance, published, record, refresh

if TYPE_CHECKING:
    from pfo_dagster.ledger import BalanceRow, Ledger

LATER = NOON + timedelta(days=1)


def observe(ledger: Ledger, *rows: BalanceRow) -> dict[str, int]:
    with ledger.writer() as writer:
        record(writer, refresh(f"r{len(rows)}-{rows[0].as_of}", at=rows[0].as_of), rows)
    return {row["balance_type"]: row["amount"] for row in published(ledger, "latest_balances")}


def test_what_is_no_longer_announced_is_not_still_to_come(ledger: Ledger) -> None:
    both = (balance("100"), balance("-20", balance_type="coming"))
    assert observe(ledger, *both) == {"current": 100, "coming": -20}
    assert observe(ledger, balance("80", as_of=LATER)) == {"current": 80}
    for question in ("balances_at(DATE '2026-11-21')", "balances_as_known_at(now()::TIMESTAMP)"):
        assert [row["balance_type"] for row in published(ledger, question)] == ["current"]
    of_then = published(ledger, "balances_at(DATE '2026-11-20')")
    assert {row["balance_type"]: row["amount"] for row in of_then} == {
        "current": 100,
        "coming": -20,
    }


def test_what_is_announced_again_counts_again(ledger: Ledger) -> None:
    observe(ledger, balance("100"), balance("-20", balance_type="coming"))
    again = (balance("80", as_of=LATER), balance("-5", as_of=LATER, balance_type="coming"))
    assert observe(ledger, *again) == {"current": 80, "coming": -5}


def test_without_a_time_of_the_provider_nothing_tells_old_from_repeated(ledger: Ledger) -> None:
    observe(ledger, balance("100"), balance("-20", balance_type="coming", as_of_basis="fetched"))
    latest = observe(ledger, balance("80", as_of=LATER))
    assert latest == {"current": 80, "coming": -20}
