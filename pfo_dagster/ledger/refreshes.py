"""Recording a refresh of balances: what was seen, what was decided, and what it came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.ledger.arrow import insert, record_of
from pfo_dagster.ledger.balances import add_balances
from pfo_dagster.ledger.database import rows_of
from pfo_dagster.ledger.results import RecordedRefresh
from pfo_dagster.ledger.successions import recognise_accounts, successions_of
from pfo_dagster.ledger.tombstones import end_accounts, end_connections
from pfo_dagster.ledger.versions import add_accounts, add_connections, vanished_accounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from pfo_dagster.ledger.commits import Commit
    from pfo_dagster.ledger.rows import Findings, Refresh, RejectedRow, Sync


def find_refresh(connection: DuckDBPyConnection, refresh_id: str) -> RecordedRefresh | None:
    """What a refresh came to when it was recorded, or None if it was not."""
    found = rows_of(
        connection,
        """
        SELECT refresh_id, commit_number, new_balances, unchanged_balances, failed_connections,
            changed_accounts, changed_connections, vanished_accounts
        FROM refreshes WHERE refresh_id = ?
        """,
        [refresh_id],
    )
    for identity, commit_number, new, unchanged, failed, accounts, connections, vanished in found:
        return RecordedRefresh(
            refresh_id=identity,
            commit_number=commit_number,
            new_balances=new,
            unchanged_balances=unchanged,
            failed_connections=failed,
            changed_accounts=tuple(accounts),
            changed_connections=tuple(connections),
            vanished_accounts=tuple(vanished),
            successions=successions_of(connection, commit_number),
        )
    return None


def add_refresh(commit: Commit, refresh: Refresh, findings: Findings) -> RecordedRefresh:
    """Write everything that a refresh brought, and the account of it."""
    changed_connections = add_connections(commit, refresh, findings.connections)
    ended_connections = end_connections(commit, refresh, findings.connections)
    changed_accounts = add_accounts(commit, refresh, findings.accounts)
    new_balances, unchanged_balances = add_balances(commit, refresh, findings.balances)
    vanished = vanished_accounts(commit, refresh, findings.accounts, findings.rejected)
    successions = recognise_accounts(commit, refresh, vanished)
    ended_accounts = end_accounts(commit, refresh, vanished)
    continued = {one.account_id for one in successions if one.succeeded_by}
    _add_details(commit, refresh, findings)
    add_rejected(commit, refresh, refresh.refresh_id, findings.rejected)
    recorded = RecordedRefresh(
        refresh_id=refresh.refresh_id,
        commit_number=commit.number,
        new_balances=new_balances,
        unchanged_balances=unchanged_balances,
        failed_connections=sum(decision.failed for decision in findings.decisions),
        changed_accounts=tuple(sorted({*changed_accounts, *ended_accounts, *continued})),
        changed_connections=tuple(sorted({*changed_connections, *ended_connections})),
        vanished_accounts=tuple(
            one for one in vanished if one not in continued and one not in ended_accounts
        ),
        successions=successions,
    )
    row = {**record_of(refresh), **record_of(recorded), "recorded_at": commit.at}
    del row["successions"]  # they are a relation of their own
    insert(commit.connection, "refreshes", [row], key=("refresh_id",))
    return recorded


def add_rejected(
    commit: Commit, source: Refresh | Sync, source_id: str, rows: Sequence[RejectedRow]
) -> None:
    """Keep what was left out of a refresh or sync; the same row may be wrong in two ways."""
    stamp = {"source_id": source_id, "commit_number": commit.number, "recorded_at": commit.at}
    insert(
        commit.connection,
        "rejected",
        ({**record_of(row, source), **stamp} for row in dict.fromkeys(rows)),
        key=("record_id", "relation", "reason", "payload_hash"),
    )


def _add_details(commit: Commit, refresh: Refresh, findings: Findings) -> None:
    of_refresh = {
        "refresh_id": refresh.refresh_id,
        "tenant_id": refresh.tenant_id,
        "provider": refresh.provider,
        "commit_number": commit.number,
    }
    outcomes = ({**record_of(row), **of_refresh} for row in findings.outcomes)
    insert(commit.connection, "refresh_accounts", outcomes, key=("account_id",))
    decisions = ({**record_of(row), **of_refresh} for row in findings.decisions)
    insert(commit.connection, "refresh_connections", decisions, key=("connection_id",))
    totals = [
        {"currency": currency, "amount": amount, **of_refresh}
        for currency, amount in findings.provider_totals.items()
    ]
    insert(commit.connection, "provider_totals", totals, key=("currency",))
