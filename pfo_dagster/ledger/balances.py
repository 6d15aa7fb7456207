"""Adding observations of balances: what the provider said that it had not said already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pfo_dagster.ledger.arrow import incoming, record_of
from pfo_dagster.ledger.database import rows_of
from pfo_dagster.ledger.errors import InvalidRowError
from pfo_dagster.ledger.instants import bank_day

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pfo_dagster.ledger.commits import Commit
    from pfo_dagster.ledger.rows import BalanceRow, Refresh

# An observation repeats the one recorded last for the same account, type and as_of: not any one
# before it, or a figure that went from A to B and back to A would stay at B. Without an as_of of
# the provider's, every repetition of the last figure is the same observation.
_ADD: Final = """
    WITH recorded AS (
        SELECT
            incoming.account_id,
            incoming.balance_type,
            arg_max(
                (balances.amount, balances.currency, balances.state), balances.commit_number
            ) AS said
        FROM incoming
        JOIN balances USING (tenant_id, provider, account_id, balance_type)
        WHERE incoming.as_of_basis = 'fetched' OR balances.as_of = incoming.as_of
        GROUP BY ALL
    )
    INSERT INTO balances BY NAME
    SELECT
        incoming.*,
        $refresh_id AS refresh_id,
        $run_id AS run_id,
        $commit AS commit_number,
        $at AS recorded_at
    FROM incoming
    LEFT JOIN recorded USING (account_id, balance_type)
    WHERE (incoming.amount, incoming.currency, incoming.state) IS DISTINCT FROM recorded.said
"""

_UNKNOWN_ACCOUNTS: Final = """
    SELECT account_id FROM incoming ANTI JOIN accounts USING (tenant_id, provider, account_id)
    ORDER BY account_id LIMIT 1
"""


def add_balances(commit: Commit, refresh: Refresh, rows: Iterable[BalanceRow]) -> tuple[int, int]:
    """How many observations were added, and how many rows only repeated what was recorded.

    Raises `InvalidRowError` for one of an unknown account.
    """
    records = ({**record_of(row, refresh), "day": bank_day(row.as_of)} for row in rows)
    key = ("account_id", "balance_type")
    with incoming(commit.connection, "balances", records, key=key) as columns:
        if not columns:
            return 0, 0
        for (account_id,) in rows_of(commit.connection, _UNKNOWN_ACCOUNTS):
            raise InvalidRowError(
                f"There is a balance of account {account_id}, but no such account: hand in its"
                " AccountRow with the refresh, or reject the balance.",
                relation="balances",
                record_id=str(account_id),
            )
        parameters = {
            "refresh_id": refresh.refresh_id,
            "run_id": refresh.run_id,
            **commit.stamp,
        }
        [(added,)] = rows_of(commit.connection, _ADD, parameters)
        [(offered,)] = rows_of(commit.connection, "SELECT count(*) FROM incoming")
        return int(added), int(offered) - int(added)
