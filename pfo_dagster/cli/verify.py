"""`pfo verify`: whether the published figures can be believed, and the rows that object."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from pfo_dagster.cli.console import out
from pfo_dagster.config import load_settings
from pfo_dagster.installed_ledger import open_ledger
from pfo_dagster.ledger import TRUST_CHECKS, Finding, cell, figures_are_fresh

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ROWS_PRINTED = 5


def print_findings() -> bool:
    """Print the finding of every trust check; whether none disproved a figure.

    Raises `LedgerError`.
    """
    settings = load_settings()
    ledger = open_ledger(settings)
    now, stale_after = ledger.now(), timedelta(hours=settings.stale_after_hours)
    with ledger.reader() as reader:
        findings = [(check.name, check.blocking, check.find(reader, now)) for check in TRUST_CHECKS]
        fresh = figures_are_fresh(reader, now=now, stale_after=stale_after)
        [count] = reader.rows("SELECT count(DISTINCT tenant_id) AS tenants FROM accounts")
    findings.append(("figures_are_fresh", False, fresh))
    for name, blocking, finding in findings:
        out.print(f"{_verdict(finding, blocking=blocking)}  [bold]{name}[/]: {finding.summary}")
        if finding.rows:
            _print_rows(finding.rows, name_tenants=count["tenants"] > 1)
    disproved = sum(blocking and not finding.passed for _, blocking, finding in findings)
    doubtful = sum(not blocking and not finding.passed for _, blocking, finding in findings)
    out.print(
        f"{len(findings)} checks: {disproved} disprove a figure, {doubtful} are worth a look."
    )
    return disproved == 0


def _verdict(finding: Finding, *, blocking: bool) -> str:
    if finding.passed:
        return "[green]ok    [/]"
    return "[bold red]FAILED[/]" if blocking else "[yellow]look  [/]"


def _print_rows(rows: Sequence[Mapping[str, object]], *, name_tenants: bool) -> None:
    shown = [name for name in rows[0] if name_tenants or name != "tenant_id"]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    for name in shown:
        table.add_column(name, style="dim", overflow="fold")
    for row in rows[:_ROWS_PRINTED]:
        table.add_row("       ", *(escape(cell(row[name])) for name in shown))
    out.print(table)
    if len(rows) > _ROWS_PRINTED:
        out.print(f"         and {len(rows) - _ROWS_PRINTED} more", style="dim")
