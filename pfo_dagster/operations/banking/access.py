"""What the open-banking operations are handed: a way to the banks, and the rules for using it.

Handed over as the resource `open_banking`; the ledger is the resource `ledger`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from pfo_dagster.ledger import Sync
from pfo_dagster.openbanking.errors import ErrorKind, ProviderError
from pfo_dagster.openbanking.powens.addresses import is_loopback
from pfo_dagster.operations.banking.decisions import RefreshPolicy
from pfo_dagster.operations.errors import FailureKind, OperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from pfo_dagster.ledger import Ledger, Writer
    from pfo_dagster.openbanking.provider import OpenBankingProvider
    from pfo_dagster.operations.contract import OperationContext

OPEN_BANKING = "open_banking"
LEDGER = "ledger"
LEDGER_POOL = "ledger"

SANDBOX = "sandbox"
"""The provider name of made-up data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccess:
    """How to reach the banks of one tenant. `open_provider` may raise `ProviderError`."""

    open_provider: Callable[[], OpenBankingProvider]
    clock: Callable[[], datetime]
    """The time now, in UTC."""
    tenant_id: str
    policy: RefreshPolicy = field(default_factory=RefreshPolicy)


def bank_access(context: OperationContext[Any]) -> BankAccess:
    """The bank access that the running operation was handed."""
    return cast("BankAccess", context.resources[OPEN_BANKING])


def ledger_of(context: OperationContext[Any]) -> Ledger:
    """The ledger that the running operation was handed."""
    return cast("Ledger", context.resources[LEDGER])


@contextmanager
def recording(
    context: OperationContext[Any], provider: str, *, publishes: bool = True
) -> Iterator[Writer]:
    """The ledger, to record what `provider` said, for readers to see unless told otherwise.

    Raises `OperationError` where a ledger of made-up data would get a bank's, or the other way
    round: whoever adds up `latest_balances` must never add the two.
    """
    with recording_in(ledger_of(context), provider, publishes=publishes) as writer:
        yield writer


@contextmanager
def recording_in(ledger: Ledger, provider: str, *, publishes: bool = True) -> Iterator[Writer]:
    """`recording`, for who runs no operation."""
    with ledger.writer(publishes=publishes) as writer:
        others = {known for known in writer.providers() if _made_up(known) != _made_up(provider)}
        if others:
            raise OperationError(
                f"The ledger in {ledger.data_dir} holds data of {', '.join(sorted(others))}, and "
                f"{provider} must not be mixed with it. Set PFO_DATA_DIR to another folder."
            )
        yield writer


def _made_up(provider: str) -> bool:
    """Whether the data is the sandbox's, in this process or served on this computer."""
    host = provider.removeprefix("powens:").rpartition(":")[0]
    return provider == SANDBOX or is_loopback(host)


def sync_of(context: OperationContext[Any], provider: str, *, started_at: datetime) -> Sync:
    """The head of what a sync records: who asked whom, when, and for which step of which spec."""
    access = bank_access(context)
    return Sync(
        sync_id=f"{context.run_id}/{context.step_id}/{context.attempt}",
        tenant_id=access.tenant_id,
        provider=provider,
        run_id=context.run_id,
        step_id=context.step_id,
        workflow_key=context.workflow_key,
        workflow_version=context.workflow_version,
        workflow_digest=context.workflow_digest,
        attempt=context.attempt,
        started_at=started_at,
        finished_at=access.clock(),
    )


def as_operation_error(error: ProviderError) -> OperationError:
    """A provider's refusal in the words of the operations' contract."""
    return OperationError(str(error), kind=_FAILURE[error.kind], retry_after=error.retry_after)


_FAILURE = {
    ErrorKind.RETRYABLE: FailureKind.RETRYABLE,
    ErrorKind.RATE_LIMITED: FailureKind.RATE_LIMITED,
    ErrorKind.NEEDS_USER: FailureKind.NEEDS_USER,
    ErrorKind.FATAL: FailureKind.FATAL,
}
