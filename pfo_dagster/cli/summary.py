"""What a person wants to see of a run: where the data is from, what was done, what there is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
from rich.box import SIMPLE
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from pfo_dagster.cli.console import out, print_uncut
from pfo_dagster.ledger import as_text, positions, stale_accounts

if TYPE_CHECKING:
    from pfo_dagster.cli.progress import RunProgress
    from pfo_dagster.config import Settings
    from pfo_dagster.ledger import Ledger
    from pfo_dagster.translate import TranslatedWorkflow


def print_source(settings: Settings, workflow: TranslatedWorkflow) -> None:
    """Say which workflow runs and, loudly, whether its data is a bank's or made up."""
    out.print(f"[bold]{workflow.spec.meta.title}[/]  {workflow.spec.meta.key}")
    if settings.has_powens:
        address = settings.powens_domain or settings.powens_base_url
        out.print(f"Data from [bold]Powens[/] ({address}).")
        if settings.is_on_this_computer:
            out.print("A server on this computer is no bank: take its data for made up.")
        return
    text = (
        "[bold]SANDBOX: all data is made up.[/] No bank is asked. To use your own banks, set "
        "POWENS_DOMAIN and POWENS_USER_TOKEN."
    )
    out.print(Panel(text, border_style="yellow", expand=False))


def print_steps(progress: RunProgress) -> None:
    """Each step of the run: how it ended, after how many executions and how long."""
    table = Table("step", "outcome", "executions", "time", box=None, pad_edge=False)
    for column in table.columns[2:]:
        column.justify = "right"
    for step in progress.steps.values():
        style = {"done": "green", "failed": "bold red"}.get(step.outcome, "yellow")
        retries = (
            f" (waited {', '.join(f'{wait:g} s' for wait in step.waits)})" if step.waits else ""
        )
        table.add_row(
            step.name,
            f"[{style}]{step.outcome}[/]",
            f"{step.executions}{retries}",
            f"{step.seconds:.2f} s",
        )
    out.print()
    out.print(table)
    for warning in progress.warnings:
        out.print(f"[yellow]warning:[/] {escape(warning)}", soft_wrap=True)
    for check in progress.checks:
        if not check.passed:
            word = "failed" if check.severity is dg.AssetCheckSeverity.ERROR else "warning"
            out.print(f"[yellow]check {word}:[/] {check.check_name}: {check.description}")
    for asset, rows in progress.left_out.items():
        out.print(
            f"[yellow]left out:[/] {rows} rows for {asset} that could not be trusted, wholly or in"
            " part. Which and why: .venv/bin/pfo query 'FROM rejected'"
        )
    passed = sum(check.passed for check in progress.checks)
    if progress.checks:
        out.print(f"{passed} of {len(progress.checks)} checks passed.", style="dim")


def print_positions(ledger: Ledger) -> None:
    """The cash position per currency, what in it is not of now and why, and what to try next."""
    with ledger.reader() as reader:
        held = positions(reader)
        stale = stale_accounts(reader)
    day = f" at the end of {held[0].day}" if held else ""
    table = Table(title=f"Cash position{day}", title_justify="left", box=SIMPLE, pad_edge=False)
    table.add_column("in", no_wrap=True)
    for name in ("assets", "debts", "position", "accounts", "unknown", "oldest"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in held:
        assets, debts, position = (
            as_text(amount, places=one.precision, grouped=True)
            for amount in (one.assets, one.debts, one.amount)
        )
        table.add_row(
            one.currency,
            assets,
            debts,
            f"[bold]{position}[/]",
            str(one.accounts),
            str(one.accounts_unknown or ""),
            f"{one.oldest_age_days} d" if one.oldest_age_days else "today",
        )
    out.print()
    print_uncut(table)
    out.print("Amounts of different currencies are never added.", style="dim")
    if stale:
        out.print("\n[bold yellow]Not of now[/]")
        for account in stale:
            reason = account.reason or account.state
            where = f"{account.account_name} ({account.institution or 'unknown bank'})"
            out.print(f"  {where}: of {account.as_of:%Y-%m-%d %H:%M} UTC; {reason}")
    out.print(f"\nPublished: [bold]{ledger.published_path}[/]", soft_wrap=True)
    out.print("\nTry next")
    out.print("  make dev                                    the same, in Dagster's UI")
    out.print("  .venv/bin/pfo query 'FROM latest_balances'  ask the published file")
    out.print("  .venv/bin/pfo run pfo.workflow.sync-openbanking-transactions")
