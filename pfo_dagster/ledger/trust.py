"""Whether the published figures can be believed: a question each, and the rows that object.

Every check looks at the publication and, where it is about a refresh, at the newest one of each
provider. `TRUST_CHECKS` lists them for whoever runs them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pfo_dagster.ledger.currencies import CURRENCIES

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from pfo_dagster.ledger.reader import Reader

MOST_ROWS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of a check. `rows` are what it objects to, at most `MOST_ROWS_SHOWN` of them."""

    passed: bool
    summary: str
    rows: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class TrustCheck:
    """A named question to the publication. A failed `blocking` one disproves a shown figure."""

    name: str
    description: str
    blocking: bool
    find: Callable[[Reader], Finding]


def _newest(relation: str) -> str:
    """The rows of a refresh's relation that belong to the newest refresh of each provider."""
    return f"""
        SELECT {relation}.* FROM {relation} JOIN (
            SELECT refresh_id FROM refreshes
            QUALIFY row_number() OVER (
                PARTITION BY tenant_id, provider ORDER BY commit_number DESC
            ) = 1
        ) AS newest USING (refresh_id)
    """  # noqa: S608 - the relation is one of ours


def observations_are_unique(reader: Reader) -> Finding:
    """No observation only repeats the one before it of the same account, type and instant."""
    return _objections(
        reader,
        """
        SELECT provider, account_id, balance_type, as_of, amount, currency, state, commit_number
        FROM balances
        QUALIFY (amount, currency, state) IS NOT DISTINCT FROM
            lag((amount, currency, state)) OVER (
                PARTITION BY tenant_id, provider, account_id, balance_type, as_of
                ORDER BY commit_number
            )
        ORDER BY ALL
        """,
        passed="Each observation is in the ledger once.",
        failed="observations are in the ledger more than once",
    )


def every_account_is_accounted_for(reader: Reader) -> Finding:
    """Each active account was observed by the newest refresh, or there is a reason why not."""
    return _objections(
        reader,
        f"""
        WITH outcomes AS ({_newest("refresh_accounts")})
        SELECT accounts.provider, account_id, account_type
        FROM accounts LEFT JOIN outcomes USING (tenant_id, provider, account_id)
        WHERE deleted_at IS NULL AND disabled_at IS NULL
          AND (outcome IS NULL OR (outcome = 'excused' AND reason IS NULL))
          AND (tenant_id, accounts.provider) IN (SELECT (tenant_id, provider) FROM refreshes)
        ORDER BY ALL
        """,  # noqa: S608 - no value of ours is in it
        passed="Each active account was observed, or is excused with a reason.",
        failed="active accounts were neither observed nor excused by the newest refresh",
    )


def currencies_are_known(reader: Reader) -> Finding:
    """Each amount has a currency, and it is one that exists."""
    return _objections(
        reader,
        """
        SELECT DISTINCT provider, account_id, currency FROM balances
        WHERE amount IS NOT NULL AND (currency IS NULL OR NOT list_contains(?, currency))
        ORDER BY ALL
        """,
        [sorted(CURRENCIES)],
        passed="Each amount has a currency that exists.",
        failed="amounts are in no known currency",
    )


def totals_are_the_providers(reader: Reader) -> Finding:
    """Per currency, our sum over the accounts is the provider's own total of the same refresh."""
    return _objections(
        reader,
        f"""
        WITH theirs AS ({_newest("provider_totals")}),
        ours AS (
            SELECT tenant_id, provider, currency, sum(amount) AS amount
            FROM latest_balances WHERE in_totals GROUP BY ALL
        )
        SELECT theirs.provider, currency, ours.amount AS ours, theirs.amount AS theirs
        FROM theirs LEFT JOIN ours USING (tenant_id, provider, currency)
        WHERE theirs.amount IS NOT NULL AND coalesce(ours.amount, 0) <> theirs.amount
        ORDER BY ALL
        """,  # noqa: S608 - no value of ours is in it
        passed="Per currency, our sums are the provider's totals.",
        failed="currencies where our sum is not the provider's total",
    )


def figures_are_fresh(reader: Reader, *, now: datetime, stale_after: timedelta) -> Finding:
    """No shown balance is of longer ago than `stale_after`."""
    return _objections(
        reader,
        """
        SELECT provider, institution, account_id, state, max(as_of) AS as_of
        FROM latest_balances WHERE balance_type = 'current'
        GROUP BY ALL HAVING max(as_of) < ? ORDER BY as_of
        """,
        [(now - stale_after).replace(tzinfo=None)],
        passed="Every shown balance is recent.",
        failed="shown balances are stale",
    )


def _objections(
    reader: Reader, sql: str, params: list[object] | None = None, *, passed: str, failed: str
) -> Finding:
    rows = reader.rows(sql, params)
    if not rows:
        return Finding(passed=True, summary=passed)
    return Finding(
        passed=False, summary=f"{len(rows)} {failed}.", rows=tuple(rows[:MOST_ROWS_SHOWN])
    )


TRUST_CHECKS = (
    TrustCheck(
        "observations_are_unique",
        "No observation stands in the ledger twice.",
        blocking=True,
        find=observations_are_unique,
    ),
    TrustCheck(
        "every_account_is_accounted_for",
        "Each active account was observed by the newest refresh, or there is a reason why not.",
        blocking=True,
        find=every_account_is_accounted_for,
    ),
    TrustCheck(
        "currencies_are_known",
        "Each amount has a currency, and it is one that exists.",
        blocking=True,
        find=currencies_are_known,
    ),
    TrustCheck(
        "totals_are_the_providers",
        "Per currency, our sum over the accounts is the provider's own total.",
        blocking=True,
        find=totals_are_the_providers,
    ),
)
