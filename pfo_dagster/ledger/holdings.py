"""What was held on a day, as known at an instant: one row per account, and sums per currency.

Both times may be left out: then it is the last that is known. `on` is a day in Europe/Paris and
asks what was so; `known_at` is an aware instant and asks what the ledger held, whatever it learned
later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pfo_dagster.ledger.errors import QueryError
from pfo_dagster.ledger.instants import naive_utc
from pfo_dagster.ledger.reader import ask

if TYPE_CHECKING:
    from datetime import date, datetime
    from decimal import Decimal

    from pfo_dagster.ledger.reader import Reader
    from pfo_dagster.ledger.rows import BalanceState


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The balance of an account that was neither deleted nor disabled."""

    tenant_id: str
    provider: str
    institution: str | None
    account_id: str
    account_name: str
    account_type: str
    normal_side: Literal["asset", "debt"] | None
    currency: str | None
    precision: int
    """How many decimals the currency has."""
    amount: Decimal | None
    coming: Decimal | None
    """What is announced of the same moment; never to be added across accounts."""
    as_of: datetime
    day: date
    state: BalanceState
    in_totals: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The sum over the accounts of one provider and currency."""

    tenant_id: str
    provider: str
    currency: str
    precision: int
    amount: Decimal
    accounts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionIn:
    """What one provider's accounts in one currency were worth in a home currency."""

    tenant_id: str
    provider: str
    currency: str
    home_currency: str
    amount: Decimal
    """In `currency`."""
    amount_in_home: Decimal | None
    """`amount * home_rate / rate`, rounded; None where there is no rate."""
    rate: Decimal | None
    """Units of `currency` for one euro; None where no rate is needed or there is none."""
    home_rate: Decimal | None
    """Units of the home currency for one euro."""
    rate_day: date | None
    """The day that both rates are of, at most 7 days before the day that was asked for."""
    rate_source: str | None
    """`ecb`, or `sample` for made-up rates."""


def holdings(
    reader: Reader, *, on: date | None = None, known_at: datetime | None = None
) -> list[Holding]:
    """The accounts with their balances, by bank and name."""
    return ask(
        reader,
        Holding,
        f"""
        SELECT held.tenant_id, held.provider, held.institution, held.account_id,
            held.account_name, held.account_type, held.normal_side, held.currency,
            {_PRECISION} AS precision, held.amount, announced.amount AS coming, held.as_of,
            held.day, held.state, held.in_totals
        FROM balances_at($day, known_at := $known_at) AS held
        LEFT JOIN balances_at($day, known_at := $known_at) AS announced
            ON announced.tenant_id = held.tenant_id
            AND announced.provider = held.provider
            AND announced.account_id = held.account_id
            AND announced.balance_type = 'coming'
            AND (announced.as_of >= held.as_of OR announced.as_of_basis = 'fetched')
        WHERE held.balance_type = 'current'
        ORDER BY held.tenant_id, held.provider, held.institution, held.account_name,
            held.account_id
        """,  # noqa: S608 - our own text
        _times(on, known_at),
    )


def totals(
    reader: Reader, *, on: date | None = None, known_at: datetime | None = None
) -> list[Total]:
    """The sums of what counts in totals. Currencies and providers are never added."""
    return ask(
        reader,
        Total,
        f"""
        SELECT tenant_id, provider, currency, {_PRECISION} AS precision, amount, accounts
        FROM (
            SELECT tenant_id, provider, currency, sum(amount) AS amount, count(*) AS accounts
            FROM balances_at($day, known_at := $known_at)
            WHERE in_totals
            GROUP BY ALL
        ) AS held
        ORDER BY tenant_id, provider, currency
        """,  # noqa: S608 - our own text
        _times(on, known_at),
    )


def positions_in(
    reader: Reader,
    home: str,
    *,
    on: date | None = None,
    known_at: datetime | None = None,
    rates_on: date | None = None,
) -> list[PositionIn]:
    """What each currency was worth in a home currency; without a rate, `amount_in_home` is None.

    Rates are those of `rates_on`, by default of `on` or the last observed day.

    The rule is that of the macro `positions_in`: `views/15_totals.sql`. Raises `QueryError` for a
    position that is too large for it.
    """
    try:
        return ask(
            reader,
            PositionIn,
            """
            SELECT tenant_id, provider, currency, home_currency, amount, amount_in_home, rate,
                home_rate, rate_day, rate_source
            FROM positions_in($home, $day, known_at := $known_at, rates_on := $rates_on)
            ORDER BY tenant_id, provider, currency
            """,
            {"home": home, "rates_on": rates_on, **_times(on, known_at)},
        )
    except QueryError as error:
        if "overflow" not in str(error).lower():
            raise
        raise QueryError(
            f"A position is too large to be valued in {home}: rates are applied exactly, to at most"
            " 10 000 000 000 000 units. Ask for the positions without a home currency."
        ) from error


RATES_GOOD_FOR_DAYS = 7
"""So many days before a day, its rates may be of: the rule of the macro `positions_in`."""


def rate_days(
    reader: Reader, *, on: date, known_at: datetime | None = None
) -> dict[tuple[str, str], date]:
    """By their source and currency, the last day up to `on` of which a reference rate is known."""
    rows = reader.rows(
        """
        SELECT source, currency, max(day) AS day FROM history.reference_rates
        WHERE day <= $day AND ($known_at IS NULL OR recorded_at <= $known_at)
        GROUP BY ALL
        """,
        _times(on, known_at),
    )
    return {(row["source"], row["currency"]): row["day"] for row in rows}


_PRECISION = """coalesce((
    SELECT max(accounts.currency_precision) FROM accounts WHERE accounts.currency = held.currency
), 0)"""


def _times(on: date | None, known_at: datetime | None) -> dict[str, object]:
    return {"day": on, "known_at": None if known_at is None else naive_utc(known_at)}
