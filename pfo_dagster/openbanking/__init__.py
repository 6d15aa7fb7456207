"""Open banking, read-only: one user's connections, accounts, balances and transactions.

Start at `provider` for what can be asked and at `records` for what comes back; `errors` says what
can go wrong. `connect` opens the real Powens or the built-in sandbox; `callback` catches the
browser that comes back from Powens' webview. The package knows nothing of Dagster, DuckDB or specs.
"""

from pfo_dagster.openbanking.connect import open_powens, open_sandbox
from pfo_dagster.openbanking.errors import ErrorKind, ProviderError
from pfo_dagster.openbanking.powens.addresses import powens_base_url, validate_base_url
from pfo_dagster.openbanking.provider import OpenBankingProvider

__all__ = [
    "ErrorKind",
    "OpenBankingProvider",
    "ProviderError",
    "open_powens",
    "open_sandbox",
    "powens_base_url",
    "validate_base_url",
]
