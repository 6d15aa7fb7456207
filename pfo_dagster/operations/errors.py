"""How an operation says that it failed, in terms of what should happen next."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta


class FailureKind(StrEnum):
    """Why an operation failed, by whether its step may run again."""

    RETRYABLE = "retryable"
    """Somebody else's fault and probably temporary."""
    TIMEOUT = "timeout"
    """It took too long; the next attempt may not."""
    RATE_LIMITED = "rate_limited"
    """Asked too often; `OperationError.retry_after` says when to come back, if known."""
    NEEDS_USER = "needs_user"
    """A person must act first: a new consent, a new password."""
    POLICY_BLOCKED = "policy_blocked"
    """A rule forbids it."""
    GUARD_REJECTED = "guard_rejected"
    """The step's guard said no."""
    FATAL = "fatal"
    """A fault of ours or of the configuration."""

    @property
    def may_retry(self) -> bool:
        """Whether the step's retry policy applies.

        `retryable` and `timeout` are the reference runtime's own (finding 3 of its notes);
        `rate_limited` stands for its problem code RATE_LIMITED, which it retries as well.
        """
        return self in {FailureKind.RETRYABLE, FailureKind.TIMEOUT, FailureKind.RATE_LIMITED}


class OperationError(Exception):
    """An operation failed in a way it understands.

    Any other exception counts as `fatal`, as in the reference runtime: only a failure that says of
    itself that it may pass is tried again. The text is shown in Dagster's event log, so it must
    hold no secret.
    """

    def __init__(
        self,
        message: str = "",
        *,
        kind: FailureKind | str = FailureKind.FATAL,
        retry_after: timedelta | None = None,
    ) -> None:
        self.kind = FailureKind(kind)
        self.retry_after = retry_after
        """When given, replaces the delay of the step's retry policy and is not capped by it."""
        super().__init__(message or f"the operation failed ({self.kind})")
