"""`pfo rates`: the reference rates that totals in one currency need, brought up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.cli.console import out
from pfo_dagster.config import load_settings
from pfo_dagster.installed_ledger import open_ledger
from pfo_dagster.operations.reference_rates import update_reference_rates
from pfo_dagster.resources import rate_source

if TYPE_CHECKING:
    from pfo_dagster.operations.reference_rates import UpdatedRates

RUN_BY_HAND = "pfo rates"
"""What stands in the place of a run's id."""


def update_rates() -> None:
    """Fetch the rates that the ledger lacks. Raises `RatesError` and `LedgerError`."""
    settings = load_settings()
    source = rate_source(settings)
    updated = update_reference_rates(open_ledger(settings), source, RUN_BY_HAND)
    out.print(_summary(updated), soft_wrap=True)
    if updated.source == "sample":
        out.print("SANDBOX: these rates are made up; nothing was fetched.", style="bold yellow")


def _summary(updated: UpdatedRates) -> str:
    news = f"{updated.added} new rates" if updated.added else "No new rates"
    return f"{news} from {updated.document}; the newest are of {updated.newest_day}."
