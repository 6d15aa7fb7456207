"""What refusals and silence mean: every row of the reference's tables, in words for people."""

from __future__ import annotations

import socket
import ssl
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from pfo_dagster.openbanking import ErrorKind, ProviderError
from pfo_dagster.openbanking.powens.errors import LONGEST_WAIT, no_answer, refusal
from pfo_dagster.openbanking.sandbox.faults import HALF_AN_ANSWER, HTML_PAGE
from pfo_dagster.openbanking.sandbox.wire import dumps
from tests.openbanking.support import NOON

CALL = "GET /2.0/users/me/accounts"


def refused(
    status: int, code: str | None = None, *, body: bytes | None = None, **headers: str
) -> ProviderError:
    envelope = {"code": code, "description": "technical CANARY", "message": "bank text CANARY"}
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = dumps(envelope) if body is None else body
    return refusal(call=CALL, status=status, headers=httpx.Headers(names), body=sent, now=NOON)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ErrorKind.FATAL),
        (401, ErrorKind.FATAL),
        (403, ErrorKind.FATAL),
        (404, ErrorKind.FATAL),
        (405, ErrorKind.FATAL),
        (408, ErrorKind.RETRYABLE),
        (409, ErrorKind.RETRYABLE),
        (422, ErrorKind.FATAL),
        (429, ErrorKind.RATE_LIMITED),
        (500, ErrorKind.RETRYABLE),
        (502, ErrorKind.RETRYABLE),
        (503, ErrorKind.RETRYABLE),
        (504, ErrorKind.RETRYABLE),
        (301, ErrorKind.FATAL),
        (302, ErrorKind.FATAL),
    ],
)
@pytest.mark.parametrize("body", [b"", HTML_PAGE, HALF_AN_ANSWER, b"[]", b"\xff\xfe", b'"text"'])
def test_trap_23_every_status_has_a_kind_whatever_its_body(
    status: int, kind: ErrorKind, body: bytes
) -> None:
    error = refused(status, body=body)
    assert error.kind is kind
    assert error.code is None
    assert f"HTTP {status}" in str(error)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "wrongpass", ErrorKind.NEEDS_USER),
        (400, "wrongPass", ErrorKind.NEEDS_USER),
        (403, "SCARequired", ErrorKind.NEEDS_USER),
        (400, "webauthRequired", ErrorKind.NEEDS_USER),
        (400, "additionalInformationNeeded", ErrorKind.NEEDS_USER),
        (400, "decoupled", ErrorKind.NEEDS_USER),
        (400, "passwordExpired", ErrorKind.NEEDS_USER),
        (400, "actionNeeded", ErrorKind.NEEDS_USER),
        (400, "bankMessage", ErrorKind.NEEDS_USER),
        (400, "websiteUnavailable", ErrorKind.RETRYABLE),
        (403, "tooManySync", ErrorKind.RATE_LIMITED),
        (403, "connectionLocked", ErrorKind.RETRYABLE),
        (500, "bug", ErrorKind.RETRYABLE),
        (500, "dataError", ErrorKind.RETRYABLE),
        (500, "keymanager", ErrorKind.RETRYABLE),
        (500, "notSupported", ErrorKind.FATAL),
        (500, "config", ErrorKind.FATAL),
        (403, "forbidden", ErrorKind.FATAL),
        (400, "missingParameter", ErrorKind.FATAL),
        (400, "invalidValue", ErrorKind.FATAL),
        (405, "methodNotAllowed", ErrorKind.FATAL),
        (404, "notFound", ErrorKind.FATAL),
        (400, "neverHeardOf", ErrorKind.FATAL),
        (503, "neverHeardOf", ErrorKind.RETRYABLE),
        (429, "wrongpass", ErrorKind.RATE_LIMITED),
        (401, "unauthorized", ErrorKind.FATAL),
    ],
)
def test_every_code_has_a_kind(status: int, code: str, kind: ErrorKind) -> None:
    error = refused(status, code)
    assert (error.kind, error.code) == (kind, code)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_says_which_variable_to_look_at(status: int) -> None:
    for code in ("unauthorized", "forbidden", None):
        error = refused(status, code)
        assert error.kind is ErrorKind.FATAL
        assert "the token was refused" in str(error)
        assert "POWENS_USER_TOKEN" in str(error)


def test_an_old_envelope_has_its_code_under_error() -> None:
    assert refused(400, body=b'{"error": "websiteUnavailable"}').code == "websiteUnavailable"


def test_trap_20_bank_text_is_never_kept() -> None:
    error = refused(400, "websiteUnavailable")
    assert "CANARY" not in str(error)
    assert "CANARY" not in repr(vars(error))
    smuggled = refused(400, "see https://bank.example/?CANARY")
    assert smuggled.code is None
    assert "CANARY" not in str(smuggled)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (b'{"request_id": 4711}', "4711"),
        (b'{"request_id": "5f0c-2f1e"}', "5f0c-2f1e"),
        (b'{"request_id": null}', "from-header"),
        (b"", "from-header"),
        (b'{"request_id": "free text of a bank"}', "from-header"),
    ],
)
def test_trap_23_the_request_id_is_text(sent: bytes, read: str) -> None:
    assert refused(500, body=sent, x_request_id="from-header").request_id == read


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("30", timedelta(seconds=30)),
        ("0", timedelta(0)),
        ("99999", LONGEST_WAIT),
        ("9" * 400, LONGEST_WAIT),
        (format_datetime(NOON + timedelta(seconds=90), usegmt=True), timedelta(seconds=90)),
        (format_datetime(NOON - timedelta(days=1), usegmt=True), timedelta(0)),
        (format_datetime(NOON + timedelta(days=9), usegmt=True), LONGEST_WAIT),
        ("Wed, 21 Oct 99999999999999 07:28:00 GMT", None),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_is_bounded(
    value: str, wait: timedelta | None
) -> None:
    assert refused(429, retry_after=value).retry_after == wait


def test_without_retry_after_there_is_no_wait() -> None:
    assert refused(429).retry_after is None


def under(error: httpx.ConnectError, cause: Exception) -> httpx.ConnectError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (httpx.ConnectTimeout(""), ErrorKind.RETRYABLE, "could not be reached in time"),
        (httpx.ReadTimeout(""), ErrorKind.RETRYABLE, "took too long"),
        (TimeoutError(), ErrorKind.RETRYABLE, "took too long"),
        (httpx.ConnectError("refused"), ErrorKind.RETRYABLE, "could not be reached"),
        (
            under(httpx.ConnectError(""), socket.gaierror(-2, "Name or service not known")),
            ErrorKind.RETRYABLE,
            "could not be resolved",
        ),
        (
            under(httpx.ConnectError(""), ssl.SSLCertVerificationError("self-signed")),
            ErrorKind.FATAL,
            "could not be verified",
        ),
        (httpx.ReadError(""), ErrorKind.RETRYABLE, "closed the connection"),
        (httpx.RemoteProtocolError(""), ErrorKind.RETRYABLE, "closed the connection"),
        (httpx.ProxyError(""), ErrorKind.RETRYABLE, "HTTPS_PROXY"),
        (httpx.LocalProtocolError("CANARY"), ErrorKind.FATAL, "could not even be sent"),
    ],
)
def test_silence_has_a_kind_and_names_the_host(
    error: httpx.TransportError, kind: ErrorKind, says: str
) -> None:
    raised = no_answer(call=CALL, host="acme.biapi.pro", error=error)
    assert raised.kind is kind
    assert says in str(raised)
    assert "CANARY" not in str(raised)
