"""What is held and how fresh it is: typed answers to the questions that the project asks.

Every question takes a `Reader` and may be narrowed to one tenant or provider. Amounts of different
currencies or providers are never added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfo_dagster.ledger.reader import ask

if TYPE_CHECKING:
    from datetime import date, datetime
    from decimal import Decimal

    from pfo_dagster.ledger.reader import Reader
    from pfo_dagster.ledger.rows import AsOfBasis, BalanceState, BalanceType


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestBalance:
    """The last observation of one type of balance of an account that is neither deleted nor off."""

    tenant_id: str
    provider: str
    connection_id: str | None
    institution: str | None
    account_id: str
    account_name: str
    account_type: str
    balance_type: BalanceType
    amount: Decimal | None
    currency: str | None
    as_of: datetime
    as_of_basis: AsOfBasis
    fetched_at: datetime
    state: BalanceState
    in_totals: bool
    """Whether the amount is part of the positions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What is held in one currency at the end of a day, last known balances carried forward."""

    tenant_id: str
    provider: str
    day: date
    currency: str
    amount: Decimal | None
    assets: Decimal | None
    debts: Decimal | None
    accounts: int
    accounts_unknown: int
    """Accounts of which the provider gave no amount; they are not in the sum."""
    accounts_carried: int
    """Accounts in the sum whose balance is of an earlier day."""
    oldest_age_days: int
    precision: int
    """How many decimals the currency has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleAccount:
    """An account whose last balance is not to be taken for fresh, and what stands in the way."""

    tenant_id: str
    provider: str
    account_id: str
    account_name: str
    institution: str | None
    state: BalanceState
    as_of: datetime
    reason: str | None
    """What the last refresh noted about the account, else the provider's word for the trouble."""
    needs_attention: bool
    """Whether somebody must act before the balance can move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountType:
    """How many active accounts there are of one type and currency."""

    tenant_id: str
    provider: str
    account_type: str
    currency: str | None
    accounts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How current the figures of one provider are."""

    tenant_id: str
    provider: str
    refreshed_at: datetime
    """When the last refresh had all answers; not how old its figures are."""
    newest_as_of: datetime | None
    oldest_as_of: datetime | None
    """Of the last current balances in totals."""


def latest_balances(
    reader: Reader, *, tenant_id: str | None = None, provider: str | None = None
) -> list[LatestBalance]:
    """All last observations, by institution, account and type."""
    return ask(
        reader,
        LatestBalance,
        """
        SELECT tenant_id, provider, connection_id, institution, account_id, account_name,
            account_type, balance_type, amount, currency, as_of, as_of_basis, fetched_at, state,
            in_totals
        FROM latest_balances
        WHERE tenant_id = coalesce($tenant_id, tenant_id)
            AND provider = coalesce($provider, provider)
        ORDER BY institution, account_name, account_id, balance_type
        """,
        {"tenant_id": tenant_id, "provider": provider},
    )


def positions(
    reader: Reader,
    *,
    on: date | None = None,
    tenant_id: str | None = None,
    provider: str | None = None,
) -> list[Position]:
    """The position per currency on a day, or on the last day that was observed."""
    return ask(
        reader,
        Position,
        """
        SELECT tenant_id, provider, day, currency, amount, assets, debts, accounts,
            accounts_unknown, accounts_carried, oldest_age_days, coalesce((
                SELECT max(accounts.currency_precision) FROM accounts
                WHERE accounts.currency = daily_cash_position.currency
            ), 0) AS precision
        FROM daily_cash_position
        WHERE tenant_id = coalesce($tenant_id, tenant_id)
            AND provider = coalesce($provider, provider)
            AND day = coalesce($day, (
                SELECT max(observed.day) FROM balances AS observed
                WHERE observed.balance_type = 'current'
                    AND observed.tenant_id = daily_cash_position.tenant_id
                    AND observed.provider = daily_cash_position.provider
            ))
        ORDER BY tenant_id, provider, currency
        """,
        {"tenant_id": tenant_id, "provider": provider, "day": on},
    )


def recent_positions(reader: Reader, days: int = 30) -> dict[str, list[float]]:
    """The positions of the last days per currency, oldest first: for drawing, never for sums."""
    rows = reader.rows(
        """
        WITH reached AS (SELECT max(day) AS last_day FROM balances WHERE balance_type = 'current')
        SELECT currency, list(amount::DOUBLE ORDER BY day) AS amounts
        FROM daily_cash_position_between(
            (SELECT last_day - $days::INTEGER + 1 FROM reached), (SELECT last_day FROM reached)
        )
        WHERE amount IS NOT NULL
        GROUP BY currency
        """,
        {"days": days},
    )
    return {str(row["currency"]): row["amounts"] for row in rows}


def stale_accounts(
    reader: Reader, *, tenant_id: str | None = None, provider: str | None = None
) -> list[StaleAccount]:
    """The accounts whose last current balance is not `ok`, the oldest first."""
    return ask(
        reader,
        StaleAccount,
        """
        SELECT latest.tenant_id, latest.provider, latest.account_id, latest.account_name,
            latest.institution, latest.state, latest.as_of,
            coalesce(noted.reason, accounts.error, connections.state_detail) AS reason,
            coalesce(connections.needs_attention, false) AS needs_attention
        FROM latest_balances AS latest
        JOIN accounts USING (tenant_id, provider, account_id)
        LEFT JOIN connections
            ON connections.tenant_id = latest.tenant_id
            AND connections.provider = latest.provider
            AND connections.connection_id = accounts.connection_id
        LEFT JOIN (
            SELECT tenant_id, provider, account_id, arg_max_null(reason, commit_number) AS reason
            FROM refresh_accounts GROUP BY ALL
        ) AS noted
            ON noted.tenant_id = latest.tenant_id
            AND noted.provider = latest.provider
            AND noted.account_id = latest.account_id
        WHERE latest.balance_type = 'current' AND latest.state <> 'ok'
            AND latest.tenant_id = coalesce($tenant_id, latest.tenant_id)
            AND latest.provider = coalesce($provider, latest.provider)
        ORDER BY latest.as_of, latest.account_id
        """,
        {"tenant_id": tenant_id, "provider": provider},
    )


def account_types(
    reader: Reader, *, tenant_id: str | None = None, provider: str | None = None
) -> list[AccountType]:
    """The accounts that are neither deleted nor disabled, counted by type and currency."""
    return ask(
        reader,
        AccountType,
        """
        SELECT tenant_id, provider, account_type, currency, count(*) AS accounts
        FROM accounts
        WHERE deleted_at IS NULL AND disabled_at IS NULL
            AND tenant_id = coalesce($tenant_id, tenant_id)
            AND provider = coalesce($provider, provider)
        GROUP BY ALL
        ORDER BY ALL
        """,
        {"tenant_id": tenant_id, "provider": provider},
    )


def account_count(
    reader: Reader, *, tenant_id: str | None = None, provider: str | None = None
) -> int:
    """How many accounts are neither deleted nor disabled."""
    counted = account_types(reader, tenant_id=tenant_id, provider=provider)
    return sum(row.accounts for row in counted)


def connection_ids(reader: Reader) -> frozenset[str]:
    """The ids of all connections that were ever listed."""
    rows = reader.rows("SELECT DISTINCT connection_id FROM connections")
    return frozenset(str(row["connection_id"]) for row in rows)


def freshness(reader: Reader) -> list[Freshness]:
    """How current the figures are, per tenant and provider."""
    return ask(
        reader,
        Freshness,
        """
        SELECT refreshed.tenant_id, refreshed.provider, refreshed.refreshed_at,
            max(latest.as_of) AS newest_as_of, min(latest.as_of) AS oldest_as_of
        FROM (
            SELECT tenant_id, provider, max(finished_at) AS refreshed_at
            FROM refreshes GROUP BY ALL
        ) AS refreshed
        LEFT JOIN latest_balances AS latest
            ON latest.tenant_id = refreshed.tenant_id
            AND latest.provider = refreshed.provider
            AND latest.in_totals
        GROUP BY ALL
        ORDER BY ALL
        """,
        {},
    )
