"""`openbanking.balances.refresh`: observe every account, asking the banks where that is due."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from pfo_dagster.ledger import ConnectionDecision, Refresh
from pfo_dagster.openbanking.errors import ErrorKind, ProviderError
from pfo_dagster.openbanking.records import ConnectionState
from pfo_dagster.operations.banking import catalog
from pfo_dagster.operations.banking.access import (
    as_operation_error,
    bank_access,
    ledger_of,
    recording,
)
from pfo_dagster.operations.banking.attempts import AttemptLog, BudgetSpentError
from pfo_dagster.operations.banking.decisions import (
    BUDGET_WINDOW,
    Decision,
    decide,
    worst,
)
from pfo_dagster.operations.banking.emptiness import refuse_sudden_emptiness
from pfo_dagster.operations.banking.refresh_report import (
    ConnectionReport,
    RefreshedBalances,
    SuccessionReport,
)
from pfo_dagster.operations.banking.rows import (
    account_outcomes,
    account_rows,
    balance_rows,
    connection_rows,
    rejected_rows,
)
from pfo_dagster.operations.errors import FailureKind, OperationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pfo_dagster.ledger import RecordedRefresh
    from pfo_dagster.openbanking.provider import OpenBankingProvider
    from pfo_dagster.openbanking.records import AccountListing, Connection
    from pfo_dagster.operations.banking.access import BankAccess
    from pfo_dagster.operations.banking.refresh_report import RefreshInput
    from pfo_dagster.operations.contract import OperationContext

MOST_SYNCS_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class _Handled:
    """A connection after the refresh did what was decided about it."""

    connection: Connection
    action: Literal["read", "forced"]
    note: str
    error: ErrorKind | None = None


async def refresh_balances(context: OperationContext[RefreshInput]) -> RefreshedBalances:
    """Observe every account's balance, asking the banks themselves where that is due.

    One connection that fails does not lose the others: whatever can be read is recorded. The step
    fails only when no connection could be refreshed, by the worst of their errors.
    """
    access = bank_access(context)
    started_at = access.clock()
    try:
        async with access.open_provider() as bank:
            known = await bank.connections()
            handled = await _refresh_connections(context, access, bank, known.connections)
            listing = await bank.accounts()
            provider = bank.name
    except ProviderError as error:
        raise as_operation_error(error) from error
    fetched_at = access.clock()
    refresh = Refresh(
        refresh_id=f"{context.run_id}/{context.step_id}/{context.attempt}",
        tenant_id=access.tenant_id,
        provider=provider,
        run_id=context.run_id,
        step_id=context.step_id,
        workflow_key=context.workflow_key,
        workflow_version=context.workflow_version,
        workflow_digest=context.workflow_digest,
        attempt=context.attempt,
        started_at=started_at,
        finished_at=fetched_at,
    )
    listing = replace(listing, rejected=(*known.rejected, *listing.rejected))
    recorded = _record(context, refresh, handled, listing)
    report = _report(refresh, handled, listing, recorded)
    _describe(context, report, recorded)
    _fail_if_nothing_was_refreshed(handled)
    return report


async def _refresh_connections(
    context: OperationContext[RefreshInput],
    access: BankAccess,
    bank: OpenBankingProvider,
    connections: Sequence[Connection],
) -> list[_Handled]:
    """Decide about each connection, and do it; connections are synced a few at a time."""
    if not connections:
        with recording(context, bank.name) as writer:
            followed = writer.followed_accounts(access.tenant_id, bank.name)
        refuse_sudden_emptiness(followed, connections)
        message = "No bank is connected. Connect one in the provider's webview, then run again."
        raise OperationError(message, kind=FailureKind.NEEDS_USER)
    now = access.clock()
    attempts = _attempts(context, access, bank.name, since=now - BUDGET_WINDOW)
    policy = access.policy.asked_for(context.input.force)
    gate = asyncio.Semaphore(MOST_SYNCS_AT_ONCE)

    async def handle(connection: Connection) -> _Handled:
        made = attempts.get(connection.connection_id, [])
        decision = decide(connection, attempts=made, policy=policy, now=now)
        context.log.info("%s: %s (%s)", _name(connection), decision.action, decision.reason)
        if decision.action == "read":
            return _Handled(connection, "read", decision.reason, _standing_error(connection))
        async with gate:
            return await _force(context, log, bank, connection, decision)

    with AttemptLog(ledger_of(context), policy) as log:
        return list(await asyncio.gather(*(handle(connection) for connection in connections)))


async def _force(
    context: OperationContext[RefreshInput],
    log: AttemptLog,
    bank: OpenBankingProvider,
    connection: Connection,
    decision: Decision,
) -> _Handled:
    """Sync one connection. The attempt is on record before the bank hears of it."""
    access = bank_access(context)

    def record_attempt() -> None:
        log.record(
            tenant_id=access.tenant_id,
            provider=bank.name,
            connection_id=connection.connection_id,
            run_id=context.run_id,
            at=access.clock(),
        )

    try:
        outcome = await bank.sync(connection, about_to_ask=record_attempt)
    except BudgetSpentError as spent:
        note = f"{decision.reason}; but meanwhile {spent}"
        return _Handled(connection, "read", note, _standing_error(connection))
    except ProviderError as error:
        context.log.warning("%s: the sync failed: %s", _name(connection), error)
        return _Handled(connection, "forced", f"{decision.reason}; {error}", error.kind)
    note = f"{decision.reason}; {outcome.note}"
    error = None if outcome.moved else _standing_error(outcome.connection)
    return _Handled(outcome.connection, "forced", note, error)


def _attempts(
    context: OperationContext[RefreshInput], access: BankAccess, provider: str, *, since: datetime
) -> dict[str, list[datetime]]:
    with recording(context, provider, publishes=False) as writer:
        return writer.sync_attempts(access.tenant_id, provider, since)


def _standing_error(connection: Connection) -> ErrorKind | None:
    """The error that a connection's state stands for, without anything having been called."""
    return _STANDING_ERRORS.get(connection.state)


_STANDING_ERRORS = {
    ConnectionState.NEEDS_USER: ErrorKind.NEEDS_USER,
    ConnectionState.FAILED: ErrorKind.FATAL,
    ConnectionState.UNAVAILABLE: ErrorKind.RETRYABLE,
}


def _record(
    context: OperationContext[RefreshInput],
    refresh: Refresh,
    handled: Sequence[_Handled],
    listing: AccountListing,
) -> RecordedRefresh:
    connections = {one.connection.connection_id: one.connection for one in handled}
    policy = bank_access(context).policy
    with recording(context, refresh.provider) as writer:
        followed = writer.followed_accounts(refresh.tenant_id, refresh.provider)
        refuse_sudden_emptiness(followed, connections.values(), listing)
        return writer.record_refresh(
            refresh,
            connections=connection_rows(connections.values()),
            accounts=account_rows(listing.accounts),
            balances=balance_rows(
                listing.accounts,
                connections,
                fetched_at=refresh.finished_at,
                request_id=listing.request_id,
            ),
            outcomes=account_outcomes(listing, connections, policy=policy, now=refresh.finished_at),
            decisions=[
                ConnectionDecision(
                    connection_id=one.connection.connection_id,
                    decision=one.action,
                    reason=one.note,
                    failed=one.error is not None,
                )
                for one in handled
            ],
            provider_totals=listing.totals,
            rejected=rejected_rows(listing.rejected),
        )


def _report(
    refresh: Refresh,
    handled: Sequence[_Handled],
    listing: AccountListing,
    recorded: RecordedRefresh,
) -> RefreshedBalances:
    return RefreshedBalances(
        provider=refresh.provider,
        refresh_id=refresh.refresh_id,
        accounts=len(listing.accounts),
        new_balances=recorded.new_balances,
        unchanged_balances=recorded.unchanged_balances,
        rejected_rows=len(listing.rejected),
        connections=[
            ConnectionReport(
                connection_id=one.connection.connection_id,
                action=one.action,
                outcome="failed" if one.error else "ok",
                reason=one.note,
            )
            for one in handled
        ],
        successions=[
            SuccessionReport(
                account_id=one.account_id,
                succeeded_by=one.succeeded_by,
                recognised_by=one.recognised_by,
                candidates=list(one.candidates),
            )
            for one in recorded.successions
        ],
    )


def _describe(
    context: OperationContext[RefreshInput], report: RefreshedBalances, recorded: RecordedRefresh
) -> None:
    context.describe(
        catalog.LEDGER_BALANCES,
        provider=report.provider,
        new_balances=report.new_balances,
        unchanged_balances=report.unchanged_balances,
        failed_connections=recorded.failed_connections,
        rejected_rows=report.rejected_rows,
        connections=[connection.model_dump() for connection in report.connections],
        successions=[succession.model_dump() for succession in report.successions],
    )
    _warn_of_accounts(context, recorded)


def _warn_of_accounts(context: OperationContext[RefreshInput], recorded: RecordedRefresh) -> None:
    for one in recorded.successions:
        if one.succeeded_by:
            message = "Account %s came back as %s (same %s): its history goes on there."
            context.log.warning(message, one.account_id, one.succeeded_by, one.recognised_by)
        else:
            message = "Account %s went away, and %s could be the same: look which; none was joined."
            context.log.warning(message, one.account_id, " or ".join(one.candidates))
    if recorded.vanished_accounts:
        context.log.warning(
            "The provider no longer lists these accounts: %s", ", ".join(recorded.vanished_accounts)
        )


def _fail_if_nothing_was_refreshed(handled: Sequence[_Handled]) -> None:
    errors = [one.error for one in handled if one.error is not None]
    kind = worst(errors)
    if kind is None or len(errors) < len(handled):
        return
    reasons = "; ".join(f"{_name(one.connection)}: {one.note}" for one in handled)
    message = f"No connection could be refreshed. What could be read is recorded. {reasons}"
    raise as_operation_error(ProviderError(message, kind=kind))


def _name(connection: Connection) -> str:
    institution = connection.institution or "unknown bank"
    return f"connection {connection.connection_id} ({institution})"
