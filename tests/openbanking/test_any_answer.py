"""Whatever the fields of an answer hold, each row is read or refused, and nothing is made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from pfo_dagster.openbanking import ProviderError
from pfo_dagster.openbanking.powens.computed import read_computed_balances
from pfo_dagster.openbanking.powens.connections import read_connections
from pfo_dagster.openbanking.powens.events import EventKind, read_event
from pfo_dagster.openbanking.powens.fields import MAX_DECIMALS, MAX_INTEGER_DIGITS
from pfo_dagster.openbanking.powens.json_text import decode
from pfo_dagster.openbanking.powens.mapping import AccountReader, read_totals, read_transactions
from pfo_dagster.openbanking.powens.models import (
    WireAccount,
    WireConnection,
    WireDailyBalance,
    WireModel,
    WireTransaction,
)
from tests.openbanking.support import KEY

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ODD = [
    "0001-01-01 00:00:00", "9999-12-31 23:59:59", "2026-10-25 02:30:00", "2026-11-21T12:00+23:59",
    "NaN", "1_0", "٣", "-0", "1e400", "\x00", "FR7630006000011234567890189", {"id": "EUR"},
    {"id": "EUR", "precision": 10**30}, {"href": 5}, Decimal("NaN"), Decimal("1E+400"), 10**400,
]  # fmt: skip
PLAIN = st.none() | st.booleans() | st.integers() | st.decimals() | st.text() | st.sampled_from(ODD)
law = settings(max_examples=50)
VALUES = PLAIN | st.lists(PLAIN, max_size=2) | st.dictionaries(st.text(), PLAIN, max_size=2)


def rows_of(model: type[WireModel]) -> st.SearchStrategy[list[Any]]:
    """Rows of a model with anything in their fields, and what is no row; many have an id."""
    anything: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(model.model_fields, VALUES)
    anything["id"] = st.integers(1, 3) | VALUES
    row = st.fixed_dictionaries({"id": anything.pop("id")}, optional=anything)
    return st.lists(row | VALUES, max_size=3)


def is_money(amount: Decimal | None) -> bool:
    """Whether it can be stored as it is."""
    if amount is None:
        return True
    with localcontext(prec=80):
        exact = amount.is_finite() and round(amount, MAX_DECIMALS) == amount
        return exact and abs(amount) < Decimal(10) ** MAX_INTEGER_DIGITS


@law
@given(rows_of(WireAccount))
def test_accounts(rows: list[Any]) -> None:
    reader = AccountReader(provider="p", identity_key=KEY, now=NOW)
    for row in rows:
        before = (len(reader.accounts), len(reader.rejected))
        known = {account.account_id for account in reader.accounts}
        reader.take(row)
        grown = (len(reader.accounts), len(reader.rejected)) > before
        assert grown or str(row["id"]).strip() in known, "a row was dropped silently"
    for account in reader.accounts:
        assert account.account_id.isdecimal()
        assert is_money(account.balance)
        assert is_money(account.coming)


@law
@given(rows_of(WireTransaction))
def test_transactions(rows: list[Any]) -> None:
    read, refused = read_transactions(rows, provider="p", identity_key=KEY, now=NOW)
    ids = {one.transaction_id for one in read}
    assert len(ids) == len(read)
    assert refused or ids == {str(row["id"]).strip() for row in rows}, "a row was dropped silently"
    assert all(is_money(one.value) and is_money(one.original_value) for one in read)


@law
@given(rows_of(WireConnection))
def test_connections(rows: list[Any]) -> None:
    try:
        listing = read_connections(rows, provider="p", identity_key=KEY, now=NOW)
    except ProviderError:
        return  # One without an id, which would count as deleted if it were left out.
    assert {one.connection_id for one in listing.connections} == {
        str(row["id"]).strip() for row in rows
    }


@law
@given(st.lists(VALUES, max_size=2) | rows_of(WireDailyBalance), VALUES)
def test_computed_balances_and_totals(rows: list[Any], odd: object) -> None:
    listing = read_computed_balances(
        {"balances": [odd, {"daily_balances": rows}]},
        account_id="1",
        since=date(2026, 1, 1),
        until=date(2026, 12, 31),
        identity_key=KEY,
    )
    assert len(listing.balances) + len(listing.rejected) <= len(rows)
    assert all(map(is_money, read_totals({"EUR": odd}).values()))


@law
@given(st.sampled_from(EventKind), VALUES, VALUES, st.binary(max_size=9))
def test_webhooks(kind: EventKind, user: object, connection: object, tail: bytes) -> None:
    content = {"id": connection, "user": {"id": user}, "connection": connection}
    for body in (json.dumps(content, default=str).encode() + tail, tail):
        try:
            event = read_event(kind, body)
        except ValueError:
            continue
        assert event.subject.isdecimal()


NUMBERS = st.builds(
    "[{0}{1}, {0}{1}.5e{0}{2}]".format,
    st.sampled_from(["", "-"]),
    st.integers(1, 5_000).map("9".__mul__),
    st.integers(1, 30).map("9".__mul__),
).map(str.encode)


@law
@given(NUMBERS)
def test_numbers(body: bytes) -> None:
    whole, fraction = cast("list[Any]", decode(body))
    texts = body.decode().strip("[]").split(", ")
    assert whole == Decimal(texts[0])
    assert fraction.is_nan() or fraction == Decimal(texts[1])


def is_read(reader: Callable[[bytes], object], body: bytes) -> bool:
    """Whether it has a value for the bytes; it may refuse them with a `ValueError` alone."""
    try:
        reader(body)
    except ValueError:
        return False
    return True


@law
@given(st.binary() | VALUES.map(lambda value: json.dumps(value, default=str).encode()))
def test_bytes(body: bytes) -> None:
    assert is_read(decode, body) == is_read(json.loads, body)
