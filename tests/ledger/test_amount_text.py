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


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_the_text_is_the_amount(amount: Decimal) -> None:
    assert Decimal(as_text(amount)) == amount
