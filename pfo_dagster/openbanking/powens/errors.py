"""What a refusal of Powens, or silence, means: which kind of error, in words for people. Pure.

Called by `client`. Of the answer's text only the code word and the request's id are kept: `message`
and `description` may quote the bank.
"""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import httpx

from pfo_dagster.openbanking.errors import AccessRefusedError, ErrorKind, ProviderError
from pfo_dagster.openbanking.powens.json_text import as_object, decode
from pfo_dagster.openbanking.powens.privacy import code_word, read_request_id
from pfo_dagster.openbanking.powens.states import user_action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NO_ACCOUNT: Final = "noAccount"
"""The code (with status 400) by which Powens says that a listing is empty."""

LONGEST_WAIT: Final = timedelta(hours=1)
"""The most that a `Retry-After` is believed."""

_AGAIN: Final = "It is worth trying again"
_REFUSED_TOKEN: Final = (
    ErrorKind.FATAL,
    (
        "the token was refused. It is mistyped, revoked, of another domain or of a deleted user: "
        "put a permanent user token of this domain into POWENS_USER_TOKEN"
    ),
)
_CODES: Final[Mapping[str, tuple[ErrorKind, str]]] = {
    "websiteunavailable": (
        ErrorKind.RETRYABLE,
        "the bank's site is not available. Nothing is wrong here; the next run will try again",
    ),
    "toomanysync": (
        ErrorKind.RATE_LIMITED,
        "this connection was synced too often. Leave it alone for some hours",
    ),
    "connectionlocked": (
        ErrorKind.RETRYABLE,
        "the connection is locked for the moment. It can be synced again later",
    ),
    "bankmessage": (
        ErrorKind.NEEDS_USER,
        "the bank has a message that the account holder must read on the bank's own site",
    ),
    "bug": (ErrorKind.RETRYABLE, f"Powens has a fault of its own. {_AGAIN} once or twice"),
    "dataerror": (ErrorKind.RETRYABLE, f"Powens could not handle the data. {_AGAIN} once or twice"),
    "keymanager": (ErrorKind.RETRYABLE, f"Powens' key store failed. {_AGAIN} once or twice"),
    "notsupported": (ErrorKind.FATAL, "Powens does not support this for the bank in question"),
    "config": (
        ErrorKind.FATAL,
        "the Powens domain is not set up for this. Look at its settings in the Powens console",
    ),
    "forbidden": _REFUSED_TOKEN,
    "missingparameter": (ErrorKind.FATAL, "Powens misses a parameter: a fault of this program"),
    "invalidvalue": (ErrorKind.FATAL, "Powens dislikes a parameter: a fault of this program"),
    "methodnotallowed": (ErrorKind.FATAL, "Powens has no such call: a fault of this program"),
    "notfound": (ErrorKind.FATAL, "Powens knows nothing under this address"),
}


def refusal(
    *, call: str, status: int, headers: Mapping[str, str], body: bytes, now: datetime
) -> ProviderError:
    """The error that an answer with a status other than 2xx stands for.

    `call` names what was asked, e.g. `GET /users/me/accounts`. A body that is no JSON is a matter
    of course: a proxy's page, or nothing at all.
    """
    envelope = _envelope(body)
    code = code_word(envelope.get("code")) or code_word(envelope.get("error"))
    kind, reason = meaning = _meaning(status, code)
    error = AccessRefusedError if meaning is _REFUSED_TOKEN else ProviderError
    return error(
        f"{call}: {reason} (HTTP {status}{f', code {code}' if code else ''}).",
        kind=kind,
        code=code,
        retry_after=_retry_after(headers.get("retry-after"), now),
        request_id=_request_id(envelope, headers),
    )


def no_answer(*, call: str, host: str, error: httpx.TransportError | TimeoutError) -> ProviderError:
    """The error for a call that was not answered: no network, no such host, no trust, no time."""
    kind, reason = _silence(host, error)
    return ProviderError(f"{call}: {reason}.", kind=kind)


def unusable(*, call: str, problem: str, request_id: str | None = None) -> ProviderError:
    """The error for an answer that cannot be what Powens meant to send, e.g. half of its JSON."""
    return ProviderError(
        f"{call}: the answer cannot be used: {problem}. {_AGAIN}; if it stays so, see whether a "
        "proxy answers in the place of Powens.",
        kind=ErrorKind.RETRYABLE,
        request_id=request_id,
    )


def _meaning(status: int, code: str | None) -> tuple[ErrorKind, str]:
    """Kind and reason: by the code where that says more than the status."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ErrorKind.RATE_LIMITED, "Powens limits how often it is asked. Wait, then try again"
    action = user_action(code)
    if action:
        return ErrorKind.NEEDS_USER, f"the account holder must {action}"
    if status == HTTPStatus.UNAUTHORIZED:
        return _REFUSED_TOKEN
    known = _CODES.get(code.lower()) if code else None
    if known:
        return known
    return _by_status(status)


def _by_status(status: int) -> tuple[ErrorKind, str]:
    if status == HTTPStatus.FORBIDDEN:
        return _REFUSED_TOKEN
    if httpx.codes.is_redirect(status):
        return ErrorKind.FATAL, (
            "it was redirected to another address, which is not followed so that the token goes "
            "nowhere else. Check POWENS_DOMAIN or POWENS_BASE_URL"
        )
    if status == HTTPStatus.NOT_FOUND:
        return ErrorKind.FATAL, (
            "Powens knows nothing under this address. If every call says so, check POWENS_DOMAIN "
            "or POWENS_BASE_URL"
        )
    if status == HTTPStatus.CONFLICT:
        return ErrorKind.RETRYABLE, f"something else is under way at Powens. {_AGAIN} later"
    if status == HTTPStatus.REQUEST_TIMEOUT or httpx.codes.is_server_error(status):
        return ErrorKind.RETRYABLE, f"Powens is not available. {_AGAIN} later"
    return ErrorKind.FATAL, "Powens refused the call; repeating it cannot help"


def _silence(host: str, error: httpx.TransportError | TimeoutError) -> tuple[ErrorKind, str]:
    if isinstance(error, httpx.ConnectTimeout):
        return ErrorKind.RETRYABLE, f"{host} could not be reached in time. Check the network"
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return ErrorKind.RETRYABLE, f"{host} took too long to answer. {_AGAIN} later"
    if isinstance(error, httpx.ProxyError):
        return ErrorKind.RETRYABLE, "the proxy refused the connection. Check HTTPS_PROXY"
    if isinstance(error, httpx.ConnectError):
        return _unreachable(host, error)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return ErrorKind.FATAL, "the call could not even be sent: a fault of this program"
    return ErrorKind.RETRYABLE, f"{host} closed the connection before it answered. {_AGAIN}"


def _unreachable(host: str, error: httpx.ConnectError) -> tuple[ErrorKind, str]:
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return ErrorKind.FATAL, (
            f"the identity of {host} could not be verified (TLS), so no token was sent. Check the "
            "address, this computer's clock and its certificates"
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return ErrorKind.RETRYABLE, (
            f"no secure connection (TLS) to {host} could be made, so no token was sent. Check the "
            "address, and whether a proxy answers in the place of Powens"
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return ErrorKind.RETRYABLE, (
            f"the name {host} could not be resolved. Check POWENS_DOMAIN and the network"
        )
    return ErrorKind.RETRYABLE, f"{host} could not be reached. Check the network and the address"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what lies under it: httpx wraps what the operating system said."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _envelope(body: bytes) -> Mapping[str, object]:
    """The error as Powens writes it (`ServiceError`), or nothing where the body is not one."""
    try:
        return as_object(decode(body)) or {}
    except ValueError:
        return {}


def _request_id(envelope: Mapping[str, object], headers: Mapping[str, str]) -> str | None:
    return read_request_id(envelope.get("request_id")) or read_request_id(
        headers.get("x-request-id")
    )


def _retry_after(value: str | None, now: datetime) -> timedelta | None:
    """A `Retry-After` in seconds or as a date, at most `LONGEST_WAIT`; None where it is neither."""
    if value is None:
        return None
    if value.strip().isdecimal():
        # Cut before it is a timedelta, which cannot hold any number of seconds.
        return timedelta(seconds=min(float(value), LONGEST_WAIT.total_seconds()))
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(aware - now, timedelta(0)), LONGEST_WAIT)
