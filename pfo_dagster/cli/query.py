"""`pfo query`: one question to the published file, read only, exact."""

from __future__ import annotations

import csv
import json
import sys
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pfo_dagster.cli.console import out
from pfo_dagster.config import load_settings
from pfo_dagster.ledger import Ledger, cell, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def print_query(sql: str, output: str) -> None:
    """Print the answer to `sql` as a table, JSON or CSV. Raises `LedgerError`."""
    with Ledger(load_settings().data_dir).reader() as reader:
        columns, rows = reader.answer(sql)
    print_rows(columns, rows, output)


def print_rows(columns: Sequence[str], rows: Sequence[Mapping[str, object]], output: str) -> None:
    """Print rows as a table, JSON or CSV; amounts keep all their digits in each."""
    if output == "json":
        sys.stdout.write(json.dumps(plain(rows), indent=2, ensure_ascii=False) + "\n")
    elif output == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([cell(row[name]) for name in columns] for row in rows)
    else:
        _print_table(columns, rows)


def _print_table(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    widths = [max(len(name), *(len(cell(row[name])) for row in rows), 0) for name in columns]
    counted = "1 row" if len(rows) == 1 else f"{len(rows)} rows"
    needed = max(sum(width + 3 for width in widths) + 1, len(counted))
    if out.is_terminal and needed > out.width:
        _print_records(columns, rows)
        return
    table = Table()
    numeric = {
        name for name in columns if any(isinstance(row[name], Decimal | int) for row in rows)
    }
    for name in columns:
        table.add_column(
            escape(name), justify="right" if name in numeric else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(escape(cell(row[name])) for name in columns))
    # What is piped on has no width to fit into, and a cell cut into lines is of no use there.
    shown_on = out if out.is_terminal else Console(width=needed)
    shown_on.print(table)
    shown_on.print(counted, highlight=False)


def _print_records(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """One line for each value: what is left when a row does not fit on one."""
    indent = max(len(name) for name in columns)
    for number, row in enumerate(rows, start=1):
        out.rule(f"row {number} of {len(rows)}", align="left", style="dim")
        for name in columns:
            out.print(f"[dim]{escape(name.rjust(indent))}[/]  ", end="")
            out.print(cell(row[name]), markup=False, soft_wrap=True)
