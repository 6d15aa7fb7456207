"""Reads the files in which the European Central Bank publishes its euro reference rates.

There are three: `eurofxref-daily.xml` (one day), `eurofxref-hist-90d.xml` (the same format) and
`eurofxref-hist.zip` (since 1999, one CSV inside). A file is read whole or refused whole: a rate
that is missed in silence would be found as a wrong total, or not at all.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from xml.etree import ElementTree as ET

_NAMESPACES: Final = {"fx": "http://www.ecb.int/vocabulary/2002-08-01/eurofxref"}
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_RATE: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_MAX_BYTES: Final = 64 * 1024 * 1024
"""Ten times the whole history as CSV: whatever is larger is no file of rates."""


class RatesError(Exception):
    """Rates could not be had, or a file of them cannot be believed. The text is for people."""


_COLUMNS: Final = """
AUD BGN BRL CAD CHF CNY CYP CZK DKK EEK GBP HKD HRK HUF IDR ILS INR ISK JPY KRW LTL LVL MTL MXN MYR
NOK NZD PHP PLN ROL RON RUB SEK SGD SIT SKK THB TRL TRY USD ZAR
"""
EVER_PUBLISHED: Final = frozenset(_COLUMNS.split())
"""The currencies in the columns of the bank's historical file, the withdrawn ones included."""


@dataclass(frozen=True, slots=True)
class ReferenceRate:
    """How many units of `currency` one euro was worth on `day`."""

    day: date
    currency: str
    rate: Decimal


def read_document(content: bytes, name: str) -> list[ReferenceRate]:
    """The rates of a file, by the ending of its name. Raises `RatesError` naming the file."""
    try:
        if name.endswith(".zip"):
            return read_csv(_unzipped(content))
        if name.endswith(".csv"):
            return read_csv(_text(content))
        return read_xml(content)
    except RatesError as error:
        raise RatesError(f"{name}: {error}") from None


def read_xml(content: bytes) -> list[ReferenceRate]:
    """The rates of a daily or 90-day file, in the file's order. Raises `RatesError`."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise RatesError("it declares entities, which a file of rates never does.")
    try:
        root = ET.fromstring(content)  # noqa: S314 - entities are refused above
    except ET.ParseError as error:
        raise RatesError(f"it is not XML ({error}).") from None
    rates = [
        _rate(day.get("time", ""), cube.get("currency", ""), cube.get("rate", ""))
        for day in root.iterfind("fx:Cube/fx:Cube", _NAMESPACES)
        for cube in day.iterfind("fx:Cube", _NAMESPACES)
    ]
    return _checked(rates)


def read_csv(text: str) -> list[ReferenceRate]:
    """The rates of a historical file; `N/A` and empty fields are no rates. Raises `RatesError`."""
    rows = csv.reader(io.StringIO(text), skipinitialspace=True)
    header = [name.strip() for name in next(rows, [])]
    if header[:1] != ["Date"]:
        raise RatesError("its first line is not the heading `Date,USD,…` of a historical file.")
    # Each line of the bank's file ends in a comma, which makes a last column without a name.
    currencies = header[1:-1] if header[-1] == "" else header[1:]
    rates: list[ReferenceRate] = []
    for number, row in enumerate(rows, start=2):
        if not row:
            continue
        if len(row) != len(header):
            raise RatesError(
                f"line {number} has {len(row)} fields, where the heading has {len(header)}."
            )
        for currency, field in zip(currencies, row[1:], strict=False):
            if field.strip() not in {"N/A", ""}:
                rates.append(_rate(row[0].strip(), currency, field.strip()))
    return _checked(rates)


def _rate(day: str, currency: str, rate: str) -> ReferenceRate:
    if not _CURRENCY.fullmatch(currency) or currency == "EUR":
        raise RatesError(f"{currency!r} of {day} is not the code of a foreign currency.")
    if not _RATE.fullmatch(rate) or not Decimal(rate):
        raise RatesError(f"{rate!r} is not a rate ({currency}, {day}).")
    try:
        return ReferenceRate(date.fromisoformat(day), currency, Decimal(rate))
    except ValueError:
        raise RatesError(f"{day!r} is not a day such as 2026-11-20.") from None


def _checked(rates: list[ReferenceRate]) -> list[ReferenceRate]:
    if not rates:
        raise RatesError("there is not one rate in it.")
    seen: set[tuple[date, str]] = set()
    for rate in rates:
        if (rate.day, rate.currency) in seen:
            raise RatesError(f"it has two rates of {rate.currency} for {rate.day}.")
        seen.add((rate.day, rate.currency))
    return rates


def _unzipped(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            [member] = archive.infolist()
            if member.file_size > _MAX_BYTES:
                raise RatesError(f"{member.filename} in it is too large for a file of rates.")
            return _text(archive.read(member))
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise RatesError(f"it is not a whole zip file ({error}).") from None
    except ValueError:
        raise RatesError("it does not hold exactly one file.") from None


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RatesError("it is not text in UTF-8.") from None
