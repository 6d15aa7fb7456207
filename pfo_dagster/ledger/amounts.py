"""Amounts as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal


def as_text(amount: Decimal | None) -> str:
    """All digits of an amount, without an exponent or the zeros that fill up its column.

    `12.500000000000` is `12.5`, `1E+2` is `100`, and no amount at all is a dash.
    """
    if amount is None:
        return "-"
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
