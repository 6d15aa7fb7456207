"""Whom a webhook is from: the signature over exactly what was sent."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from pfo_dagster.openbanking.powens.signature import (
    SignatureError,
    plausible_dates,
    sign,
    verify,
)
from tests.openbanking.support import NOON, law

SECRET = SecretStr("c2VjcmV0 as it is, not decoded é")
PATH = "/webhooks/connection-synced"
DATE = "2026-03-18T12:00:00Z"
BODY = b'{"connection": {"id": 7,  "state":null}}'


def check(**changes: Any) -> None:
    sent: dict[str, Any] = {
        "path": PATH,
        "date": DATE,
        "signature": sign(SECRET, path=PATH, date=DATE, body=BODY),
        "body": BODY,
        "now": NOON,
        "max_age": timedelta(0),
        **changes,
    }
    verify(SECRET, **sent)


def test_the_signature_is_the_documented_one() -> None:
    text = b"POST." + PATH.encode() + b"." + DATE.encode() + b"." + BODY
    by_hand = hmac.new(SECRET.get_secret_value().encode(), text, hashlib.sha256).digest()
    assert sign(SECRET, path=PATH, date=DATE, body=BODY) == b64encode(by_hand).decode()
    check()


@pytest.mark.parametrize(
    "changes",
    [
        {"body": BODY.replace(b"  ", b" ")},
        {"path": PATH + "/"},
        {"path": "https://example.org" + PATH},
        {"date": "2026-03-18T12:00:00+00:00"},
        {"signature": sign(SecretStr("other"), path=PATH, date=DATE, body=BODY)},
        {"signature": ""},
        {"signature": None},
        {"signature": "not Base64!"},
        {"signature": "é"},
        {"signature": hmac.new(b"c", BODY, hashlib.sha256).hexdigest()},
        {"date": None},
    ],
)
def test_trap_24_anything_else_than_the_raw_request_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SignatureError) as caught:
        check(**changes)
    assert SECRET.get_secret_value() not in str(caught.value)


@law
@given(body=st.binary(max_size=200), date=st.text("0123456789-:TZ ", min_size=1, max_size=30))
def test_whatever_is_signed_is_believed(body: bytes, date: str) -> None:
    check(body=body, date=date, signature=sign(SECRET, path=PATH, date=date, body=body))


def signed_at(date: str, *, max_age: timedelta, now: datetime = NOON) -> None:
    signature = sign(SECRET, path=PATH, date=date, body=BODY)
    check(date=date, signature=signature, max_age=max_age, now=now)


@pytest.mark.parametrize(
    "date",
    [
        "2026-03-18T12:00:00Z",
        "2026-03-18T13:00:00+01:00",
        "2026-03-18 12:00:00",
        "2026-03-18 13:00:00",  # Of Paris.
        "Wed, 18 Mar 2026 12:00:00 GMT",
        str(int(NOON.timestamp())),
        str(NOON.timestamp()),
        str(int(NOON.timestamp() * 1000)),
    ],
)
def test_every_plausible_format_has_an_age(date: str) -> None:
    signed_at(date, max_age=timedelta(minutes=5))
    with pytest.raises(SignatureError, match="too old"):
        signed_at(date, max_age=timedelta(minutes=5), now=NOON + timedelta(days=1))
    with pytest.raises(SignatureError, match="in the future"):
        signed_at(date, max_age=timedelta(minutes=5), now=NOON - timedelta(days=1))


@pytest.mark.parametrize("date", ["yesterday", "-", "1e999", "nan", "2026-02-30"])
def test_an_unknown_format_is_refused_only_where_age_matters(date: str) -> None:
    signed_at(date, max_age=timedelta(0))
    assert plausible_dates(date) == ()
    with pytest.raises(SignatureError):
        signed_at(date, max_age=timedelta(days=365))


def test_a_number_of_seconds_and_of_milliseconds_are_told_apart() -> None:
    assert plausible_dates("1773835200") == (datetime(2026, 3, 18, 12, tzinfo=UTC),)
    assert plausible_dates("1773835200000") == (datetime(2026, 3, 18, 12, tzinfo=UTC),)
