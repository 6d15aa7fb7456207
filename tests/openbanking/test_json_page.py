"""Pages that are decoded row by row come to the same as when they are decoded whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfo_dagster.openbanking.powens.json_page import decode_page
from pfo_dagster.openbanking.powens.json_text import decode

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PAGES = st.dictionaries(st.text() | st.just("rows"), JSON, max_size=4)


def read(body: bytes) -> tuple[object, list[object]]:
    taken: list[object] = []
    content, _ = decode_page(body, "rows", taken.append)
    return content, taken


def whole(body: bytes) -> tuple[object, list[object]]:
    """The same, from all of the body at once."""
    content: Any = decode(body)
    if not isinstance(content, dict):
        return None, []
    if not isinstance(content.get("rows"), list):
        return content, []
    return {**content, "rows": []}, content["rows"]


@given(PAGES | JSON, st.sampled_from([None, 1]), st.booleans(), st.sampled_from(["", " ", "\n"]))
def test_a_page_is_read_as_it_would_be_whole(
    page: object, indent: int | None, ascii_only: bool, around: str
) -> None:
    text = json.dumps(page, indent=indent, ensure_ascii=ascii_only)
    body = f"{around}{text}{around}".encode(errors="surrogatepass")
    assert read(body) == whole(body)


@given(PAGES, st.integers(min_value=1))
def test_a_page_that_was_cut_off_or_damaged_is_refused(page: object, cut: int) -> None:
    body = json.dumps(page).encode()
    with pytest.raises(ValueError):  # noqa: PT011 - what is wrong with it is of no use to anybody
        read(body[: -1 - cut % len(body)])
    with pytest.raises(ValueError):  # noqa: PT011
        read(body + b"}")


@pytest.mark.parametrize(
    "body",
    ["{1: 2}", '{"rows": [1,]}', '{"rows": [1 2]}', '{"a": 1,}', '{"rows": [1], "rows": [2]}',
     '{"rows": [' + "[" * 100_000],
)  # fmt: skip
def test_what_is_no_json_is_refused(body: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read(body.encode())


def test_rows_are_told_from_others() -> None:
    def identity(body: bytes) -> str:
        return decode_page(body, "rows", lambda _: None)[1]

    assert identity(b'{"rows": [1], "next": 1}') == identity(b'{"rows": [1], "next": 2}')
    assert identity(b'{"rows": [1]}') != identity(b'{"rows": [2]}')
    assert identity(b'{"rows": []}') == identity(b'{"other": [1]}') == ""
