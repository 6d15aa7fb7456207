"""`pfo.openbanking.generate-overview`: a month in figures, as rows and as a page."""

from __future__ import annotations

import os
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field, field_validator

from pfo_dagster.ledger import Overview, OverviewRow, as_text, categories, positions
from pfo_dagster.operations.banking import catalog
from pfo_dagster.operations.banking.access import bank_access, ledger_of
from pfo_dagster.operations.contract import Markdown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pfo_dagster.ledger import CategoryFlow, Position
    from pfo_dagster.operations.contract import OperationContext


class OverviewInput(BaseModel):
    """Input of `pfo.openbanking.generate-overview`."""

    period: str | None = Field(default=None, description="A month, YYYY-MM; by default this one.")

    @field_validator("period")
    @classmethod
    def _a_month(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value):
            msg = f"expected a month such as 2026-11, not {value!r}"
            raise ValueError(msg)
        return value


class GeneratedOverview(BaseModel):
    """Output of `pfo.openbanking.generate-overview`."""

    period: str
    page: str = Field(description="Path of the Markdown page.")
    rows: int
    changed: bool = Field(description="Whether the figures differ from the period's last overview.")


async def generate_overview(context: OperationContext[OverviewInput]) -> GeneratedOverview:
    """Aggregate the balances, the cash flow and the categories of a month."""
    access = bank_access(context)
    ledger = ledger_of(context)
    now = access.clock()
    start, end = _month(context.input.period or f"{now:%Y-%m}")
    ledger.catch_up()
    with ledger.reader() as reader:
        provider = reader.provider()
        held = positions(reader, provider=provider)
        flows = categories(reader, start, end, provider=provider)
    rows = [
        *(
            OverviewRow(
                currency=position.currency,
                measure="balance",
                category=None,
                amount=position.amount,
                item_count=position.accounts,
            )
            for position in held
        ),
        *(row for flow in flows for row in _flow_rows(flow)),
    ]
    head = Overview(
        tenant_id=access.tenant_id,
        provider=provider,
        period_start=start,
        period_end=end,
        run_id=context.run_id,
        generated_at=now,
    )
    with ledger.writer() as writer:
        recorded = writer.record_overview(head, rows)
    page = _page(start, provider, held, flows)
    path = ledger.published_path.parent / "overview" / f"{start:%Y-%m}.md"
    _write(path, page)
    context.describe(
        catalog.PUBLISHED_OVERVIEW,
        page=Markdown(page),
        path=str(path),
        period=f"{start:%Y-%m}",
        rows=len(rows),
        provider=provider,
    )
    return GeneratedOverview(
        period=f"{start:%Y-%m}", page=str(path), rows=len(rows), changed=recorded.changed
    )


def _month(period: str) -> tuple[date, date]:
    """First and last day of `YYYY-MM`."""
    start = date.fromisoformat(f"{period}-01")
    return start, (start + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _flow_rows(flow: CategoryFlow) -> list[OverviewRow]:
    return [
        OverviewRow(
            currency=flow.currency,
            measure=measure,
            category=flow.category,
            amount=amount,
            item_count=flow.transactions,
        )
        for measure, amount in (("inflow", flow.inflow), ("outflow", flow.outflow))
    ]


def _page(
    month: date, provider: str, held: Sequence[Position], flows: Sequence[CategoryFlow]
) -> str:
    """The overview for people. Amounts of different currencies stand apart and are never added."""
    made_up = ["> Made-up data of the built-in sandbox.", ""] if provider == "sandbox" else []
    lines = [
        f"# Overview of {month:%B %Y}",
        "",
        *made_up,
        "## Balances now",
        "",
        "| currency | balance | accounts |",
        "|---|---:|---:|",
        *(
            f"| {one.currency} | {as_text(one.amount, places=one.precision, grouped=True)} "
            f"| {one.accounts} |"
            for one in held
        ),
        "",
        "## Money in and out",
        "",
        *(
            []
            if flows
            else ["No transaction of this month is known. Were the transactions synced?", ""]
        ),
        "| currency | category | in | out | transactions |",
        "|---|---|---:|---:|---:|",
        *(
            f"| {flow.currency} | {flow.category} | {as_text(flow.inflow)} "
            f"| {as_text(flow.outflow)} | {flow.transactions} |"
            for flow in flows
        ),
        "",
    ]
    return "\n".join(lines)


def _write(path: Path, text: str) -> None:
    """Replace the page in one go: a reader sees the old one or the new one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
