"""Holdings put each account on one row, of any day and as known at any instant."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from pfo_dagster.ledger import Ledger, holdings, totals
from tests.ledger.builders import NOON, account, balance, record, refresh

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)


def test_a_correction_is_seen_of_its_day_but_not_as_known_before(tmp_path: Path) -> None:
    now = NOON
    ledger = Ledger(tmp_path / "data", clock=lambda: now)
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [balance("10"), balance("-4", balance_type="coming")])
        now = NOON + 2 * DAY
        record(writer, refresh("r2"), [balance("11", fetched_at=now)])

    def amounts(**times: datetime) -> list[Decimal | None]:
        with ledger.reader() as reader:
            known_at = times.get("known_at")
            return [row.amount for row in holdings(reader, on=NOON.date(), known_at=known_at)]

    assert amounts() == [11]
    assert amounts(known_at=NOON) == [10]
    assert amounts(known_at=now) == [11]
    with ledger.reader() as reader:
        [held] = holdings(reader)
        assert (held.coming, held.precision, held.normal_side) == (Decimal(-4), 2, "asset")


def test_what_was_announced_of_an_earlier_moment_is_not_shown(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [balance("10"), balance("-4", balance_type="coming")])
        record(writer, refresh("r2"), [balance("6", as_of=NOON + DAY, fetched_at=NOON + DAY)])
    with ledger.reader() as reader:
        [held] = holdings(reader)
    assert (held.amount, held.coming) == (Decimal(6), None)


def test_totals_are_exact_and_per_currency_and_provider(ledger: Ledger) -> None:
    big = "999999999999999999999.000000000001"
    accounts = [account(), account(account_id="2", display=False), account(account_id="3")]
    rows = [
        balance(big),
        balance("1", account_id="2"),
        balance("-0.000000000002", account_id="3"),
    ]
    with ledger.writer() as writer:
        record(writer, refresh("r1"), rows, accounts=accounts)
        record(writer, refresh("r2", provider="powens:x"), [balance("7", currency="CHF")])
    with ledger.reader() as reader:
        found = [(row.provider, row.currency, row.amount, row.accounts) for row in totals(reader)]
    assert found == [
        ("powens:x", "CHF", Decimal(7), 1),
        ("sandbox", "EUR", Decimal("999999999999999999998.999999999999"), 2),
    ]
