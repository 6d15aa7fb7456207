"""The commands about the published ledger: figures, their explanation, export, and the way back.

They are top-level commands of `pfo`; `app` adds them. Those that read never wait for a writer.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from pfo_dagster.cli.console import plain_errors, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY, DONE, FAILED

readers_app = typer.Typer()


class RowFormat(StrEnum):
    """How rows are printed."""

    table = "table"
    json = "json"
    csv = "csv"


class BalanceType(StrEnum):
    """Which balance of an account is meant."""

    current = "current"
    coming = "coming"
    projected = "projected"


DAY = typer.Option("--at", metavar="DATE", help="Of the end of this day in Europe/Paris.")


@readers_app.command()
def balances(
    at: Annotated[str | None, DAY] = None,
    as_known_at: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="Leave out what was recorded later; UTC by default."),
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option("--in", metavar="CURRENCY", help="Also the total in it, by the ECB's rates."),
    ] = None,
    output: Annotated[RowFormat, typer.Option("--format")] = RowFormat.table,
) -> None:
    """Show the balance of each account, now or on any day, also as it was known at an instant."""
    from pfo_dagster.cli.balances import print_balances  # noqa: PLC0415 - DuckDB is slow to import

    with plain_errors():
        print_balances(_day(at), _instant(as_known_at), _currency(currency), output.value)


@readers_app.command()
def explain(
    account: Annotated[str, typer.Argument(help="The account's id or name.")],
    at: Annotated[str | None, DAY] = None,
    balance_type: Annotated[BalanceType, typer.Option("--type")] = BalanceType.current,
) -> None:
    """Say where an account's figure comes from, and what took its place and when."""
    from pfo_dagster.cli.explain import print_explanation  # noqa: PLC0415 - see `balances`

    with plain_errors():
        print_explanation(account, _day(at), balance_type.value)


@readers_app.command()
def verify() -> None:
    """Ask the published figures whether they can be believed. Exits with 1 if one is disproved."""
    from pfo_dagster.cli.verify import print_findings  # noqa: PLC0415 - see `balances`

    with plain_errors():
        raise typer.Exit(DONE if print_findings() else FAILED)


@readers_app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write: a .parquet or .csv file.")],
    relation: Annotated[
        str, typer.Argument(help="A relation such as latest_balances, or a SELECT.")
    ],
) -> None:
    """Write a relation of the published ledger to a file, exact."""
    from pfo_dagster.cli.export import export_relation  # noqa: PLC0415 - see `balances`

    with plain_errors():
        export_relation(file, relation)


@readers_app.command()
def rates() -> None:
    """Fetch the reference rates of the European Central Bank that the ledger lacks."""
    from pfo_dagster.cli.rates import update_rates  # noqa: PLC0415 - see `balances`

    with plain_errors():
        update_rates()


@readers_app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A published file, or a backup of one.")],
) -> None:
    """Make a lost ledger anew from a published file. Never replaces one that is there."""
    from pfo_dagster.cli.restore import restore_ledger  # noqa: PLC0415 - see `balances`

    with plain_errors():
        restore_ledger(file)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise stop(f"--at {text} is not a day such as 2026-11-20.", CALLED_WRONGLY) from None


def _currency(text: str | None) -> str | None:
    if text is None:
        return None
    code = text.strip().upper()
    if len(code) == 3 and code.isascii() and code.isalpha():  # noqa: PLR2004 - ISO 4217
        return code
    raise stop(f"--in {text} is not the code of a currency such as EUR.", CALLED_WRONGLY)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        message = (
            f"--as-known-at {text} is not an instant such as 2026-11-20T14:30 (UTC)"
            " or 2026-11-20T14:30+01:00."
        )
        raise stop(message, CALLED_WRONGLY) from None
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
