"""Whether the figures are of now, and whether the clocks that say so agree."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pfo_dagster.ledger.instants import naive_utc
from pfo_dagster.ledger.trust.finding import Finding, objections

if TYPE_CHECKING:
    from datetime import datetime

    from pfo_dagster.ledger.reader import Reader

FROZEN_AFTER: Final = timedelta(days=7)
"""A bank's data moves at least daily; a week is beyond holidays and maintenance."""
SKEW_ALLOWED: Final = timedelta(minutes=5)
"""Computers differ by seconds; an hour or two is a mistaken time zone."""


def figures_are_fresh(reader: Reader, *, now: datetime, stale_after: timedelta) -> Finding:
    """No shown balance is of longer ago than `stale_after`."""
    return objections(
        reader,
        """
        SELECT tenant_id, provider, institution, account_id, state, max(as_of) AS as_of
        FROM latest_balances WHERE balance_type = 'current'
        GROUP BY ALL HAVING max(as_of) < ? ORDER BY as_of
        """,
        [naive_utc(now - stale_after)],
        passed="Every shown balance is recent.",
        failed="shown balances are stale",
    )


def connections_move(reader: Reader, moment: datetime) -> Finding:
    """No connection says that it is well while its data has stood still for `FROZEN_AFTER`."""
    return objections(
        reader,
        """
        SELECT tenant_id, provider, institution, connection_id, last_update
        FROM connections
        WHERE state = 'ok' AND active AND NOT needs_attention AND last_update < ?
        ORDER BY last_update
        """,
        [naive_utc(moment - FROZEN_AFTER)],
        passed="Every connection that says it is well has moved within a week.",
        failed="connections say they are well but have not moved for a week",
    )


def clocks_agree(reader: Reader, moment: datetime) -> Finding:
    """No shown balance is of a later moment than it was asked for; our own clock goes forward."""
    return objections(
        reader,
        """
        SELECT tenant_id, provider, account_id, as_of AS instant, fetched_at AS compared_with,
            'the balance is of later than it was asked for' AS problem
        FROM latest_balances
        WHERE as_of > fetched_at + $skew
        UNION ALL
        SELECT tenant_id, provider, NULL, finished_at, recorded_at,
            'the answer is of later than it was recorded'
        FROM refreshes
        WHERE finished_at > recorded_at + $skew
            AND commit_number = (SELECT max(commit_number) FROM refreshes)
        UNION ALL
        SELECT NULL, NULL, NULL, max(committed_at), arg_max(committed_at, commit_number),
            'the last transaction is of before an earlier one'
        FROM history.commits
        HAVING max(committed_at) > arg_max(committed_at, commit_number) + $skew
        UNION ALL
        SELECT NULL, NULL, NULL, last_commit_at, $moment, 'the last transaction is of the future'
        FROM meta
        WHERE last_commit_at > $moment + $skew
        """,
        {"moment": naive_utc(moment), "skew": SKEW_ALLOWED},
        passed="The provider's clock, ours and the ledger's agree.",
        failed="instants contradict each other",
    )
