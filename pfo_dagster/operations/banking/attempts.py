"""Forced syncs on record before they are made, and within the budget of all runs together.

To open the ledger takes ten times as long as to record an attempt, so it stays open for a burst of
them; but not for long, since nobody else can write meanwhile. Used by `refresh`.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from pfo_dagster.operations.banking.decisions import BUDGET_WINDOW, spent_budget

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType

    from pfo_dagster.ledger import Ledger, Writer
    from pfo_dagster.operations.banking.decisions import RefreshPolicy


class BudgetSpentError(Exception):
    """Another run has used up the budget since this one looked; the text says so, as a reason."""


class AttemptLog:
    """Records the attempts of one run on the event loop that is running.

    Each is safe on the disk when `record` returns. Readers see them with what the refresh brings:
    to publish each by itself took longer than the call to the bank. The ledger is closed again
    `open_seconds` after it was opened, and when the block ends: write nothing else before that.
    """

    def __init__(self, ledger: Ledger, policy: RefreshPolicy, *, open_seconds: float = 0.2) -> None:
        self._ledger = ledger
        self._policy = policy
        self._open_seconds = open_seconds
        self._stack = ExitStack()
        self._writer: Writer | None = None
        self._lasts = True

    def record(
        self, *, tenant_id: str, provider: str, connection_id: str, run_id: str, at: datetime
    ) -> None:
        """Record that a bank is about to be asked. Raises `LedgerError` and `BudgetSpentError`."""
        writer = self._writer or self._open()
        try:
            made = writer.sync_attempts(tenant_id, provider, at - BUDGET_WINDOW)
            if spent := spent_budget(made.get(connection_id, []), self._policy):
                raise BudgetSpentError(spent)
            writer.record_sync_attempt(tenant_id, provider, connection_id, run_id, at)
        finally:
            if not self._lasts:
                self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Calls that the loop has not cancelled yet may still record, each by itself.
        self._lasts = False
        self._close()

    def _open(self) -> Writer:
        self._writer = self._stack.enter_context(self._ledger.writer(publishes=False))
        asyncio.get_running_loop().call_later(self._open_seconds, self._close)
        return self._writer

    def _close(self) -> None:
        self._writer = None
        self._stack.close()
