"""The ledger: balances, accounts and transactions in DuckDB, append-only and exact.

Start at `Ledger`. It writes through `Ledger.writer()`, one process at a time, in the row types of
`rows`; it reads the published copy through `Ledger.reader()`, with SQL or with the ready-made
questions of `figures` and `checks`. The relations and their columns are described in
`schema/*.sql`. The package knows nothing of Dagster, HTTP or specs.
"""

from pfo_dagster.ledger.arrow import is_storable
from pfo_dagster.ledger.errors import (
    InvalidRowError,
    LedgerBusyError,
    LedgerError,
    NotPublishedError,
    PublishError,
    QueryError,
    SchemaError,
    StorageError,
)
from pfo_dagster.ledger.ledger import Ledger
from pfo_dagster.ledger.reader import Reader
from pfo_dagster.ledger.results import RecordedOverview, RecordedRefresh, RecordedSync
from pfo_dagster.ledger.rows import (
    AccountOutcome,
    AccountRow,
    AsOfBasis,
    BalanceRow,
    BalanceState,
    BalanceType,
    ConnectionDecision,
    ConnectionRow,
    Overview,
    OverviewRow,
    Refresh,
    RejectedRow,
    Sync,
    TransactionRow,
)
from pfo_dagster.ledger.writer import Writer

__all__ = [
    "AccountOutcome",
    "AccountRow",
    "AsOfBasis",
    "BalanceRow",
    "BalanceState",
    "BalanceType",
    "ConnectionDecision",
    "ConnectionRow",
    "InvalidRowError",
    "Ledger",
    "LedgerBusyError",
    "LedgerError",
    "NotPublishedError",
    "Overview",
    "OverviewRow",
    "PublishError",
    "QueryError",
    "Reader",
    "RecordedOverview",
    "RecordedRefresh",
    "RecordedSync",
    "Refresh",
    "RejectedRow",
    "SchemaError",
    "StorageError",
    "Sync",
    "TransactionRow",
    "Writer",
    "is_storable",
]
