from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfo_dagster.ledger import as_text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("12.500000000000", "12.5"), ("1E+2", "100"), ("-0.00000001", "-0.00000001"),
        ("12345678901234.56", "12345678901234.56"), ("0", "0"), ("100", "100"),
    ],
)  # fmt: skip
def test_an_amount_keeps_its_digits_and_loses_its_padding(amount: str, text: str) -> None:
    assert as_text(Decimal(amount)) == text


def test_no_amount_is_not_zero() -> None:
    assert as_text(None) == "-"


@pytest.mark.parametrize(
    ("amount", "places", "text"),
    [("64262.3", 2, "64 262.30"), ("-1880252", 0, "-1 880 252"), ("0.00000001", 2, "0.00000001")],
)
def test_for_people_a_currency_has_its_decimals_and_thousands_stand_apart(
    amount: str, places: int, text: str
) -> None:
    assert as_text(Decimal(amount), places=places, grouped=True) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_the_text_is_the_amount(amount: Decimal) -> None:
    assert Decimal(as_text(amount)) == amount
