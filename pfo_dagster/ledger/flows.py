"""What was booked: typed answers about money in and out. The views say what is left out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfo_dagster.ledger.reader import ask

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from pfo_dagster.ledger.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryFlow:
    """Money in and out of a period in one currency and category (a transaction type)."""

    tenant_id: str
    provider: str
    currency: str
    category: str
    inflow: Decimal
    outflow: Decimal
    """Zero or negative."""
    transactions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFlow:
    """Money in and out of a month in one currency. `month` is its first day."""

    tenant_id: str
    provider: str
    month: date
    currency: str
    inflow: Decimal
    outflow: Decimal
    """Zero or negative."""
    transactions: int


def categories(
    reader: Reader,
    since: date,
    until: date,
    *,
    tenant_id: str | None = None,
    provider: str | None = None,
) -> list[CategoryFlow]:
    """The flows from `since` to `until` (inclusive) per currency and category."""
    return ask(
        reader,
        CategoryFlow,
        """
        SELECT tenant_id, provider, currency, transaction_type AS category, sum(inflow) AS inflow,
            sum(outflow) AS outflow, sum(transactions)::BIGINT AS transactions
        FROM cash_flow_by_type
        WHERE day BETWEEN $since AND $until
            AND tenant_id = coalesce($tenant_id, tenant_id)
            AND provider = coalesce($provider, provider)
        GROUP BY ALL
        ORDER BY tenant_id, provider, currency, category
        """,
        {"tenant_id": tenant_id, "provider": provider, "since": since, "until": until},
    )


def cash_flow_by_month(
    reader: Reader, *, tenant_id: str | None = None, provider: str | None = None
) -> list[MonthFlow]:
    """All flows per calendar month and currency, the oldest first."""
    return ask(
        reader,
        MonthFlow,
        """
        SELECT tenant_id, provider, date_trunc('month', day)::DATE AS month, currency,
            sum(inflow) AS inflow, sum(outflow) AS outflow,
            sum(transactions)::BIGINT AS transactions
        FROM cash_flow
        WHERE tenant_id = coalesce($tenant_id, tenant_id)
            AND provider = coalesce($provider, provider)
        GROUP BY ALL
        ORDER BY tenant_id, provider, month, currency
        """,
        {"tenant_id": tenant_id, "provider": provider},
    )
