"""Replay of `expressions.json`: the reference's answer wherever it could read the text.

Where it could not ("fallthrough"), it took the text for true. There we owe JavaScript's answer or
an error; which of the two is written down in `tests/spec/test_expressions.py`, text by text.
"""

from __future__ import annotations

import re
from typing import Any

from pfo_dagster.spec.expressions import ExpressionError, evaluate
from tests.conformance.outcome import Difference, Outcome


def replay(case: dict[str, Any]) -> Outcome:
    """Evaluate one recorded expression in its recorded context."""
    name = f"expressions {case['id']}"
    text: Any = case.get("expression")
    context = case["context"]
    answer = _answer_or_position(text, context)
    if "fallthrough" in case.get("paths", []):
        wrong = _wrong_reading(text, context)
        same = wrong or answer is case["expected"]
        return Outcome(name, wrong, None if same else Difference.GRAMMAR)
    if answer is case["expected"]:
        return Outcome(name)
    return Outcome(name, (f"{text!r} is {answer!r}, recorded {case['expected']!r}",))


def _wrong_reading(text: str, context: dict[str, Any]) -> tuple[str, ...]:
    """What is wrong with our reading of a text that the reference could not read."""
    answer = _answer_or_position(text, context)
    if isinstance(answer, bool):
        simpler = _without_extensions(text)
        if answer is not _answer_or_position(simpler, context):
            return (f"{text!r} is {answer!r}, unlike {simpler!r}",)
    elif not 0 <= answer <= len(text):
        return (f"{text!r} is refused at {answer}, outside the text",)
    return ()


def _answer_or_position(text: str | None, context: dict[str, Any]) -> bool | int:
    try:
        return evaluate(text, **context)
    except ExpressionError as error:
        return error.position


def _without_extensions(text: str) -> str:
    """The same condition in the reference's own grammar, as far as rewriting text can bring it."""
    text = re.sub(r"""\[["']?(\w+)["']?\]""", r".\1", text.replace("?.", "."))
    text = re.sub(r"^(!*)\((.*)\)$", r"\1\2", text)
    swapped = re.fullmatch(r"(\d+) (!==|>=) (\S+)", text)
    if swapped:
        return f"{swapped[3]} {swapped[2].replace('>', '<')} {swapped[1]}"
    return re.sub(r"\s*\.\s*", ".", text)
