"""The total in a home currency, as `pfo balances --in` words it: with each rate, or not at all."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.markup import escape

from pfo_dagster.ledger import RATES_GOOD_FOR_DAYS, as_text, source_of
from pfo_dagster.rates import published_currencies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from pfo_dagster.ledger import PositionIn, Source


def total_lines(
    home: str,
    names: Mapping[Source, str],
    positions: Sequence[PositionIn],
    rate_days: Mapping[tuple[str, str], date],
    day: date,
) -> Iterator[list[str]]:
    """For each source, the lines that say what all was worth on `day`, or why that is not known.

    `rate_days` has the last day of which a rate is known, by the source of rates and the currency.
    """
    for source, name in names.items():
        held = [one for one in positions if source_of(one) == source]
        unvalued = [one.currency for one in held if one.amount_in_home is None]
        shown = f"({escape(name)})"
        if not held:
            yield [f"[bold]No total in {escape(home)}[/] {shown}: no amount is known."]
        elif unvalued:
            rates = "sample" if source[1] == "sandbox" else "ecb"
            known = {
                currency
                for of, currency in rate_days
                if of == rates
                and rate_days[of, currency] >= day - timedelta(days=RATES_GOOD_FOR_DAYS)
            }
            why, *advice = _missing(home, unvalued, known, rates, day)
            yield [f"[bold]No total in {escape(home)}[/] {shown}: {why}", *advice]
        else:
            total = sum((one.amount_in_home or Decimal(0) for one in held), Decimal(0))
            yield [f"[bold]Total in {home}: {_amount(total)}[/] {shown}", *map(_line, held)]


def _missing(
    home: str, unvalued: Sequence[str], known: set[str], rates: str, day: date
) -> Iterator[str]:
    """Which rates lack, and what can be done about each."""
    lacking = [code for code in (*unvalued, home) if code not in {*known, "EUR"}]
    if not lacking:
        yield f"no reference rates of one day are known of {_codes([*unvalued, home])}."
        return
    yield f"no reference rate of {_codes(lacking)} is known."
    published = published_currencies(rates)
    if never := [code for code in lacking if code not in published]:
        whose = "The sandbox's made-up rates have" if rates == "sample" else "The ECB publishes"
        yield f"{whose} none of {_codes(never)}."
    if some := [code for code in lacking if code in published]:
        yield (
            f"That of {_codes(some)} has to be of {day} or the week before. `pfo rates` fetches"
            " what is published."
        )


def _codes(currencies: Sequence[str]) -> str:
    return escape(", ".join(currencies))


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
