"""Durations as the devkit writes them."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfo_dagster.spec.intervals import interval


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("250", timedelta(milliseconds=250)),
        ("250ms", timedelta(milliseconds=250)),
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        (" 5 Minutes ", timedelta(minutes=5)),
        ("1.5 hours", timedelta(minutes=90)),
        (".5d", timedelta(hours=12)),
        ("2 weeks", timedelta(days=14)),
        ("1y", timedelta(days=365, hours=6)),
        ("0", timedelta(0)),
    ],
)
def test_the_words_of_the_devkit_are_known(text: str, meant: timedelta) -> None:
    assert interval(text) == meant


@pytest.mark.parametrize(
    "text", ["", "m", "five minutes", "-5m", "5 months", "PT5M", "5m 10s", "1e3", "11y", "9" * 400]
)
def test_all_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a duration|longer than ten years"):
        interval(text)


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert interval(text) >= timedelta(0)
