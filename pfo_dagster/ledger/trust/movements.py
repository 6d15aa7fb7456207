"""Whether a figure is plausible for its account: its sign, its currency, its last change.

None of these can disprove a figure: people do overpay loans and inherit. They say where to look.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pfo_dagster.ledger.instants import bank_day, naive_utc
from pfo_dagster.ledger.trust.finding import Finding, objections

if TYPE_CHECKING:
    from datetime import datetime

    from pfo_dagster.ledger.reader import Reader

CHANGES_NEEDED: Final = 10
"""Changes of an account before its next one can be called unusual."""
BAND: Final = 10
"""Median deviations from the median change that are still usual: far beyond a salary's swing."""
LEAST_SHARE: Final = 0.2
"""Share of the balance below which a change is never a jump, however still the account was."""
REMEMBERED: Final = timedelta(days=30)
"""How long an account that was switched off is told of: somebody may have meant it."""
RECONCILED_DAYS: Final = 30
"""How far back changes are compared with what was booked."""


def signs_fit_account_types(reader: Reader, _moment: datetime) -> Finding:
    """No loan is positive, and no savings or investment account negative.

    Checking accounts may be overdrawn, and cards are refunded: both signs are theirs.
    """
    return objections(
        reader,
        """
        SELECT tenant_id, provider, account_id, account_type, normal_side, amount, currency
        FROM latest_balances
        WHERE balance_type = 'current' AND account_type NOT IN ('checking', 'joint', 'card')
            AND ((normal_side = 'debt' AND amount > 0) OR (normal_side = 'asset' AND amount < 0))
        ORDER BY ALL
        """,
        passed="Each balance has the sign that its type of account ordinarily has.",
        failed="balances have the other sign than their type of account ordinarily has",
    )


def accounts_stay_on(reader: Reader, moment: datetime) -> Finding:
    """No account with figures was disabled of late, nor one that continues it under a new id.

    Providers list new accounts as disabled until somebody agrees to them, so that one that comes
    back leaves the totals without a word.
    """
    return objections(
        reader,
        """
        SELECT tenant_id, provider, account_id, account_type, disabled_at, last_day
        FROM accounts
        JOIN (
            SELECT tenant_id, provider, current_account_id AS account_id, max(day) AS last_day
            FROM balances JOIN account_lineage USING (tenant_id, provider, account_id)
            GROUP BY ALL
        ) AS observed USING (tenant_id, provider, account_id)
        WHERE disabled_at >= ? AND deleted_at IS NULL
        ORDER BY ALL
        """,
        [naive_utc(moment - REMEMBERED)],
        passed="No account with figures was disabled in the last 30 days.",
        failed="accounts with figures were disabled, and left the totals",
    )


def currencies_stay(reader: Reader, _moment: datetime) -> Finding:
    """No account's last balance is in another currency than the one before, or than the account."""
    return objections(
        reader,
        """
        SELECT tenant_id, observed.provider, account_id, before, now, accounts.currency AS account
        FROM (
            SELECT tenant_id, provider, account_id,
                arg_max(currency, position) AS now,
                arg_max(currency, position) FILTER (position < newest) AS before
            FROM (
                SELECT tenant_id, provider, account_id, currency,
                    row_number() OVER (
                        PARTITION BY tenant_id, provider, account_id
                        ORDER BY as_of, fetched_at, commit_number
                    ) AS position,
                    count(*) OVER (PARTITION BY tenant_id, provider, account_id) AS newest
                FROM balances
                WHERE balance_type = 'current' AND currency IS NOT NULL
            )
            GROUP BY ALL
        ) AS observed
        JOIN accounts USING (tenant_id, provider, account_id)
        WHERE now <> before OR now <> accounts.currency
        ORDER BY ALL
        """,
        passed="Each account is still in the currency that it was in.",
        failed="accounts changed their currency",
    )


def changes_are_usual(reader: Reader, _moment: datetime) -> Finding:
    """No account's last change is far outside the band of its earlier ones."""
    return objections(
        reader,
        """
        WITH changes AS (
            -- Doubles, since a band is a judgement and differences of huge decimals overflow.
            SELECT tenant_id, provider, account_id, as_of, amount, currency,
                lag(amount) OVER seen AS before,
                amount::DOUBLE - lag(amount::DOUBLE) OVER seen AS change,
                row_number() OVER (seen ROWS UNBOUNDED PRECEDING) AS number,
                count(*) OVER (PARTITION BY tenant_id, provider, account_id) AS observations
            FROM balances
            WHERE balance_type = 'current' AND amount IS NOT NULL
            WINDOW seen AS (
                PARTITION BY tenant_id, provider, account_id
                ORDER BY as_of, fetched_at, commit_number
            )
        ),
        bands AS (
            SELECT tenant_id, provider, account_id, median(change) AS middle, mad(change) AS spread
            FROM changes
            WHERE number < observations AND change <> 0
            GROUP BY ALL
            HAVING count(*) >= $needed
        )
        SELECT tenant_id, provider, account_id, as_of, before, amount, currency
        FROM changes JOIN bands USING (tenant_id, provider, account_id)
        WHERE number = observations
            AND abs(change - middle) > $band * spread
            AND abs(change) > $share * abs(before::DOUBLE)
        ORDER BY ALL
        """,
        {"needed": CHANGES_NEEDED, "band": BAND, "share": LEAST_SHARE},
        passed="No balance moved far more than it used to.",
        failed="balances moved far more than they used to",
    )


def changes_are_booked(reader: Reader, moment: datetime) -> Finding:
    """Each change of a cash account is what was booked in between, as far as that is known."""
    return objections(
        reader,
        """
        SELECT tenant_id, provider, account_id, from_day, day, change, booked, difference, currency
        FROM reconciliation
        WHERE status = 'unexplained' AND day >= ?
        ORDER BY day DESC, account_id
        """,
        [bank_day(moment) - timedelta(days=RECONCILED_DAYS)],
        passed=f"The changes of the last {RECONCILED_DAYS} days are what was booked.",
        failed="changes are not what was booked",
    )
