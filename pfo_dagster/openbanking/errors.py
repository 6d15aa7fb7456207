"""What can go wrong between us and an open-banking provider, by what to do about it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta


class ErrorKind(StrEnum):
    """The four answers to "what now?" after a provider said no."""

    RETRYABLE = "retryable"
    """The provider or the network failed; the same call may succeed soon."""
    RATE_LIMITED = "rate_limited"
    """We asked too often; wait for `ProviderError.retry_after` if it is given."""
    NEEDS_USER = "needs_user"
    """Only the account holder can go on: new consent, new password, a confirmation."""
    FATAL = "fatal"
    """Configuration, rights or a fault of ours: repeating the call cannot help."""


class ProviderError(Exception):
    """A provider refused, failed or could not be reached.

    The text is for people and holds no secret: no token, no IBAN, no bank message.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: ErrorKind,
        code: str | None = None,
        retry_after: timedelta | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
        """The provider's own word for the error, e.g. Powens' `wrongpass`."""
        self.retry_after = retry_after
        """How long the provider asked us to wait, if it did."""
        self.request_id = request_id
        """What the provider's support will ask for."""


class AccessRefusedError(ProviderError):
    """The token opens nothing: mistyped, revoked, of another domain, or of a deleted user."""
