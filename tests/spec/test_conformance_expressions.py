"""Every recorded expression: the reference's answer where it could parse the text.

Where it could not ("fallthrough"), it took the text for true. There we owe JavaScript's answer, or
an error; which of the two is written down in `test_expressions.py` for each kind of text.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from pfo_dagster.spec.expressions import ExpressionError, evaluate
from tests.spec.conformance import needs_recordings, recorded

CASES = recorded("expressions.json")
PARSED = [case for case in CASES if "fallthrough" not in case.get("paths", [])]
UNPARSED = [case for case in CASES if "fallthrough" in case.get("paths", [])]


@needs_recordings
@pytest.mark.parametrize("case", PARSED, ids=lambda case: case["id"])
def test_what_the_reference_parsed_has_the_same_answer(case: dict[str, Any]) -> None:
    assert evaluate(case.get("expression"), **case["context"]) is case["expected"]


@needs_recordings
@pytest.mark.parametrize("case", UNPARSED, ids=lambda case: case["id"])
def test_what_the_reference_took_for_true_unread_is_read_or_refused(case: dict[str, Any]) -> None:
    text = case["expression"]
    answer = answer_or_position(text, case["context"])
    if isinstance(answer, bool):
        assert answer is answer_or_position(without_extensions(text), case["context"])
    else:
        assert 0 <= answer <= len(text)


def answer_or_position(text: str, context: dict[str, Any]) -> bool | int:
    try:
        return evaluate(text, **context)
    except ExpressionError as error:
        return error.position


def without_extensions(text: str) -> str:
    """The same condition in the reference's own grammar, as far as rewriting text can bring it."""
    text = re.sub(r"""\[["']?(\w+)["']?\]""", r".\1", text.replace("?.", "."))
    text = re.sub(r"^(!*)\((.*)\)$", r"\1\2", text)
    swapped = re.fullmatch(r"(\d+) (!==|>=) (\S+)", text)
    if swapped:
        return f"{swapped[3]} {swapped[2].replace('>', '<')} {swapped[1]}"
    return re.sub(r"\s*\.\s*", ".", text)
