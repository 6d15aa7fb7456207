"""Amounts as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal


def as_text(amount: Decimal | None, *, places: int = 0, grouped: bool = False) -> str:
    """All digits of an amount, without an exponent or the zeros that fill up its column.

    `12.500000000000` is `12.5`, `1E+2` is `100`, and no amount at all is a dash. `places` keeps
    that many decimals at least (a currency's own), never fewer than the amount has; `grouped` sets
    the thousands apart by spaces, which no country reads as a decimal sign.
    """
    if amount is None:
        return "-"
    text = format(amount, ",f" if grouped else "f").replace(",", " ")
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0").ljust(places, "0")
    return f"{whole}.{decimals}" if decimals else whole
