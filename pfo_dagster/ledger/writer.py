"""The one who may write: every method is one transaction, published to readers when it returns.

Got from `Ledger.writer()`, which holds the lock meanwhile, and may leave out the publication. Each
recording is idempotent: handed in again, for instance because the answer to the first try was lost,
it changes nothing and gives the same result.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, TypeVar

from pfo_dagster.ledger import attempts
from pfo_dagster.ledger.commits import Commit, commit
from pfo_dagster.ledger.computed import first_observed_days
from pfo_dagster.ledger.database import explaining, rows_of
from pfo_dagster.ledger.overviews import add_overview, differs
from pfo_dagster.ledger.reference_rates import add_rates, new_rates, newest_rate_day
from pfo_dagster.ledger.refreshes import add_refresh, find_refresh
from pfo_dagster.ledger.results import RecordedOverview, RecordedRefresh, RecordedSync
from pfo_dagster.ledger.rows import Findings
from pfo_dagster.ledger.syncs import (
    add_account_sync,
    add_computed_sync,
    add_transaction_sync,
    find_sync,
    last_full_transaction_sync,
)
from pfo_dagster.ledger.tombstones import followed_accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
    from datetime import date, datetime
    from decimal import Decimal
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from pfo_dagster.ledger.publisher import Publisher
    from pfo_dagster.ledger.rows import (
        AccountOutcome,
        AccountRow,
        BalanceRow,
        ComputedBalanceRow,
        ConnectionDecision,
        ConnectionRow,
        Overview,
        OverviewRow,
        RatesDocument,
        ReferenceRateRow,
        Refresh,
        RejectedRow,
        Sync,
        TransactionRow,
    )

_Recorded = TypeVar("_Recorded", RecordedRefresh, RecordedSync)


class Writer:
    """Records what providers said. All methods raise `LedgerError`, and then recorded nothing.

    The exception to that is `PublishError`: recorded, but not visible to readers yet.
    """

    def __init__(
        self,
        connection: DuckDBPyConnection,
        warehouse: Path,
        publisher: Publisher | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._connection = connection
        self._warehouse = warehouse
        self._publisher = publisher
        self._clock = clock

    def record_refresh(
        self,
        refresh: Refresh,
        *,
        connections: Sequence[ConnectionRow],
        accounts: Sequence[AccountRow],
        balances: Iterable[BalanceRow],
        outcomes: Sequence[AccountOutcome],
        decisions: Sequence[ConnectionDecision],
        provider_totals: Mapping[str, Decimal | None],
        rejected: Sequence[RejectedRow] = (),
    ) -> RecordedRefresh:
        """Record all that one refresh of balances brought.

        Balances are added where the provider said something new, connections and accounts where
        they changed; accounts that are missing are named in the answer and kept.
        """
        findings = Findings(
            connections=connections,
            accounts=accounts,
            balances=balances,
            outcomes=outcomes,
            decisions=decisions,
            provider_totals=provider_totals,
            rejected=rejected,
        )
        return self._once(
            "refresh",
            refresh.refresh_id,
            find_refresh,
            lambda transaction: add_refresh(transaction, refresh, findings),
        )

    def record_accounts(
        self,
        sync: Sync,
        connections: Sequence[ConnectionRow],
        accounts: Sequence[AccountRow],
        rejected: Sequence[RejectedRow] = (),
    ) -> RecordedSync:
        """Record a listing of connections and accounts, without their figures."""
        return self._once(
            "accounts",
            sync.sync_id,
            find_sync,
            lambda transaction: add_account_sync(
                transaction, sync, connections, accounts, rejected
            ),
        )

    def record_transactions(
        self,
        sync: Sync,
        transactions: Sequence[TransactionRow],
        rejected: Sequence[RejectedRow] = (),
    ) -> RecordedSync:
        """Record transactions; one that changed gets a new version, one that is missing stays."""
        return self._once(
            "transactions",
            sync.sync_id,
            find_sync,
            lambda transaction: add_transaction_sync(transaction, sync, transactions, rejected),
        )

    def record_computed_balances(
        self,
        sync: Sync,
        balances: Sequence[ComputedBalanceRow],
        rejected: Sequence[RejectedRow] = (),
    ) -> RecordedSync:
        """Record balances that the provider computed, apart from what was observed."""
        return self._once(
            "computed balances",
            sync.sync_id,
            find_sync,
            lambda transaction: add_computed_sync(transaction, sync, balances, rejected),
        )

    def first_observed_days(self, tenant_id: str, provider: str) -> dict[str, date]:
        """The first observed day (Paris) of each open cash account, by account id."""
        with explaining(self._warehouse, "read"):
            return first_observed_days(self._connection, tenant_id, provider)

    def record_overview(self, overview: Overview, rows: Sequence[OverviewRow]) -> RecordedOverview:
        """Record the figures of a period, unless they are those of its newest overview."""
        with explaining(self._warehouse, "write to"):
            if not differs(self._connection, overview, rows):
                return RecordedOverview(changed=False, rows=len(rows))
        subject = f"{overview.tenant_id} {overview.period_start}..{overview.period_end}"
        with self._recording("overview", subject) as transaction:
            add_overview(transaction, overview, rows)
        return RecordedOverview(changed=True, rows=len(rows))

    def record_rates(self, document: RatesDocument, rates: Sequence[ReferenceRateRow]) -> int:
        """Record the reference rates that are new or corrected; how many those were."""
        with explaining(self._warehouse, "write to"):
            added = new_rates(self._connection, document, rates)
        if added:
            with self._recording("rates", document.document) as transaction:
                add_rates(transaction, document, added)
        return len(added)

    def newest_rate_day(self, source: str) -> date | None:
        """The last day of which there are reference rates of a source; None if there are none."""
        with explaining(self._warehouse, "read"):
            return newest_rate_day(self._connection, source)

    def record_sync_attempt(
        self, tenant_id: str, provider: str, connection_id: str, run_id: str, at: datetime
    ) -> None:
        """Record that a bank is about to be asked for new data; call it before asking."""
        attempt = attempts.attempt_columns(tenant_id, provider, connection_id, run_id, at)
        with explaining(self._warehouse, "write to"):
            if attempts.is_recorded(self._connection, attempt):
                return
        with self._recording("sync attempt", connection_id) as transaction:
            attempts.add_attempt(transaction, attempt)

    def sync_attempts(
        self, tenant_id: str, provider: str, since: datetime
    ) -> dict[str, list[datetime]]:
        """The forced syncs at or after `since`, oldest first, by connection id (UTC)."""
        with explaining(self._warehouse, "read"):
            return attempts.attempts_since(self._connection, tenant_id, provider, since)

    def last_full_transaction_sync(self, tenant_id: str, provider: str) -> datetime | None:
        """When the last sync began that missed no transaction of its time (UTC), if any."""
        with explaining(self._warehouse, "read"):
            return last_full_transaction_sync(self._connection, tenant_id, provider)

    def followed_accounts(self, tenant_id: str, provider: str) -> dict[str, int]:
        """How many accounts are followed at each known connection, by connection id.

        Deleted connections are left out, and so are deleted and disabled accounts.
        """
        with explaining(self._warehouse, "read"):
            return followed_accounts(self._connection, tenant_id, provider)

    def providers(self) -> set[str]:
        """Whose data the ledger holds."""
        with explaining(self._warehouse, "read"):
            found = rows_of(
                self._connection,
                """
                SELECT provider FROM refreshes UNION SELECT provider FROM syncs
                UNION SELECT provider FROM sync_attempts
                """,
            )
        return {str(provider) for (provider,) in found}

    def _once(
        self,
        kind: str,
        subject_id: str,
        find: Callable[[DuckDBPyConnection, str], _Recorded | None],
        add: Callable[[Commit], _Recorded],
    ) -> _Recorded:
        """What a subject came to when it was recorded before, or comes to now."""
        with explaining(self._warehouse, "write to"):
            known = find(self._connection, subject_id)
        if known is not None:
            return known
        with self._recording(kind, subject_id) as transaction:
            return add(transaction)

    @contextlib.contextmanager
    def _recording(self, kind: str, subject_id: str) -> Generator[Commit]:
        with (
            explaining(self._warehouse, "write to"),
            commit(self._connection, kind, subject_id, self._clock()) as transaction,
        ):
            yield transaction
        if self._publisher is not None:
            self._publisher.publish(self._clock())
