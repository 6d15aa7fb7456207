"""How single values of the Powens API are read: tolerant of their shape, strict about money.

Each is a type for the fields of `models`. Messages never quote the value: it may be personal data.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

PARIS: Final = ZoneInfo("Europe/Paris")
"""The zone of Powens' wall-clock times, which carry no offset."""

MAX_DECIMALS: Final = 12
MAX_INTEGER_DIGITS: Final = 20
"""More than all money of any currency; sums over any number of accounts stay in the ledger's 26."""

_ID = re.compile(r"[0-9]{1,20}")
_CURRENCY_CODE = re.compile(r"[A-Z0-9]{2,12}")


def read_id(value: object) -> str:
    """An id as text. Powens documents integers; quoted ones are taken too.

    Other text is none: ids are logged, and it might be somebody's name or IBAN.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and _ID.fullmatch(text.strip()):
        return text.strip()
    raise ValueError("expected an id: a whole number")


def read_amount(value: object) -> Decimal:
    """An amount in units of its currency, exactly as sent, from a JSON number or a quoted one.

    Canonical records hold 20 digits before and 12 after the point. What does not fit is
    refused and never rounded.
    """
    if isinstance(value, bool) or not isinstance(value, (Decimal, int, str)):
        raise ValueError("expected an amount: a decimal number")  # noqa: TRY004 - see `_text`
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise ValueError("expected an amount: a decimal number") from None
    if not amount.is_finite():
        raise ValueError("the amount is NaN or infinite")
    if amount.adjusted() >= MAX_INTEGER_DIGITS:
        raise ValueError(f"the amount has more than {MAX_INTEGER_DIGITS} digits before the point")
    if _decimals(amount) > MAX_DECIMALS:
        raise ValueError(f"the amount has more than {MAX_DECIMALS} decimals")
    return amount


def read_currency_code(value: object) -> str:
    """The code of a currency (ISO 4217) or a coin, in capitals."""
    code = _text(value).upper()
    if not _CURRENCY_CODE.fullmatch(code):
        raise ValueError("expected the code of a currency, e.g. EUR")
    return code


def read_paris_instant(value: object) -> datetime:
    """A wall-clock time of Europe/Paris as an instant in UTC; an offset, where sent, is believed.

    The hour that occurs twice in October is taken for its first occurrence, so an instant may be
    an hour early then: compare with that tolerance.
    """
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        raise ValueError("expected a time: YYYY-MM-DD HH:MM:SS") from None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=PARIS)).astimezone(UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)  # in the year 1 or 9999, where no hour matters


def read_date(value: object) -> date:
    """A bank date. A time of day after it is ignored and no zone ever shifts it."""
    try:
        return date.fromisoformat(_text(value)[:10])
    except ValueError:
        raise ValueError("expected a date: YYYY-MM-DD") from None


def paris_wall_clock(instant: datetime) -> str:
    """An aware instant the way Powens writes times: `YYYY-MM-DD HH:MM:SS`, Europe/Paris."""
    return instant.astimezone(PARIS).strftime("%Y-%m-%d %H:%M:%S")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("expected text")  # noqa: TRY004 - pydantic reports only these
    return value.strip()


def _decimals(amount: Decimal) -> int:
    """The decimals that matter: trailing zeros do not.

    Counted by hand, since `Decimal.normalize` rounds to 28 digits.
    """
    _, digits, exponent = amount.as_tuple()
    assert isinstance(exponent, int), "finite"  # noqa: S101 - narrows
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    return -exponent - zeros if amount else 0


Id = Annotated[str, BeforeValidator(read_id)]
CurrencyCode = Annotated[str, BeforeValidator(read_currency_code)]
Amount = Annotated[Decimal, BeforeValidator(read_amount)]
ParisInstant = Annotated[datetime, BeforeValidator(read_paris_instant)]
BankDate = Annotated[date, BeforeValidator(read_date)]
