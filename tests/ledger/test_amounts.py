"""Amounts come out of the published file exactly as they went in."""

from __future__ import annotations

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Decimal, localcontext
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pfo_dagster.ledger import InvalidRowError, QueryError, is_storable, totals
from tests.ledger.builders import balance, in_another_process, record, refresh

if TYPE_CHECKING:
    from pfo_dagster.ledger import Ledger

AMOUNTS = {
    "big": ("12345678901234.56", "EUR"),
    "satoshi": ("-0.00000001", "BTC"),
    "yen": ("1500000", "JPY"),
    "exponent": ("1.5E+3", "EUR"),
    "cent": ("0.01", "EUR"),
    "longest": ("999999999999999999999.999999999999", "XXX"),
    "none": (None, "EUR"),
}


def test_amounts_survive_to_the_digit(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        rows = [
            balance(amount, account_id=name, currency=currency)
            for name, (amount, currency) in AMOUNTS.items()
        ]
        record(writer, refresh(), rows)
    with ledger.reader() as reader:
        table = reader.table("SELECT account_id, amount FROM balances")
        assert table.schema.field("amount").type == pa.decimal128(38, 12)
        read = {row["account_id"]: row["amount"] for row in table.to_pylist()}
    assert read == {
        name: None if amount is None else Decimal(amount) for name, (amount, _) in AMOUNTS.items()
    }


def test_a_tenth_and_two_tenths_are_three_tenths(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        rows = [balance("0.1", account_id="1"), balance("0.2", account_id="2")]
        record(writer, refresh(), rows)
    with ledger.reader() as reader:
        [row] = reader.rows("SELECT amount = 0.3 AS equal, amount FROM daily_cash_position")
    assert row == {"equal": True, "amount": Decimal("0.3")}


def test_another_process_reads_the_same_with_plain_duckdb(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh(), [balance("12345678901234.56")])
    code = """
import duckdb, sys
print(duckdb.connect(sys.argv[1], read_only=True).execute(
    "SELECT amount, as_of FROM latest_balances").fetchall())
"""
    printed = in_another_process(code, ledger.published_path).stdout
    assert "Decimal('12345678901234.560000000000')" in printed
    assert "datetime.datetime(2026, 11, 20, 11, 0)" in printed


def test_no_amount_that_is_held_can_break_the_sums(ledger: Ledger) -> None:
    most = Decimal("999999999999999999999.999999999999")
    rows = [balance(str(most), account_id=str(number)) for number in range(2000)]
    with ledger.writer() as writer:
        record(writer, refresh("r1"), rows)
        for absurd in ("1000000000000000000000", "-1E+21", "9e25"):
            with pytest.raises(InvalidRowError, match=r"amount is .* has to be below 1000"):
                record(writer, refresh("r2"), [balance(absurd)])
    with ledger.reader() as reader:
        [total] = totals(reader)
    with localcontext(prec=MAX_PREC):
        assert total.amount == 2000 * most


def test_a_sum_that_does_not_fit_is_an_error_and_no_figure(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh(), [balance("1")])
    end = "99999999999999999999999999.999999999999::DECIMAL(38, 12)"
    with ledger.reader() as reader:
        for sums in (f"sum({end}) FROM range(2)", f"{end} + {end}"):
            with pytest.raises(QueryError, match="verflow"):
                reader.rows(f"SELECT {sums}")


@given(st.decimals(allow_nan=True, allow_infinity=True))
@example(Decimal("5.99999999999997561935014680E-25"))
@example(Decimal(f"1.{'0' * 51}"))
@example(Decimal(f"1.{'0' * 50}1"))
def test_storable_means_finite_short_enough_and_not_rounded(amount: Decimal) -> None:
    if not amount.is_finite():
        assert not is_storable(amount)
        return
    with localcontext(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN):
        fits = abs(amount) < Decimal("1e21") and amount * 10**12 % 1 == 0
    assert is_storable(amount) == fits
