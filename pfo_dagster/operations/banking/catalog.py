"""The assets that the open-banking operations leave behind: their keys, and what they mean.

`ledger/…` are the append-only tables that one writer fills; `published/…` are the relations of the
replica that analysts and dashboards read.
"""

from __future__ import annotations

from pfo_dagster.operations.contract import ProducedAsset

LEDGER_ACCOUNTS = ("ledger", "accounts")
LEDGER_CONNECTIONS = ("ledger", "connections")
LEDGER_BALANCES = ("ledger", "balances")
LEDGER_TRANSACTIONS = ("ledger", "transactions")
LEDGER_COMPUTED_BALANCES = ("ledger", "computed_balances")
PUBLISHED_ACCOUNTS = ("published", "accounts")
PUBLISHED_LATEST_BALANCES = ("published", "latest_balances")
PUBLISHED_DAILY_CASH_POSITION = ("published", "daily_cash_position")
PUBLISHED_TRANSACTIONS = ("published", "transactions")
PUBLISHED_OVERVIEW = ("published", "overview")

# The kinds tell the two relations of one name apart where the UI leaves out the rest of the key.
_FROM_POWENS = frozenset({"powens", "duckdb", "ledger"})
_PUBLISHED = frozenset({"duckdb", "published"})

CONNECTIONS = ProducedAsset(
    key=LEDGER_CONNECTIONS,
    description="The household's connections to its banks, with every change of their state.",
    kinds=_FROM_POWENS,
)
ACCOUNTS = ProducedAsset(
    key=LEDGER_ACCOUNTS,
    description="The bank accounts behind the connections, deleted and disabled ones included.",
    kinds=_FROM_POWENS,
    derived_from=(LEDGER_CONNECTIONS,),
)
ACCOUNT_LIST = ProducedAsset(
    key=PUBLISHED_ACCOUNTS,
    description="The accounts as they are now, for analysts.",
    kinds=_PUBLISHED,
    derived_from=(LEDGER_ACCOUNTS,),
)
BALANCES = ProducedAsset(
    key=LEDGER_BALANCES,
    description="Every balance ever observed. Rows are added, never changed.",
    kinds=_FROM_POWENS,
    derived_from=(LEDGER_ACCOUNTS,),
)
LATEST_BALANCES = ProducedAsset(
    key=PUBLISHED_LATEST_BALANCES,
    description="The newest balance of each account that is neither deleted nor disabled.",
    kinds=_PUBLISHED,
    derived_from=(LEDGER_BALANCES,),
)
DAILY_CASH_POSITION = ProducedAsset(
    key=PUBLISHED_DAILY_CASH_POSITION,
    description="What the household had at the end of each day, per currency, never converted.",
    kinds=_PUBLISHED,
    derived_from=(LEDGER_BALANCES,),
)
TRANSACTIONS = ProducedAsset(
    key=LEDGER_TRANSACTIONS,
    description="Operations on the accounts, with every change that the bank made to them.",
    kinds=_FROM_POWENS,
    derived_from=(LEDGER_ACCOUNTS,),
)
TRANSACTION_LIST = ProducedAsset(
    key=PUBLISHED_TRANSACTIONS,
    description="The operations as they stand now, for analysts.",
    kinds=_PUBLISHED,
    derived_from=(LEDGER_TRANSACTIONS,),
)
OVERVIEW = ProducedAsset(
    key=PUBLISHED_OVERVIEW,
    description="Balances, cash flow and categories of a month, as rows and as a Markdown page.",
    kinds=_PUBLISHED | {"markdown"},
    derived_from=(PUBLISHED_LATEST_BALANCES, PUBLISHED_TRANSACTIONS),
)
