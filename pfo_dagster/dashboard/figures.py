"""What the dashboard asks of a publication, beyond the ledger's ready-made answers.

Every function takes a `Reader`, so that all figures of a page are of one publication. Amounts are
`Decimal`; charts alone turn them into floats.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from pfo_dagster.ledger import TRUST_CHECKS, Finding, figures_are_fresh

if TYPE_CHECKING:
    from datetime import date, datetime
    from decimal import Decimal

    import pyarrow as pa

    from pfo_dagster.ledger import AccountKey, Reader, Source

SANDBOX = "sandbox"
SPARKLINE_DAYS = 90
RECENT_DAYS = 7


@dataclass(frozen=True, slots=True)
class Publication:
    """Which publication is shown, and whose data it is."""

    commit_number: int | None
    published_at: datetime
    refreshed_at: datetime | None
    sources: tuple[str, ...]

    @property
    def is_made_up(self) -> bool:
        """Whether any of the data is the sandbox's."""
        return any(source.startswith(SANDBOX) for source in self.sources)


@dataclass(frozen=True, slots=True)
class WaitingConnection:
    """A connection to a bank, and how long its consent still lasts."""

    institution: str
    state: str
    state_detail: str | None
    last_update: datetime | None
    days_left: int | None
    """Days until the consent ends, negative once it has; None where there is no end."""
    needs_attention: bool


@dataclass(frozen=True, slots=True)
class Movement:
    """How an account's balance changed over the last days."""

    account_name: str
    institution: str | None
    currency: str
    precision: int
    before: Decimal
    after: Decimal
    since: date

    @property
    def change(self) -> Decimal:
        """What it has more now; exact."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """The position in a currency on the last day of a month that has a figure."""

    tenant_id: str
    provider: str
    day: date
    currency: str
    amount: Decimal
    precision: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """One trust check's answer."""

    name: str
    blocking: bool
    finding: Finding

    @property
    def disproves(self) -> bool:
        """Whether a shown figure is known to be wrong."""
        return self.blocking and not self.finding.passed


@dataclass(frozen=True, slots=True)
class Trust:
    """What the trust checks say of the publication."""

    verdicts: tuple[Verdict, ...]
    accounts: dict[AccountKey, list[str]] = field(default_factory=dict)
    """The checks that disprove a figure of an account."""
    currencies: dict[tuple[Source, str], list[str]] = field(default_factory=dict)
    """The checks that disprove the position in a currency."""

    @property
    def disproved(self) -> list[Verdict]:
        """The checks that disprove something."""
        return [verdict for verdict in self.verdicts if verdict.disproves]


def publication(reader: Reader) -> Publication:
    """Which publication this is."""
    (meta,) = reader.rows("SELECT commit_number, published_at, refreshed_at, sources FROM meta")
    return Publication(
        meta["commit_number"],
        meta["published_at"],
        meta["refreshed_at"],
        tuple(meta["sources"] or ()),
    )


def cash_history(reader: Reader) -> dict[tuple[Source, str], pa.Table]:
    """By source and currency, `day` and `amount` of each day; amounts are for drawing alone."""
    days = reader.table(
        """
        SELECT tenant_id, provider, currency, day, amount::DOUBLE AS amount
        FROM daily_cash_position WHERE amount IS NOT NULL
        ORDER BY ALL
        """
    )
    keys = ["tenant_id", "provider", "currency"]
    found: dict[tuple[Source, str], pa.Table] = {}
    for key in days.select(keys).group_by(keys).aggregate([]).to_pylist():
        of_key = [pc.field(name) == value for name, value in key.items()]
        drawn = days.filter(of_key[0] & of_key[1] & of_key[2]).drop_columns(keys)
        found[(key["tenant_id"], key["provider"]), key["currency"]] = drawn
    return found


def month_ends(reader: Reader) -> list[MonthEnd]:
    """The position at the end of each month and on the last day, the newest first."""
    rows = reader.rows(
        """
        SELECT position.tenant_id, position.provider, max(position.day) AS day,
            position.currency, max_by(position.amount, position.day) AS amount,
            coalesce(max(precisions.places), 0) AS precision
        FROM daily_cash_position AS position
        LEFT JOIN (
            SELECT currency, max(currency_precision) AS places FROM accounts GROUP BY ALL
        ) AS precisions USING (currency)
        WHERE position.amount IS NOT NULL
        GROUP BY position.tenant_id, position.provider, position.currency,
            date_trunc('month', position.day)
        ORDER BY day DESC, currency, tenant_id, provider
        """
    )
    return [MonthEnd(**row) for row in rows]


def sparklines(reader: Reader) -> dict[AccountKey, list[float]]:
    """The last days of each account, oldest first, for drawing alone."""
    rows = reader.rows(
        """
        WITH reached AS (SELECT max(day) AS last_day FROM balances WHERE balance_type = 'current')
        SELECT tenant_id, provider, account_id, list(amount::DOUBLE ORDER BY day) AS amounts
        FROM daily_balances_between(
            (SELECT last_day - $days::INTEGER FROM reached), (SELECT last_day FROM reached)
        )
        WHERE amount IS NOT NULL
        GROUP BY ALL
        """,
        {"days": SPARKLINE_DAYS},
    )
    return {(row["tenant_id"], row["provider"], row["account_id"]): row["amounts"] for row in rows}


def connections(reader: Reader, now: datetime) -> list[WaitingConnection]:
    """The connections, those first that need somebody."""
    rows = reader.rows(
        """
        SELECT coalesce(institution, connection_id) AS institution, state, state_detail,
            last_update, consent_expires, coalesce(needs_attention, false) AS needs_attention
        FROM connections
        WHERE state <> 'deleted'
        ORDER BY needs_attention DESC, consent_expires NULLS LAST, institution
        """
    )
    return [
        WaitingConnection(
            row["institution"],
            row["state"],
            row["state_detail"],
            row["last_update"],
            (row["consent_expires"] - now).days if row["consent_expires"] else None,
            row["needs_attention"],
        )
        for row in rows
    ]


def movements(reader: Reader) -> list[Movement]:
    """The accounts whose balance changed in the last days, the newest and largest first."""
    rows = reader.rows(
        """
        WITH reached AS (SELECT max(day) AS last_day FROM balances WHERE balance_type = 'current'),
        moved AS (
            SELECT tenant_id, provider, account_id, currency,
                min_by(amount, day) AS before, max_by(amount, day) AS after, min(day) AS since
            FROM daily_balances_between(
                (SELECT last_day - $days::INTEGER FROM reached), (SELECT last_day FROM reached)
            )
            WHERE amount IS NOT NULL AND currency IS NOT NULL
            GROUP BY ALL
        )
        SELECT accounts.name AS account_name, connections.institution, moved.currency,
            coalesce(accounts.currency_precision, 0) AS precision, before, after, since
        FROM moved
        JOIN accounts USING (tenant_id, provider, account_id)
        LEFT JOIN connections
            ON connections.tenant_id = accounts.tenant_id
            AND connections.provider = accounts.provider
            AND connections.connection_id = accounts.connection_id
        WHERE before <> after AND accounts.closed_on IS NULL
        ORDER BY moved.currency, abs(after - before) DESC
        """,
        {"days": RECENT_DAYS},
    )
    return [Movement(**row) for row in rows]


def trust(reader: Reader, now: datetime, stale_after: timedelta) -> Trust:
    """All trust checks of the publication, asked at `now`, which is of the ledger's clock."""
    verdicts = [
        Verdict(check.name, check.blocking, check.find(reader, now)) for check in TRUST_CHECKS
    ]
    fresh = figures_are_fresh(reader, now=now, stale_after=stale_after)
    told = Trust((*verdicts, Verdict("figures_are_fresh", blocking=False, finding=fresh)))
    for verdict in told.disproved:
        rows = [row for row in verdict.finding.rows if row.get("tenant_id")]
        of_rows = [((row["tenant_id"], row["provider"]), row) for row in rows]
        for key in {(*of, row["account_id"]) for of, row in of_rows if row.get("account_id")}:
            told.accounts.setdefault(key, []).append(verdict.name)
        for key in {(of, row["currency"]) for of, row in of_rows if row.get("currency")}:
            told.currencies.setdefault(key, []).append(verdict.name)
    return told


def instants(reader: Reader) -> list[datetime]:
    """When refreshes were recorded, oldest first: what can be asked to be known at."""
    rows = reader.rows("SELECT DISTINCT recorded_at FROM balances ORDER BY recorded_at")
    return [row["recorded_at"] for row in rows]


def observations(reader: Reader, account: AccountKey, known_at: datetime | None) -> pa.Table:
    """The current balances of an account that were on record at an instant, oldest first."""
    known = None if known_at is None else known_at.replace(tzinfo=None)
    return reader.table(
        """
        SELECT as_of, amount, amount::DOUBLE AS drawn, currency, state, recorded_at
        FROM balances
        WHERE (tenant_id, provider, account_id) = ($tenant_id, $provider, $account_id)
            AND balance_type = 'current' AND ($known IS NULL OR recorded_at <= $known)
        ORDER BY as_of, fetched_at, commit_number
        """,
        {
            "tenant_id": account[0],
            "provider": account[1],
            "account_id": account[2],
            "known": known,
        },
    )


def age(of: datetime, now: datetime) -> str:
    """How long ago, as people say it."""
    days = max(now - of, timedelta(0)) // timedelta(days=1)
    hours = max(now - of, timedelta(0)) // timedelta(hours=1)
    if days:
        return f"{days} day{'s' * (days > 1)}"
    return f"{hours} h" if hours else "under 1 h"
