"""The total in a home currency, as `pfo balances --in` words it: with each rate, or not at all."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from pfo_dagster.ledger import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from pfo_dagster.ledger import PositionIn


def total_lines(positions: Sequence[PositionIn], day: date) -> Iterator[list[str]]:
    """For each provider, the lines that say what all was worth on `day`, or which rates lack."""
    for (_, provider), of_provider in groupby(
        positions, key=lambda one: (one.tenant_id, one.provider)
    ):
        held = list(of_provider)
        home = held[0].home_currency
        missing = [one.currency for one in held if one.amount_in_home is None]
        if missing:
            codes = ", ".join(missing)
            yield [
                f"[bold]No total in {home}[/] ({provider}): no reference rate of {codes} is known.",
                f"It has to be of {day} or the week before. `pfo rates` fetches what is published.",
            ]
        else:
            total = sum((one.amount_in_home or Decimal(0) for one in held), Decimal(0))
            yield [f"[bold]Total in {home}: {_amount(total)}[/] ({provider})", *map(_line, held)]


def _line(one: PositionIn) -> str:
    own = _amount(one.amount)
    if one.rate is None or one.home_rate is None or one.amount_in_home is None:
        return f"  {own} {one.currency}"
    worth = _amount(one.amount_in_home)
    made_up = " (made up)" if one.rate_source == "sample" else ""
    rates = [
        f"{as_text(rate)} {currency}"
        for rate, currency in ((one.rate, one.currency), (one.home_rate, one.home_currency))
        if currency != "EUR"
    ]
    return (
        f"  {own} {one.currency} = {worth} {one.home_currency} at 1 EUR = {' = '.join(rates)},"
        f" rates of {one.rate_day}{made_up}"
    )


def _amount(amount: Decimal) -> str:
    whole = amount == amount.to_integral_value()
    return as_text(amount, places=0 if whole else 2, grouped=True)
