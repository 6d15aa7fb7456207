"""No rate, no total: what a sum is worth in another currency, and what is said without a rate."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfo_dagster.ledger import PositionIn, QueryError, RatesDocument, ReferenceRateRow, positions_in
from tests.ledger.builders import NOON, account, balance, empty_ledger, published, record, refresh

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pfo_dagster.ledger import Ledger

TODAY = NOON.date()
SAMPLE = RatesDocument(
    source="sample", document="sample.csv", document_hash="h1", run_id="run-1", fetched_at=NOON
)
CURRENCIES = ["EUR", "JPY", "USD"]


def rate(currency: str, value: str, day: date = TODAY) -> ReferenceRateRow:
    return ReferenceRateRow(day=day, currency=currency, rate=Decimal(value))


def hold(ledger: Ledger, provider: str = "sandbox", **amounts: str) -> None:
    with ledger.writer() as writer:
        record(
            writer,
            refresh(f"r-{provider}", provider=provider),
            [balance(value, account_id=code, currency=code) for code, value in amounts.items()],
            accounts=[account(account_id=code, currency=code) for code in amounts],
        )


def know(ledger: Ledger, *rates: ReferenceRateRow, document: RatesDocument = SAMPLE) -> int:
    with ledger.writer() as writer:
        return writer.record_rates(document, rates)


def worth(ledger: Ledger, home: str, on: date | None = None) -> dict[str, PositionIn]:
    with ledger.reader() as reader:
        return {one.currency: one for one in positions_in(reader, home, on=on)}


def total(ledger: Ledger, home: str) -> Mapping[str, object]:
    [row] = published(ledger, f"total_in('{home}', NULL)")
    return row


def test_each_currency_is_converted_by_both_rates_of_one_day(ledger: Ledger) -> None:
    hold(ledger, EUR="100", USD="-50.50", JPY="1000")
    know(ledger, rate("USD", "1.0850"), rate("JPY", "171.95"))
    in_euro = worth(ledger, "EUR")
    assert {name: one.amount_in_home for name, one in in_euro.items()} == {
        "EUR": Decimal(100),
        "USD": Decimal("-46.54"),  # -50.50 / 1.0850 = -46.5437…
        "JPY": Decimal("5.82"),  # 1000 / 171.95 = 5.8156…
    }
    assert in_euro["EUR"].rate_day is None
    assert (in_euro["USD"].rate, in_euro["USD"].rate_day) == (Decimal("1.0850"), TODAY)
    in_yen = worth(ledger, "JPY")
    assert in_yen["USD"].amount_in_home == -8003  # -50.50 * 171.95 / 1.0850 = -8003.2027…
    assert total(ledger, "EUR")["total"] == Decimal("59.28")


def test_a_position_that_is_too_large_for_a_rate_is_told_in_words(ledger: Ledger) -> None:
    hold(ledger, USD="1e20")
    know(ledger, rate("USD", "1.25"))
    with pytest.raises(QueryError, match=r"too large to be valued in EUR: rates are applied exact"):
        worth(ledger, "EUR")


def test_a_rate_that_is_missing_is_named_and_there_is_no_total(ledger: Ledger) -> None:
    hold(ledger, EUR="100", USD="50", JPY="1000")
    know(ledger, rate("USD", "1.25"))
    told = total(ledger, "EUR")
    assert told["total"] is None
    assert told["missing_rates"] == ["JPY"]
    assert worth(ledger, "EUR")["JPY"].amount_in_home is None
    assert total(ledger, "CHF")["missing_rates"] == ["EUR", "JPY", "USD"]


def test_the_last_publication_counts_for_a_week_and_never_one_of_later(ledger: Ledger) -> None:
    hold(ledger, USD="10")
    know(ledger, rate("USD", "2", TODAY - timedelta(days=7)), rate("USD", "5", TODAY))
    with ledger.reader() as reader:
        for later, amount in ((-8, None), (-7, 5), (-1, 5), (0, 2), (7, 2), (8, None)):
            [one] = positions_in(reader, "EUR", rates_on=TODAY + timedelta(days=later))
            assert one.amount_in_home == amount, later


def test_made_up_rates_are_never_applied_to_a_bank_nor_real_ones_to_the_sandbox(
    ledger: Ledger,
) -> None:
    hold(ledger, provider="powens:acme", USD="10")
    know(ledger, rate("USD", "2"))
    assert total(ledger, "EUR")["total"] is None
    real = RatesDocument(
        source="ecb", document="d.xml", document_hash="h", run_id="run-2", fetched_at=NOON
    )
    know(ledger, rate("USD", "4"), document=real)
    assert total(ledger, "EUR")["total"] == Decimal("2.5")
    assert total(ledger, "EUR")["rates"] == [
        {
            "currency": "USD",
            "rate": Decimal(4),
            "home_rate": Decimal(1),
            "day": TODAY,
            "source": "ecb",
        }
    ]


def test_only_what_is_new_or_corrected_is_added(ledger: Ledger) -> None:
    hold(ledger, USD="10")
    assert know(ledger, rate("USD", "2"), rate("JPY", "150")) == 2
    assert know(ledger, rate("USD", "2.000"), rate("JPY", "150")) == 0
    assert know(ledger, rate("USD", "4"), rate("JPY", "150")) == 1
    assert len(published(ledger, "history.reference_rates")) == 3
    assert worth(ledger, "EUR")["USD"].amount_in_home == Decimal("2.5")
    assert [row["kind"] for row in published(ledger, "history.commits", "commit_number")] == [
        "refresh",
        "rates",
        "rates",
    ]


def test_what_was_known_then_knows_no_rate_of_later(ledger: Ledger) -> None:
    hold(ledger, USD="10")
    later = empty_ledger(ledger.data_dir.parent / "later", clock=lambda: NOON + timedelta(hours=1))
    later.warehouse_path.write_bytes(ledger.warehouse_path.read_bytes())
    know(later, rate("USD", "2"))
    with later.reader() as reader:
        [then] = positions_in(reader, "EUR", known_at=NOON + timedelta(minutes=1))
        [now] = positions_in(reader, "EUR")
    assert (then.amount_in_home, now.amount_in_home) == (None, 5)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    ledger = empty_ledger(tmp_path_factory.mktemp("rates"))
    hold(ledger, EUR="1")
    return ledger


CONVERSIONS = st.lists(
    st.tuples(
        st.decimals(-(10**12), 10**12, places=12) | st.decimals(-(10**20), 10**20, places=12),
        st.decimals("0.000001", 10**5, places=6),
        st.decimals("0.000001", 10**5, places=6),
        st.sampled_from([("GBP", Decimal("0.01")), ("JPY", Decimal(1))]),
    ),
    min_size=1,
)


@settings(max_examples=30, deadline=None)
@given(conversions=CONVERSIONS)
def test_a_conversion_is_exact_and_rounded_half_away_from_zero_or_refused(
    shared: Ledger,
    conversions: list[tuple[Decimal, Decimal, Decimal, tuple[str, Decimal]]],
) -> None:
    with shared.reader() as reader, localcontext(prec=80):
        for amount, rate_, home_rate, (home, unit) in conversions:
            exact = amount * home_rate / rate_
            try:
                [row] = reader.rows(
                    "SELECT in_home_currency($amount::DECIMAL(38, 12), $rate::DECIMAL(18, 6),"
                    " $home_rate::DECIMAL(18, 6), $home) AS worth",
                    {"amount": amount, "rate": rate_, "home_rate": home_rate, "home": home},
                )
            except QueryError:
                # Too large for the integers that it is worked out with, and no figure then.
                assert abs(amount) > 10**13 or abs(exact) > 10**13
            else:
                assert row["worth"] == exact.quantize(unit, ROUND_HALF_UP)


def test_ties_go_away_from_zero(shared: Ledger) -> None:
    with shared.reader() as reader:
        [row] = reader.rows(
            "SELECT in_home_currency(1.005, 1, 1, 'EUR') AS up,"
            " in_home_currency(-1.005, 1, 1, 'EUR') AS down,"
            " in_home_currency(2.5, 1, 1, 'JPY') AS yen"
        )
    assert row == {"up": Decimal("1.01"), "down": Decimal("-1.01"), "yen": Decimal(3)}
