"""How an operation says that it failed, in terms of what should happen next."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final, Self

STANDARD_PROBLEMS: Final = frozenset({
    "BAD_GATEWAY", "BAD_REQUEST", "CONFLICT", "FORBIDDEN", "GONE", "INTERNAL_ERROR",
    "METHOD_NOT_ALLOWED", "NOT_FOUND", "NOT_IMPLEMENTED", "PAYMENT_REQUIRED",
    "PRECONDITION_FAILED", "RATE_LIMITED", "SERVICE_UNAVAILABLE", "TIMEOUT", "UNAUTHENTICATED",
    "VALIDATION_FAILED",
})  # fmt: skip
"""The problem codes that ContractSpec defines; every other one is somebody's own."""

PASSING_PROBLEMS: Final = frozenset(
    {"BAD_GATEWAY", "RATE_LIMITED", "SERVICE_UNAVAILABLE", "TIMEOUT"}
)
"""The standard problems that count as temporary unless they say otherwise."""


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
    CANCELLED = "cancelled"
    """Somebody ended the run."""
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

    @classmethod
    def from_problem(
        cls,
        code: str,
        detail: str = "",
        *,
        retryable: bool | None = None,
        retry_after: timedelta | None = None,
    ) -> Self:
        """The failure that a ContractSpec service reported as a problem, classified as there.

        `retryable` is what the problem says of itself, None where it says nothing. A code that is
        not of `STANDARD_PROBLEMS` is never retried, whatever it says (findings 3 to 5 of the
        reference's notes): the reference cannot know what is meant.
        """
        if code not in STANDARD_PROBLEMS:
            return cls(f"Undeclared contract failure: {code}. {detail}".strip())
        kind = FailureKind.FATAL
        if code in PASSING_PROBLEMS if retryable is None else retryable:
            passing = {"TIMEOUT": FailureKind.TIMEOUT, "RATE_LIMITED": FailureKind.RATE_LIMITED}
            kind = passing.get(code, FailureKind.RETRYABLE)
        return cls(f"{code}: {detail}" if detail else code, kind=kind, retry_after=retry_after)

    @classmethod
    def from_result(cls, result: object) -> Self | None:
        """The failure that `result` is by ContractSpec's contract, or None if it is none.

        A service may answer `{"ok": false, "code": …, "problem": {…}}`. Only a whole problem
        counts, as in the reference runtime: any other `{"ok": false}` is data like all data.
        """
        match result:
            case {
                "ok": False,
                "code": str(),
                "problem": {
                    "type": str(), "title": str(title), "status": int() | float(),
                    "code": str(code), "category": str(), "retryable": bool(retryable),
                } as problem,
            }:  # fmt: skip
                after = problem.get("retryAfter")
                return cls.from_problem(
                    code,
                    str(problem.get("detail") or title),
                    retryable=retryable,
                    retry_after=(
                        timedelta(milliseconds=after) if isinstance(after, int | float) else None
                    ),
                )
            case _:
                return None
