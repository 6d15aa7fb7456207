"""The open-banking operations: what the workflows' steps call, over the provider and the ledger.

`registry` names them; `refresh`, `balances`, `accounts`, `transactions` and `overview` are what
they do; `decisions` says when a bank is asked; `catalog` what they leave behind.
"""

from pfo_dagster.operations.banking.registry import open_banking_operations

__all__ = ["open_banking_operations"]
