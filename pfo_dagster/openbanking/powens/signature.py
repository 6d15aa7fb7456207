"""Whether a webhook is from Powens: HMAC-SHA256 over method, path, date and the raw body. Pure.

Signed is `POST.<path>.<date>.<body>`: the path as configured at Powens, without host and query, the
date exactly as its header has it, the body's own bytes. JSON that was parsed and written again, or
a path that a proxy changed, does not fit.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from pfo_dagster.openbanking.powens.fields import PARIS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr

SIGNATURE_HEADER: Final = "BI-Signature"
DATE_HEADER: Final = "BI-Signature-Date"

_MILLISECONDS_FROM: Final = 1e11
"""A number of seconds this large is a number of milliseconds: as seconds, the year 5138."""


class SignatureError(Exception):
    """The request cannot be believed; the text says why and quotes nothing of it."""


def sign(secret: SecretStr, *, path: str, date: str, body: bytes) -> str:
    """The signature as its header has it: Base64 with padding."""
    return base64.b64encode(_digest(secret, path, date, body)).decode()


def verify(
    secret: SecretStr,
    *,
    path: str,
    date: str | None,
    signature: str | None,
    body: bytes,
    now: datetime,
    max_age: timedelta,
) -> None:
    """Raise `SignatureError` unless Powens signed this, at most `max_age` from `now`.

    A `max_age` of zero accepts any date: its format is not published, so turn this on only after
    a real header was seen. There is no nonce; within the window a request may come again.
    """
    if not signature or not date:
        raise SignatureError(f"{SIGNATURE_HEADER} or {DATE_HEADER} is missing")
    try:
        given = base64.b64decode(signature.encode(), validate=True)
    except (binascii.Error, ValueError):
        raise SignatureError(f"{SIGNATURE_HEADER} is no Base64") from None
    if not hmac.compare_digest(given, _digest(secret, path, date, body)):
        raise SignatureError("the signature is not that of this request")
    if max_age and not any(abs(now - moment) <= max_age for moment in plausible_dates(date)):
        raise SignatureError(f"{DATE_HEADER} is too old, in the future, or in an unknown format")


def plausible_dates(text: str) -> Sequence[datetime]:
    """The instants that a date header may mean: seconds or milliseconds, ISO 8601, or HTTP's form.

    A time without a zone may be of UTC or of Paris. None at all where the format is another.
    """
    for read in (_number, _iso, _http):
        try:
            return read(text.strip())
        except (ValueError, OverflowError, OSError):
            continue
    return ()


def _digest(secret: SecretStr, path: str, date: str, body: bytes) -> bytes:
    key = secret.get_secret_value().encode()
    return hmac.digest(key, f"POST.{path}.{date}.".encode() + body, hashlib.sha256)


def _number(text: str) -> Sequence[datetime]:
    seconds = float(text)
    return (datetime.fromtimestamp(seconds / (1000 if seconds > _MILLISECONDS_FROM else 1), UTC),)


def _iso(text: str) -> Sequence[datetime]:
    return _in_its_zone(datetime.fromisoformat(text))


def _http(text: str) -> Sequence[datetime]:
    return _in_its_zone(parsedate_to_datetime(text))


def _in_its_zone(moment: datetime) -> Sequence[datetime]:
    if moment.tzinfo is not None:
        return (moment.astimezone(UTC),)
    return tuple(moment.replace(tzinfo=zone).astimezone(UTC) for zone in (UTC, PARIS))
