"""How single values are read: exact money, Paris times, plain dates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfo_dagster.openbanking.powens.fields import (
    PARIS,
    paris_wall_clock,
    read_amount,
    read_currency_code,
    read_date,
    read_id,
    read_paris_instant,
)
from pfo_dagster.openbanking.powens.json_text import decode
from pfo_dagster.openbanking.sandbox.wire import dumps
from tests.openbanking.support import law


@pytest.mark.parametrize(
    "text",
    ["12345678901234.56", "0.30", "-0.00000001", "1250000", "-0", "1E+3", "0.000000000001"],
)
def test_trap_6_amounts_come_out_of_json_with_every_digit(text: str) -> None:
    amount = read_amount(decode(text.encode()))
    assert amount == Decimal(text)
    assert isinstance(amount, Decimal)


def test_trap_6_a_sum_of_cents_is_exact() -> None:
    tenth, fifth = decode(b"[0.1, 0.2]")  # pyright: ignore[reportGeneralTypeIssues] - a list
    assert read_amount(tenth) + read_amount(fifth) == Decimal("0.3")


@law
@given(st.integers(-(10**32) + 1, 10**32 - 1))
def test_any_storable_amount_survives_the_wire(units: int) -> None:
    amount = Decimal(f"{units}E-12")
    assert read_amount(decode(dumps(amount))) == amount


def test_a_quoted_amount_is_taken() -> None:
    assert read_amount("7481.01") == Decimal("7481.01")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (decode(b"NaN"), "NaN or infinite"),
        (decode(b"-Infinity"), "NaN or infinite"),
        (decode(b"0.1234567890123"), "more than 12 decimals"),
        (decode(b"1e-999999"), "more than 12 decimals"),
        (decode(b"100000000000000000000000000.0"), "more than 20 digits"),
        (decode(b"1e999999"), "more than 20 digits"),
        (decode(b"0e40"), "more than 20 digits"),
        ("twelve", "expected an amount"),
        ("", "expected an amount"),
        (True, "expected an amount"),
        (0.1, "expected an amount"),
        ([], "expected an amount"),
    ],
)
def test_an_amount_that_cannot_be_kept_exactly_is_refused(value: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_amount(value)


def test_zeros_at_the_end_are_no_decimals() -> None:
    assert read_amount(decode(b"1.50000000000000000")) == Decimal("1.5")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-15 08:30:00", datetime(2026, 1, 15, 7, 30, tzinfo=UTC)),
        ("2026-07-15 08:30:00", datetime(2026, 7, 15, 6, 30, tzinfo=UTC)),
        ("2026-07-15T08:30:00", datetime(2026, 7, 15, 6, 30, tzinfo=UTC)),
        ("2026-07-15 08:30:00+00:00", datetime(2026, 7, 15, 8, 30, tzinfo=UTC)),
        ("2026-07-15T08:30:00Z", datetime(2026, 7, 15, 8, 30, tzinfo=UTC)),
        ("2026-10-25 02:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-03-29 02:30:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    ],
)
def test_trap_8_times_without_offset_are_of_paris(text: str, instant: datetime) -> None:
    assert read_paris_instant(text) == instant
    assert read_paris_instant(text).tzinfo is UTC


@law
@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - made aware below
        lambda moment: moment.replace(tzinfo=UTC, microsecond=0)
    )
)
def test_an_instant_read_back_is_the_same_or_an_hour_early_in_october(instant: datetime) -> None:
    back = read_paris_instant(paris_wall_clock(instant))
    twice = instant.astimezone(PARIS).fold == 1
    assert back == instant - (timedelta(hours=1) if twice else timedelta(0))


@pytest.mark.parametrize("value", ["yesterday", "", 20260115, None, "2026-13-01 00:00:00"])
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_paris_instant(value)


def test_bank_dates_are_never_shifted() -> None:
    assert read_date("2026-01-01") == read_date("2026-01-01 23:59:59") == date(2026, 1, 1)


def test_ids_are_text() -> None:
    assert read_id(42) == read_id("42") == read_id(" 42 ") == "42"
    for value in (None, True, "", 4.2, -1, 10**30, "FR7630006000011234567890189", "Jane Doe", "٤"):
        with pytest.raises(ValueError, match="expected an id"):
            read_id(value)


def test_currency_codes_are_capitals() -> None:
    assert read_currency_code("eur") == "EUR"
    for value in ("", "€", None, "an euro"):
        with pytest.raises(ValueError, match="expected"):
            read_currency_code(value)


def test_nesting_without_end_is_no_json() -> None:
    with pytest.raises(ValueError, match="deep"):
        decode(b"[" * 200_000)
