"""The European Central Bank's files are read exactly, or refused whole."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfo_dagster.rates import RatesError, ReferenceRate, read_csv, read_document, read_xml

XML = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
                 xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
  <gesmes:subject>Reference rates</gesmes:subject>
  <gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
  <Cube>
    <Cube time='2026-11-20'>
      <Cube currency='USD' rate='1.0850'/>
      <Cube currency='JPY' rate='171.95'/>
    </Cube>
    <Cube time='2026-11-19'><Cube currency='USD' rate='1.0800'/></Cube>
  </Cube>
</gesmes:Envelope>
"""
CSV = (
    "Date,USD,JPY,CYP,\n"
    "2026-11-20,1.0850,171.95,N/A,\n"
    "2026-11-19,1.0800,N/A,N/A,\n"
    "2007-12-31,1.4721,164.93,0.585274,\n"
)


def test_a_daily_and_a_90_day_file_are_read() -> None:
    assert read_xml(XML.encode()) == [
        ReferenceRate(date(2026, 11, 20), "USD", Decimal("1.0850")),
        ReferenceRate(date(2026, 11, 20), "JPY", Decimal("171.95")),
        ReferenceRate(date(2026, 11, 19), "USD", Decimal("1.0800")),
    ]


@pytest.mark.parametrize("text", [CSV, CSV.replace(",", ", "), CSV.replace(",\n", "\n")])
def test_a_historical_file_is_read_and_what_is_not_there_is_no_rate(text: str) -> None:
    rates = read_csv(text)
    assert [(one.day.isoformat(), one.currency, str(one.rate)) for one in rates] == [
        ("2026-11-20", "USD", "1.0850"),
        ("2026-11-20", "JPY", "171.95"),
        ("2026-11-19", "USD", "1.0800"),
        ("2007-12-31", "USD", "1.4721"),
        ("2007-12-31", "JPY", "164.93"),
        ("2007-12-31", "CYP", "0.585274"),
    ]


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def test_the_history_is_read_from_its_zip_file() -> None:
    content = zipped(history=CSV)
    assert read_document(content, "eurofxref-hist.zip") == read_csv(CSV)
    assert read_document(CSV.encode(), "eurofxref-hist.csv") == read_csv(CSV)


@pytest.mark.parametrize(
    ("content", "name", "problem"),
    [
        (b"<html>Maintenance", "daily.xml", "daily.xml: it is not XML"),
        (b"<html/>", "daily.xml", "not one rate"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "daily.xml", "declares entities"),
        (XML.replace("1.0850", "1,0850").encode(), "daily.xml", "'1,0850' is not a rate"),
        (XML.replace("1.0850", "0.0000").encode(), "daily.xml", "'0.0000' is not a rate"),
        (XML.replace("1.0850", "-1").encode(), "daily.xml", "'-1' is not a rate"),
        (XML.replace("2026-11-20", "20 Nov").encode(), "daily.xml", "'20 Nov' is not a day"),
        (XML.replace("JPY", "USD").encode(), "daily.xml", "two rates of USD for 2026-11-20"),
        (XML.replace("JPY", "EUR").encode(), "daily.xml", "'EUR' of 2026-11-20"),
        (b"Datum,USD\n", "hist.csv", "heading `Date,USD"),
        (CSV.replace("171.95,", "").encode(), "hist.csv", "line 2 has 4 fields"),
        (b"\xff\xfe", "hist.csv", "not text in UTF-8"),
        (b"PK", "hist.zip", "not a whole zip file"),
        (zipped(a=CSV)[:-60], "hist.zip", "not a whole zip file"),
        (zipped(a=CSV, b=CSV), "hist.zip", "exactly one file"),
        (b"", "daily.xml", "not XML"),
    ],
)
def test_what_cannot_be_believed_is_refused_by_name(
    content: bytes, name: str, problem: str
) -> None:
    with pytest.raises(RatesError) as refused:
        read_document(content, name)
    assert str(refused.value).startswith(f"{name}: ")
    assert problem in str(refused.value)


@given(content=st.binary(max_size=300), name=st.sampled_from(["a.xml", "a.csv", "a.zip"]))
def test_any_bytes_are_read_or_refused(content: bytes, name: str) -> None:
    try:
        answer = str(read_document(content, name))
    except RatesError as refused:
        answer = str(refused)
    assert name in answer
