"""The workflows that something starts by itself, by their keys. Any of them may be missing."""

from __future__ import annotations

from typing import Final

BALANCES_WORKFLOW: Final = "pfo.workflow.refresh-openbanking-balances"
ACCOUNTS_WORKFLOW: Final = "pfo.workflow.sync-openbanking-accounts"
TRANSACTIONS_WORKFLOW: Final = "pfo.workflow.sync-openbanking-transactions"
