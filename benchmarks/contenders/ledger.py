"""The ledger of this project, filled as 1,826 daily refreshes would have filled it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pfo_dagster.ledger import (
    AccountOutcome,
    AccountRow,
    BalanceRow,
    ConnectionDecision,
    ConnectionRow,
    Ledger,
    Refresh,
)

if TYPE_CHECKING:
    from pathlib import Path

_AT_TEN: Final = time(10, tzinfo=UTC)

_FILL: Final = """
    CREATE TEMP TABLE source AS FROM read_parquet('{history}');
    CREATE TEMP TABLE days AS
        SELECT day, row_number() OVER (ORDER BY day) AS commit_number, day + TIME '10:00' AS moment
        FROM (SELECT DISTINCT day FROM source);
    INSERT INTO history.commits
        SELECT commit_number, 'refresh', 'day-' || commit_number, moment FROM days;
    INSERT INTO history.connections BY NAME
        SELECT 'home' AS tenant_id, 'sandbox' AS provider, 'c1' AS connection_id, 'ok' AS state,
            'Bank' AS institution, true AS active, false AS needs_attention, 1 AS commit_number,
            (SELECT min(moment) FROM days) AS recorded_at;
    INSERT INTO history.accounts BY NAME
        SELECT DISTINCT 'home' AS tenant_id, 'sandbox' AS provider, account_id,
            'c1' AS connection_id, account_id AS name, 'checking' AS account_type, currency,
            true AS display, 1 AS commit_number, (SELECT min(moment) FROM days) AS recorded_at
        FROM source;
    INSERT INTO refreshes BY NAME
        SELECT 'day-' || commit_number AS refresh_id, 'home' AS tenant_id, 'sandbox' AS provider,
            'run-' || commit_number AS run_id, 1 AS attempt,
            moment AS started_at, moment AS finished_at, true AS full_listing,
            n AS new_balances, 0 AS unchanged_balances,
            0 AS failed_connections, [] AS changed_accounts, [] AS changed_connections,
            [] AS vanished_accounts, commit_number, moment AS recorded_at
        FROM days JOIN (SELECT day, count(*) AS n FROM source GROUP BY ALL) USING (day);
    INSERT INTO balances BY NAME
        SELECT 'home' AS tenant_id, 'sandbox' AS provider, 'c1' AS connection_id, account_id,
            'current' AS balance_type, amount, currency, moment AS as_of, 'account' AS as_of_basis,
            day, moment AS fetched_at, 'ok' AS state, 'day-' || commit_number AS refresh_id,
            'run-' || commit_number AS run_id, commit_number, moment AS recorded_at
        FROM source JOIN days USING (day) ORDER BY commit_number, account_id;
    INSERT INTO refresh_accounts BY NAME
        SELECT 'day-' || commit_number AS refresh_id, 'home' AS tenant_id, 'sandbox' AS provider,
            account_id, 'observed' AS outcome, commit_number
        FROM source JOIN days USING (day) ORDER BY commit_number, account_id;
"""


class LedgerContender:
    """Answers from the published file, as every reader does; appends as a refresh does."""

    def __init__(self, folder: Path) -> None:
        self._ledger = Ledger(folder)

    def fill(self, source: Path) -> None:
        """Put the history in by SQL, in the order in which it would have come; publish it."""
        with self._ledger.writer():
            pass
        with closing(duckdb.connect(str(self._ledger.warehouse_path))) as db:
            db.execute(_FILL.format(history=source / "history" / "*.parquet"))
        self._ledger.catch_up()

    def append(self, file: Path) -> None:
        """A whole refresh: a writer of its own, one transaction, and the publication."""
        refresh, accounts, balances = _refresh_of(file)
        with self._ledger.writer() as writer:
            writer.record_refresh(
                refresh,
                connections=[_CONNECTION],
                accounts=accounts,
                balances=balances,
                outcomes=[
                    AccountOutcome(account_id=row.account_id, outcome="observed")
                    for row in balances
                ],
                decisions=[ConnectionDecision(connection_id="c1", decision="read")],
                provider_totals={},
            )

    def latest(self) -> pa.Table:
        """The last balance of each account."""
        return self._ask("SELECT account_id, amount, currency FROM latest_balances")

    def at_date(self, day: date) -> pa.Table:
        """The balance of each account at the end of a day."""
        return self._ask("SELECT account_id, amount, currency FROM balances_at(?)", day)

    def as_known_at(self, instant: datetime) -> pa.Table:
        """What was the last balance of each account when less was known."""
        sql = "SELECT account_id, amount, currency FROM balances_as_known_at(?)"
        return self._ask(sql, instant.replace(tzinfo=None))

    def gap_filled_year(self, first: date, last: date) -> pa.Table:
        """The sum per day and currency, the last balance of each account carried forward."""
        sql = """
            SELECT day, currency, sum(amount) AS amount FROM daily_balances_between(?, ?)
            WHERE display GROUP BY ALL
        """
        return self._ask(sql, first, last)

    def _ask(self, sql: str, *params: object) -> pa.Table:
        with self._ledger.reader() as reader:
            return reader.table(sql, params)


_CONNECTION = ConnectionRow(
    connection_id="c1",
    user_id=None,
    institution="Bank",
    state="ok",
    state_detail=None,
    last_update=None,
    next_try=None,
    consent_expires=None,
    active=True,
    needs_attention=False,
)


def _refresh_of(file: Path) -> tuple[Refresh, list[AccountRow], list[BalanceRow]]:
    rows = pq.read_table(file).to_pylist()
    at = datetime.combine(rows[0]["day"], _AT_TEN)
    accounts = [_account(row["account_id"], row["currency"]) for row in rows]
    balances = [
        BalanceRow(
            account_id=row["account_id"],
            connection_id="c1",
            balance_type="current",
            amount=row["amount"],
            currency=row["currency"],
            as_of=at,
            as_of_basis="account",
            fetched_at=at,
            state="ok",
        )
        for row in rows
    ]
    refresh = Refresh(
        refresh_id=f"day-{at:%Y-%m-%d}",
        tenant_id="home",
        provider="sandbox",
        run_id=f"run-{at:%Y-%m-%d}",
        started_at=at,
        finished_at=at,
    )
    return refresh, accounts, balances


def _account(account_id: str, currency: str) -> AccountRow:
    return AccountRow(
        account_id=account_id,
        connection_id="c1",
        parent_account_id=None,
        name=account_id,
        account_type="checking",
        usage=None,
        currency=currency,
        currency_precision=None,
        iban_masked=None,
        iban_hash=None,
        number_masked=None,
        display=True,
        disabled_at=None,
        deleted_at=None,
        error=None,
    )
