"""JSON is taken over exactly, except for what no file can hold and what commands terminals."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfo_dagster.openbanking.powens.json_text import decode

ANY_TEXT = st.text(st.characters(codec=None, categories=None) | st.characters(max_codepoint=0xA0))


@given(ANY_TEXT, st.sampled_from(["utf-8", "utf-16", "ascii"]))
def test_all_text_that_comes_can_be_kept_and_shown(text: str, encoding: str) -> None:
    body = json.dumps({text: [text]}, ensure_ascii=encoding == "ascii")
    [(name, [value])] = decode(body.encode(encoding, "surrogatepass")).items()  # type: ignore[attr-defined]
    assert name == value
    assert len(value) == len(text)
    for was, now in zip(text, value, strict=True):
        keepable = was.isprintable() or was in "\t\n\r" or ord(was) > 0x9F
        assert now == (was if keepable and not 0xD800 <= ord(was) <= 0xDFFF else "\ufffd")


@pytest.mark.parametrize("body", ['"Crédit 猫 \\u00e9\\ud83d\\ude00\\n"', '"C\\\\ud800"'])
def test_what_people_write_is_left_alone(body: str) -> None:
    assert decode(body.encode()) == json.loads(body)


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_number_that_nothing_can_hold_spoils_no_other(sign: str) -> None:
    numbers = f"[{sign}1e{'9' * 20}, {sign}1.5e-{'9' * 20}, {sign}{'9' * 5_000}, {sign}7, 0.10]"
    too_large, too_small, too_long, whole, fraction = decode(numbers.encode())  # type: ignore[misc]
    assert str(too_large) == str(too_small) == "NaN"
    assert too_long == Decimal(sign + "9" * 5_000)
    assert (whole, str(fraction)) == (int(f"{sign}7"), "0.10")
