"""Connections, accounts and transactions: a new version of each where something changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pfo_dagster.ledger.arrow import incoming, record_of
from pfo_dagster.ledger.database import rows_of
from pfo_dagster.ledger.instants import bank_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from pfo_dagster.ledger.commits import Commit
    from pfo_dagster.ledger.rows import (
        AccountRow,
        ConnectionRow,
        Refresh,
        RejectedRow,
        Sync,
        TransactionRow,
    )


@dataclass(frozen=True, slots=True)
class _Relation:
    """Where all versions are, where the newest of each record is seen, and what names a record."""

    history: str
    newest: str
    key: str


_CONNECTIONS: Final = _Relation("history.connections", "connections", "connection_id")
_ACCOUNTS: Final = _Relation("history.accounts", "accounts", "account_id")
_TRANSACTIONS: Final = _Relation(
    "history.transactions", "history.current_transactions", "transaction_id"
)

_RETURNED: Final = """
    INSERT INTO account_absences BY NAME
    SELECT tenant_id, provider, account_id, closed_before AS closed_on, $on AS returned_on,
        commit_number, recorded_at
    FROM (
        SELECT *, lag(closed_on) OVER (
            PARTITION BY tenant_id, provider, account_id ORDER BY commit_number
        ) AS closed_before
        FROM history.accounts
    )
    WHERE commit_number = $commit AND closed_on IS NULL AND closed_before < $on
"""
"""Run after versions were added: accounts of which the version before was a closed one."""


def add_connections(
    commit: Commit, source: Refresh | Sync, rows: Sequence[ConnectionRow]
) -> tuple[str, ...]:
    """The ids of the connections of which a version was added."""
    return _add(commit, _CONNECTIONS, (record_of(row, source) for row in rows))


def add_accounts(
    commit: Commit, source: Refresh | Sync, rows: Sequence[AccountRow]
) -> tuple[str, ...]:
    """The ids of the accounts of which a version was added."""
    continued = _continued(commit, source)
    records = (
        {**record_of(row, source), "closed_on": _closed_on(row, continued.get(row.account_id))}
        for row in rows
    )
    added = _add(commit, _ACCOUNTS, records)
    if added:
        returned = {"on": bank_day(source.finished_at), "commit": commit.number}
        commit.connection.execute(_RETURNED, returned)
    return added


def add_transactions(
    commit: Commit, source: Sync, rows: Sequence[TransactionRow]
) -> tuple[str, ...]:
    """The ids of the transactions of which a version was added."""
    return _add(commit, _TRANSACTIONS, (record_of(row, source) for row in rows))


def vanished_accounts(
    commit: Commit,
    source: Refresh | Sync,
    listed: Sequence[AccountRow],
    rejected: Sequence[RejectedRow],
) -> tuple[str, ...]:
    """Known, undeleted accounts that a full listing lacks; a rejected row was at least listed."""
    if not source.full_listing:
        return ()
    seen = {row.account_id for row in listed}
    seen |= {row.record_id for row in rejected if row.record_id and row.relation == "accounts"}
    known = rows_of(
        commit.connection,
        "SELECT account_id FROM accounts"
        " WHERE tenant_id = ? AND provider = ? AND deleted_at IS NULL ORDER BY account_id",
        [source.tenant_id, source.provider],
    )
    return tuple(str(account_id) for (account_id,) in known if account_id not in seen)


def _continued(commit: Commit, source: Refresh | Sync) -> dict[str, date]:
    """From which day on another account counts in the place of one that came back as that."""
    found = rows_of(
        commit.connection,
        "SELECT account_id, since FROM account_successions"
        " WHERE tenant_id = ? AND provider = ? AND succeeded_by IS NOT NULL",
        [source.tenant_id, source.provider],
    )
    return {str(account_id): since for account_id, since in found}


def _closed_on(account: AccountRow, continued_on: date | None) -> date | None:
    ends = [bank_day(end) for end in (account.disabled_at, account.deleted_at) if end is not None]
    if ends and continued_on is not None:
        ends.append(continued_on)
    return min(ends) if ends else None


def _add(
    commit: Commit, relation: _Relation, records: Iterable[Mapping[str, object]]
) -> tuple[str, ...]:
    key = (relation.key,)
    with incoming(commit.connection, relation.history, records, key=key) as columns:
        if not columns:
            return ()
        names = ", ".join(columns)
        # EXCEPT takes two NULLs for equal, as a comparison of versions must. The names are
        # constants and fields of this package's own row types.
        statement = f"""
            INSERT INTO {relation.history} BY NAME
            SELECT *, $commit AS commit_number, $at AS recorded_at
            FROM (SELECT {names} FROM incoming EXCEPT SELECT {names} FROM {relation.newest})
            RETURNING {relation.key}
        """  # noqa: S608
        added = rows_of(commit.connection, statement, commit.stamp)
    return tuple(sorted(str(record_id) for (record_id,) in added))
