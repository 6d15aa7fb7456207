"""Whether the ledger holds what the provider said: each thing once, all of it, adding up.

Where a check is about a refresh, it looks at the newest one of each provider. All of these
disprove a figure when they fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.ledger.currencies import CURRENCIES
from pfo_dagster.ledger.trust.finding import Finding, objections

if TYPE_CHECKING:
    from datetime import datetime

    from pfo_dagster.ledger.reader import Reader


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


def observations_are_unique(reader: Reader, _moment: datetime) -> Finding:
    """No observation only repeats the one before it of the same account, type and instant."""
    return objections(
        reader,
        """
        SELECT tenant_id, provider, account_id, balance_type, as_of, amount, currency, state,
            commit_number
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


def every_account_is_accounted_for(reader: Reader, _moment: datetime) -> Finding:
    """Each active account was observed by the newest refresh, or there is a reason why not.

    An account that counts as observed has a balance in the ledger, be it an unknown one.
    """
    return objections(
        reader,
        f"""
        WITH outcomes AS ({_newest("refresh_accounts")}),
        observed AS (
            SELECT DISTINCT tenant_id, provider, account_id FROM latest_balances
            WHERE balance_type = 'current'
        )
        SELECT tenant_id, accounts.provider, accounts.account_id, account_type, outcome
        FROM accounts
        LEFT JOIN outcomes USING (tenant_id, provider, account_id)
        LEFT JOIN observed USING (tenant_id, provider, account_id)
        WHERE deleted_at IS NULL AND disabled_at IS NULL
            AND (
                outcome IS NULL
                OR (outcome = 'excused' AND reason IS NULL)
                OR (outcome = 'observed' AND observed.account_id IS NULL)
            )
            AND (tenant_id, accounts.provider) IN (
                SELECT (tenant_id, provider) FROM refreshes
                UNION SELECT (tenant_id, provider) FROM balances
            )
        ORDER BY ALL
        """,  # noqa: S608 - no value of ours is in it
        passed="Each active account was observed, or is excused with a reason.",
        failed="active accounts were neither observed nor excused by the newest refresh",
    )


def currencies_are_known(reader: Reader, _moment: datetime) -> Finding:
    """Each amount has a currency, and it is one that exists."""
    return objections(
        reader,
        """
        SELECT DISTINCT tenant_id, provider, account_id, currency FROM balances
        WHERE amount IS NOT NULL AND (currency IS NULL OR NOT list_contains(?, currency))
        ORDER BY ALL
        """,
        [sorted(CURRENCIES)],
        passed="Each amount has a currency that exists.",
        failed="amounts are in no known currency",
    )


def totals_are_the_providers(reader: Reader, _moment: datetime) -> Finding:
    """Per currency, our sum over the accounts is the provider's own total of the same refresh."""
    compared, missing = _currencies_of_totals(reader)
    if not compared:
        return Finding(passed=True, summary="The provider gave no totals to compare with.")
    passed = f"Our sums are the provider's totals in {', '.join(compared)}."
    if missing:
        passed += f" It gave none to compare with in {', '.join(missing)}."
    return objections(
        reader,
        f"""
        WITH theirs AS ({_newest("provider_totals")}),
        ours AS (
            SELECT tenant_id, provider, currency, sum(amount) AS amount
            FROM latest_balances WHERE in_totals GROUP BY ALL
        )
        SELECT tenant_id, theirs.provider, currency, ours.amount AS ours, theirs.amount AS theirs
        FROM theirs LEFT JOIN ours USING (tenant_id, provider, currency)
        WHERE theirs.amount IS NOT NULL AND coalesce(ours.amount, 0) <> theirs.amount
        ORDER BY ALL
        """,  # noqa: S608 - no value of ours is in it
        passed=passed,
        failed="currencies where our sum is not the provider's total",
    )


def _currencies_of_totals(reader: Reader) -> tuple[list[str], list[str]]:
    """The currencies of which the provider gave a total, and those of which it gave none.

    One that has a total from one provider and none from another is in both.
    """
    rows = reader.rows(
        f"""
        WITH theirs AS ({_newest("provider_totals")})
        SELECT DISTINCT currency, theirs.amount IS NOT NULL AS compared
        FROM theirs
        FULL JOIN (
            SELECT DISTINCT tenant_id, provider, currency FROM latest_balances WHERE in_totals
        ) AS ours USING (tenant_id, provider, currency)
        ORDER BY currency
        """  # noqa: S608 - no value of ours is in it
    )
    compared = [str(row["currency"]) for row in rows if row["compared"]]
    return compared, [str(row["currency"]) for row in rows if not row["compared"]]


def projections_add_up(reader: Reader, _moment: datetime) -> Finding:
    """Each shown projected balance is the current one and what was coming, as observed together.

    An observation adds only the rows that say something new: its others are the last ones that
    were recorded of the same moment, or of any where the provider does not say of which it is.
    """
    return objections(
        reader,
        """
        WITH told AS (
            SELECT tenant_id, provider, account_id,
                max(commit_number) AS last_commit,
                arg_max(as_of, commit_number) AS as_of,
                arg_max(as_of_basis, commit_number) AS basis
            FROM latest_balances WHERE balance_type <> 'current'
            GROUP BY ALL
        ),
        observed AS (
            SELECT tenant_id, provider, account_id,
                last(amount ORDER BY commit_number) FILTER (balance_type = 'current') AS now,
                last(amount ORDER BY commit_number) FILTER (balance_type = 'coming') AS coming,
                last(amount ORDER BY commit_number) FILTER (balance_type = 'projected') AS projected
            FROM balances JOIN told USING (tenant_id, provider, account_id)
            WHERE commit_number <= last_commit
                AND (basis = 'fetched' OR balances.as_of = told.as_of)
            GROUP BY ALL
        )
        SELECT tenant_id, provider, account_id, now AS current, coming, projected
        FROM observed WHERE now + coming <> projected
        ORDER BY ALL
        """,
        passed="Each projected balance is the current one and what was coming.",
        failed="projected balances are not the current one and what was coming",
    )


def the_record_is_whole(reader: Reader, _moment: datetime) -> Finding:
    """Transactions are numbered without gaps, and each refresh has all the rows that it counted."""
    return objections(
        reader,
        """
        SELECT 'commits' AS relation, commit_number::VARCHAR AS id,
            'the transaction before it is missing' AS problem
        FROM history.commits
        QUALIFY commit_number <> coalesce(lag(commit_number) OVER (ORDER BY commit_number), 0) + 1
        UNION ALL
        SELECT 'refreshes', refresh_id,
            format('{} balances were added, {} are there', new_balances, count(balances.run_id))
        FROM refreshes LEFT JOIN balances USING (refresh_id)
        GROUP BY refresh_id, new_balances
        HAVING new_balances <> count(balances.run_id)
        UNION ALL
        SELECT 'balances', account_id, 'the refresh that added it is missing'
        FROM balances ANTI JOIN refreshes USING (refresh_id)
        ORDER BY ALL
        """,
        passed="Every recorded row is there.",
        failed="records are not whole",
    )
