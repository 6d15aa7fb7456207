"""The ledger: balances, accounts and transactions in DuckDB, append-only and exact.

Start at `Ledger`. It writes through `Ledger.writer()`, one process at a time, in the row types of
`rows`; it reads the published copy through `Ledger.reader()`, with SQL or with the ready-made
answers of `figures`, `holdings` and `flows`, tells by `explanations` where a figure comes from,
asks by `trust` whether to believe it, and hands relations on as files by `exports`. Tables
are described in `schema/*.sql`, views and macros in `views/*.sql`.
The package knows nothing of Dagster, HTTP or specs.
"""

from pfo_dagster.ledger.amounts import as_text
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
from pfo_dagster.ledger.explanations import (
    Absence,
    Explanation,
    KnownAccount,
    Renumbering,
    Replacement,
    explain,
    known_accounts,
    renumberings,
)
from pfo_dagster.ledger.exports import EXPORT_FORMATS, export
from pfo_dagster.ledger.figures import (
    AccountType,
    Freshness,
    LatestBalance,
    Position,
    StaleAccount,
    account_count,
    account_types,
    connection_ids,
    freshness,
    latest_balances,
    positions,
    recent_positions,
    stale_accounts,
)
from pfo_dagster.ledger.flows import CategoryFlow, MonthFlow, cash_flow_by_month, categories
from pfo_dagster.ledger.holdings import (
    RATES_GOOD_FOR_DAYS,
    Holding,
    PositionIn,
    Total,
    holdings,
    positions_in,
    rate_days,
    totals,
)
from pfo_dagster.ledger.instants import bank_day
from pfo_dagster.ledger.ledger import Ledger
from pfo_dagster.ledger.reader import Reader
from pfo_dagster.ledger.results import (
    RecordedOverview,
    RecordedRefresh,
    RecordedSync,
    Succession,
)
from pfo_dagster.ledger.rows import (
    AccountOutcome,
    AccountRow,
    AsOfBasis,
    BalanceRow,
    BalanceState,
    BalanceType,
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
from pfo_dagster.ledger.sources import AccountKey, OfAccount, Source, Sourced, account_of, source_of
from pfo_dagster.ledger.texts import cell, plain
from pfo_dagster.ledger.trust import TRUST_CHECKS, Finding, TrustCheck, figures_are_fresh
from pfo_dagster.ledger.writer import Writer

__all__ = [
    "EXPORT_FORMATS",
    "RATES_GOOD_FOR_DAYS",
    "TRUST_CHECKS",
    "Absence",
    "AccountKey",
    "AccountOutcome",
    "AccountRow",
    "AccountType",
    "AsOfBasis",
    "BalanceRow",
    "BalanceState",
    "BalanceType",
    "CategoryFlow",
    "ComputedBalanceRow",
    "ConnectionDecision",
    "ConnectionRow",
    "Explanation",
    "Finding",
    "Freshness",
    "Holding",
    "InvalidRowError",
    "KnownAccount",
    "LatestBalance",
    "Ledger",
    "LedgerBusyError",
    "LedgerError",
    "MonthFlow",
    "NotPublishedError",
    "OfAccount",
    "Overview",
    "OverviewRow",
    "Position",
    "PositionIn",
    "PublishError",
    "QueryError",
    "RatesDocument",
    "Reader",
    "RecordedOverview",
    "RecordedRefresh",
    "RecordedSync",
    "ReferenceRateRow",
    "Refresh",
    "RejectedRow",
    "Renumbering",
    "Replacement",
    "SchemaError",
    "Source",
    "Sourced",
    "StaleAccount",
    "StorageError",
    "Succession",
    "Sync",
    "Total",
    "TransactionRow",
    "TrustCheck",
    "Writer",
    "account_count",
    "account_of",
    "account_types",
    "as_text",
    "bank_day",
    "cash_flow_by_month",
    "categories",
    "cell",
    "connection_ids",
    "explain",
    "export",
    "figures_are_fresh",
    "freshness",
    "holdings",
    "is_storable",
    "known_accounts",
    "latest_balances",
    "plain",
    "positions",
    "positions_in",
    "rate_days",
    "recent_positions",
    "renumberings",
    "source_of",
    "stale_accounts",
    "totals",
]
