"""What is handed in from outside is JSON for every program, or refused in words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfo_dagster.spec.plain_json import plain_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
)  # fmt: skip


@settings(max_examples=40)
@given(VALUES)
def test_json_is_read_as_it_is(value: object) -> None:
    assert plain_json(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": NaN}', "NaN is no number in JSON"),
        ("[-Infinity]", "-Infinity is no number in JSON"),
        ("[1e999]", "1e999 is larger than any number can be"),
        (r'"\ud800"', r"'\ud800' is half of a character"),
        (r'{"\udc00": 1}', r"'\udc00' is half of a character"),
        ("{a}", "Expecting property name"),
        ("[" * 100_000, "too much within each other"),
        (b"\xff", "utf-8"),
    ],
)
def test_what_json_has_not_is_refused_in_words(text: str | bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=r"^.+$") as error:
        plain_json(text)
    assert reason in str(error.value)
