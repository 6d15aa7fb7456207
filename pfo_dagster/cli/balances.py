"""`pfo balances`: what each account holds, now or on any day, set so that amounts line up."""

from __future__ import annotations

from dataclasses import asdict, fields
from itertools import groupby
from typing import TYPE_CHECKING

from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from pfo_dagster.cli.console import out, print_uncut
from pfo_dagster.cli.query import print_rows
from pfo_dagster.cli.sources import source_names
from pfo_dagster.cli.total import total_lines
from pfo_dagster.config import load_settings
from pfo_dagster.ledger import (
    Holding,
    Ledger,
    as_text,
    bank_day,
    holdings,
    positions_in,
    rate_days,
    source_of,
    totals,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from decimal import Decimal

    from pfo_dagster.ledger import Source, Total


def print_balances(
    on: date | None, known_at: datetime | None, home: str | None, output: str
) -> None:
    """Print the balances of a day, as known at an instant. Raises `LedgerError`.

    `home` adds a total in that currency, by default in `PFO_HOME_CURRENCY` if that is set.
    """
    settings = load_settings()
    home = home or settings.home_currency
    ledger = Ledger(settings.data_dir)
    today = on or bank_day(known_at or ledger.now())
    with ledger.reader() as reader:
        held = holdings(reader, on=on, known_at=known_at)
        sums = totals(reader, on=on, known_at=known_at)
        worth = positions_in(reader, home, on=on, known_at=known_at, rates_on=today) if home else []
        rates = rate_days(reader, on=today, known_at=known_at)
    if output != "table":
        print_rows([field.name for field in fields(Holding)], [asdict(one) for one in held], output)
        return
    out.print(_headline(today, on, known_at), style="bold")
    # A sandbox whose clock was moved on holds figures of days that are still to come here.
    latest = max([bank_day(ledger.now()), *(one.day for one in held)])
    if on and on > latest:
        out.print(f"{on} has not come yet: these are the last known ones.", style="yellow")
    if not held:
        out.print("No account had been observed by then.")
        return
    names = source_names(held)
    for source, of_source in groupby(held, key=source_of):
        if len(names) > 1:
            out.print(f"Of {escape(names[source])}", style="bold")
        if source[1] == "sandbox":
            out.print("SANDBOX: all data is made up.", style="bold yellow")
        of_one = list(of_source)
        print_uncut(_accounts(of_one, today), names=[f"  {one.account_name}" for one in of_one])
    print_uncut(_sums(sums, names))
    out.print("Dim accounts are in no total; currencies are never added.", style="dim")
    for lines in total_lines(home, names, worth, rates, today) if home else ():
        out.print()
        for line in lines:
            out.print(line, soft_wrap=True)


def _headline(today: date, on: date | None, known_at: datetime | None) -> str:
    day = f"at the end of {on}" if on else f"last known on {today}"
    known = f", as known at {known_at:%Y-%m-%d %H:%M:%S} UTC" if known_at else ""
    return f"Balances {day}{known}"


def _accounts(held: Sequence[Holding], today: date) -> Table:
    """A table of one provider's accounts, the bank above those that it has."""
    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("account")
    for name in ("balance", "coming"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("in", no_wrap=True)
    table.add_column("of", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for bank, of_bank in groupby(held, key=lambda one: one.institution):
        table.add_row(f"[bold]{escape(bank or 'unknown bank')}[/]")
        for one in of_bank:
            table.add_row(
                f"  {escape(one.account_name)}",
                "unknown" if one.amount is None else _amount(one.amount, one.precision),
                _amount(one.coming, one.precision) if one.coming else "",
                one.currency or "?",
                _age((today - one.day).days),
                "" if one.state == "ok" else f"[yellow]{one.state}[/]",
                style=None if one.in_totals else "dim",
            )
    return table


def _amount(amount: Decimal, precision: int) -> str:
    text = as_text(amount, places=precision, grouped=True)
    return f"[red]{text}[/]" if amount < 0 else text


def _age(days: int) -> str:
    return "that day" if days <= 0 else f"{days} d before"


def _sums(sums: Sequence[Total], names: Mapping[Source, str]) -> Table:
    table = Table(title="In totals", title_justify="left", box=SIMPLE, pad_edge=False)
    several = len(names) > 1
    if several:
        table.add_column("of")
    table.add_column("in", no_wrap=True)
    table.add_column("sum", justify="right", no_wrap=True)
    table.add_column("accounts", justify="right")
    for one in sums:
        amount = _amount(one.amount, one.precision)
        whose = [escape(names[source_of(one)])] if several else []
        table.add_row(*whose, one.currency, f"[bold]{amount}[/]", str(one.accounts))
    return table
