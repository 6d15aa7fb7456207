"""The open-banking operations and their contracts, in the order in which a household meets them."""

from __future__ import annotations

from pfo_dagster.operations.banking import catalog
from pfo_dagster.operations.banking.access import LEDGER, LEDGER_POOL, OPEN_BANKING
from pfo_dagster.operations.banking.accounts import (
    AccountsInput,
    ListedAccounts,
    SyncedAccounts,
    list_accounts,
    sync_accounts,
)
from pfo_dagster.operations.banking.balances import PublishedBalances, get_balances
from pfo_dagster.operations.banking.budget import FORCING_OPERATION
from pfo_dagster.operations.banking.overview import (
    GeneratedOverview,
    OverviewInput,
    generate_overview,
)
from pfo_dagster.operations.banking.refresh import refresh_balances
from pfo_dagster.operations.banking.refresh_report import RefreshedBalances, RefreshInput
from pfo_dagster.operations.banking.transactions import (
    ListedTransactions,
    SyncedTransactions,
    TransactionsInput,
    list_transactions,
    sync_transactions,
)
from pfo_dagster.operations.errors import FailureKind
from pfo_dagster.operations.registry import OperationRegistry

_ASKS_THE_PROVIDER = frozenset({
    FailureKind.RETRYABLE, FailureKind.RATE_LIMITED, FailureKind.NEEDS_USER, FailureKind.FATAL,
})  # fmt: skip


def open_banking_operations() -> OperationRegistry:
    """A registry of the seven operations that the Pocket Family Office's workflows call."""
    registry = OperationRegistry()
    registry.operation(
        "openbanking.accounts.sync",
        input_model=AccountsInput,
        output_model=SyncedAccounts,
        produces=[catalog.CONNECTIONS, catalog.ACCOUNTS],
        requires=[OPEN_BANKING, LEDGER],
        pool=LEDGER_POOL,
        error_kinds=_ASKS_THE_PROVIDER,
    )(sync_accounts)
    registry.operation(
        "openbanking.accounts.list",
        output_model=ListedAccounts,
        produces=[catalog.ACCOUNT_LIST],
        requires=[LEDGER],
        pool=LEDGER_POOL,
    )(list_accounts)
    registry.operation(
        FORCING_OPERATION,
        input_model=RefreshInput,
        output_model=RefreshedBalances,
        produces=[catalog.BALANCES],
        requires=[OPEN_BANKING, LEDGER],
        pool=LEDGER_POOL,
        error_kinds=_ASKS_THE_PROVIDER,
    )(refresh_balances)
    registry.operation(
        "openbanking.balances.get",
        output_model=PublishedBalances,
        produces=[catalog.LATEST_BALANCES, catalog.DAILY_CASH_POSITION],
        requires=[LEDGER],
        pool=LEDGER_POOL,
    )(get_balances)
    registry.operation(
        "openbanking.transactions.sync",
        input_model=TransactionsInput,
        output_model=SyncedTransactions,
        produces=[catalog.TRANSACTIONS],
        requires=[OPEN_BANKING, LEDGER],
        pool=LEDGER_POOL,
        error_kinds=_ASKS_THE_PROVIDER,
    )(sync_transactions)
    registry.operation(
        "openbanking.transactions.list",
        output_model=ListedTransactions,
        produces=[catalog.TRANSACTION_LIST],
        requires=[LEDGER],
        pool=LEDGER_POOL,
    )(list_transactions)
    registry.operation(
        "pfo.openbanking.generate-overview",
        input_model=OverviewInput,
        output_model=GeneratedOverview,
        produces=[catalog.OVERVIEW],
        requires=[OPEN_BANKING, LEDGER],
        pool=LEDGER_POOL,
    )(generate_overview)
    return registry
