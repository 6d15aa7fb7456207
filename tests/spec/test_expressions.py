"""The expression language: what it means, what it refuses, and what it can never do."""

from __future__ import annotations

import contextlib
import math
import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfo_dagster.spec.expressions import (
    UNDEFINED,
    ExpressionContext,
    ExpressionError,
    evaluate,
    parse_expression,
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.decimals(allow_nan=False, allow_infinity=False, places=2)
    | st.text(max_size=6)
    | st.sampled_from(["0x10", " 5 ", "1e3", "Infinity", "😀", "\ud83d"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
DATA = st.dictionaries(st.sampled_from(["a", "b", "length", "a-b"]), JSON)

LOOKUPS = st.sampled_from(
    ["data.a", "data?.b", "data['a-b']", "output.a[0]", "input", "data.a.length", "data.toString"]
)
LITERALS = st.sampled_from(["true", "null", "undefined", "0", "-1.5", "'x'", '"10"', "2e3"])
ATOMS = LOOKUPS | st.tuples(
    LOOKUPS, st.sampled_from([" === ", " !== ", " < ", " >= "]), LITERALS
).map("".join).map("({})".format)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: (
        inner.map("!({})".format)
        | st.tuples(inner, inner).map(lambda pair: f"({pair[0]} && {pair[1]})")
        | st.tuples(inner, inner).map(lambda pair: f"({pair[0]} || {pair[1]})")
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("expression", "output", "answer"),
    [
        ("output?.syncedThreads === 0", {"syncedThreads": 0}, True),
        ("output?.syncedThreads === 0", {"syncedThreads": 5}, False),
        ("output?.syncedThreads === 0", UNDEFINED, False),
        ("output?.confirmed === true", {"confirmed": False}, False),
        ("(output.a || output.b) && output.c", {"b": 1, "c": 0}, False),
        ("output['my-key'] === 1", {"my-key": 1}, True),
        ("output[0].id === 'x'", [{"id": "x"}], True),
        ("output?.[0]?.id", [], False),
        ("3 > output.n", {"n": 2}, True),
        ("output === null", None, True),
        ("output === undefined", None, False),
        ("output === undefined", UNDEFINED, True),
        ("(output.a === output.b)", {"a": 1, "b": 1}, True),
        ("(output.day < '2026-02-01')", {"day": "2026-01-15"}, True),
        ("(output.a || 5) === 5", {"a": 0}, True),
        ("!(output.a === 3)", {"a": 4}, True),
        ("('10' < output.a)", {"a": "9"}, True),
        ("output.list === '1,2'", {"list": [1, 2]}, False),
        ("(output.list < '2')", {"list": [1, 1e21, None, [0.5]]}, True),
    ],
)
def test_javascript_decides_what_the_reference_cannot_parse(
    expression: str, output: object, answer: bool
) -> None:
    assert evaluate(expression, data={}, output=output) is answer


@pytest.mark.parametrize(
    ("expression", "data", "answer"),
    [
        ("data.a === data.b", {"a": 1, "b": 1}, False),
        ("data.a === data.b", {"a": "data.b"}, True),
        ("!data.a === 3", {"a": 4}, True),
        ("data.day < '2026-02-01'", {"day": "2026-01-15"}, False),
        ("data.a == '3'", {"a": 3}, False),
        ("data.ok === TRUE", {"ok": True}, True),
        ("data.a === '\\n'", {"a": "\\n"}, True),
        ("data.nested.1.0", {"nested": [[], [7]]}, True),
        ("&& data.a", {"a": 1}, True),
    ],
)
def test_the_reference_decides_what_it_can_parse(
    expression: str, data: object, answer: bool
) -> None:
    assert evaluate(expression, data=data) is answer


@pytest.mark.parametrize(
    ("expression", "position", "hint"),
    [
        ("data.count = 4", 11, "==="),
        ("data.a ?? false", 7, "undefined"),
        ("data.my-key === 1", 7, "data['a-name']"),
        ("1 < data.a < 5", 11, "a < b && b < c"),
        ("(data.a", 0, None),
        ("data.a)", 6, None),
        ("DATA.a", 0, "data"),
        ("data.a and data.b", 7, "&&"),
        ("output?.a == 1", 10, "==="),
        ("(output.a == 1)", 10, "==="),
        ("ouput.a == 1", 0, "output"),
        ("!output?.a === 3", 0, "!(a === b)"),
        ("data?.x && data.a === data.b", 11, "(data.a === data.b)"),
        ("data?.x === 'it\\'s'", 15, "quotes"),
        ("data?.x === 'it", 12, None),
        ("data[x]", 5, "['a-name']"),
        ("data.a &&", 9, None),
        ("data.x\u200b === 1", 6, None),
        ("fetch('x')", 0, "data"),
    ],
)
def test_an_error_says_where_and_what_to_write(
    expression: str, position: int, hint: str | None
) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(expression)
    assert caught.value.position == position
    assert hint is None or hint in (caught.value.hint or "")


def test_an_error_shows_the_line_with_a_caret() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression("data.a === 1 &&\n  output?.b = 2")
    assert str(caught.value).splitlines()[1:3] == ["    output?.b = 2", "              ^"]


@pytest.mark.parametrize(
    ("expression", "remark"),
    [
        ("data.a === data.b", "taken as the text 'data.b'"),
        ("data.a === approved", "taken as the text 'approved'"),
        ("data.day > '2026-01-01'", "always false"),
        ("!data.a === 3", "negates the whole comparison"),
        ("data.a && && data.b", "empty operand"),
        ("data.a.b[x]", "`b[x]` is taken as the name"),
    ],
)
def test_a_surprising_reading_is_remarked_upon(expression: str, remark: str) -> None:
    assert any(remark in found.message for found in parse_expression(expression).remarks)


@pytest.mark.parametrize("expression", ["output.success === true", "data.n > 0x5", "!data.a"])
def test_an_ordinary_reading_is_not(expression: str) -> None:
    assert parse_expression(expression).remarks == ()


def test_an_explanation_names_each_comparison_and_what_it_saw() -> None:
    expression = parse_expression("output?.n === 0 || !data.skip")
    explanation = expression.explain(ExpressionContext({"skip": True}, output={"n": 5}))
    assert explanation.result is False
    assert [(a.text, a.left, a.right, a.result) for a in explanation.atoms] == [
        ("output.n === 0", 5, 0, False),
        ("data.skip", True, None, True),
    ]


@pytest.mark.parametrize(
    ("value", "equal"),
    [(3, True), (3.0, True), (Decimal("3.00"), True), ("3", False), (True, False), ([3], False)],
)
def test_numbers_are_equal_whatever_python_holds_them_in(value: object, equal: bool) -> None:
    assert evaluate("data.v === 3", data={"v": value}) is equal


def test_a_number_too_large_for_a_double_is_infinite() -> None:
    assert evaluate("data.v > 1", data={"v": 10**400})
    assert evaluate("data.v < 1", data={"v": -(10**400)})
    assert evaluate("(data.v === data.w)", data={"v": 10**400, "w": math.inf})


def test_a_value_that_is_not_json_is_refused() -> None:
    with pytest.raises(ExpressionError, match="a date is not JSON"):
        evaluate("data.day", data={"day": date(2026, 1, 1)})


@pytest.mark.parametrize(
    "expression",
    [
        "data.a" + ".b" * 6000,
        "(" * 65 + "data.a" + ")" * 65,
    ],
)
def test_size_and_depth_are_bounded(expression: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "!" * 9_999,
        "(" * 64 + "data.a" + ")" * 64,
        "data.a === " + " " * 4_000 + "x\n" + "y" * 4_000,
        "data.a || " * 900 + "data.a",
        "'" * 9_999,
        "data." + "[0]" * 3_000,
    ],
)
def test_no_text_within_the_bounds_takes_long(expression: str) -> None:
    started = time.process_time()
    with contextlib.suppress(ExpressionError):
        evaluate(expression, data={"a": 1})
    assert time.process_time() - started < 1


@given(st.text(max_size=60), DATA)
def test_random_text_is_answered_or_refused(text: str, data: object) -> None:
    assert_answered_or_refused(text, data)


def assert_answered_or_refused(text: str, data: object) -> None:
    refusal: ExpressionError | None = None
    answer: bool | None = None
    try:
        answer = evaluate(text, data=data)
    except ExpressionError as error:
        refusal = error
    assert isinstance(answer, bool) != isinstance(refusal, ExpressionError)
    if refusal:
        assert 0 <= refusal.position <= len(text)
        assert "^" in str(refusal)


TOKENS = st.sampled_from(
    [
        *"()[].!<>'\"|&-= \n",
        "===",
        "!==",
        "<=",
        "?.",
        "&&",
        "||",
        "data",
        "output",
        "a",
        "0",
        "null",
    ]
)


@given(st.lists(TOKENS, max_size=14).map("".join), DATA)
def test_near_expressions_are_answered_or_refused(text: str, data: object) -> None:
    assert_answered_or_refused(text, data)


@given(EXPRESSIONS, DATA, JSON)
def test_every_json_context_has_an_answer(
    expression: str, data: dict[str, Any], output: object
) -> None:
    answer = evaluate(expression, data=data, output=output)
    assert evaluate(f"!({expression})", data=data, output=output) is not answer
    explanation = parse_expression(expression).explain(ExpressionContext(data, output=output))
    assert explanation.result is answer


@given(EXPRESSIONS, EXPRESSIONS, DATA, JSON)
def test_de_morgan(a: str, b: str, data: dict[str, Any], output: object) -> None:
    context = {"data": data, "output": output}
    assert evaluate(f"!({a} && {b})", **context) is evaluate(f"(!({a}) || !({b}))", **context)
    assert evaluate(f"!({a} || {b})", **context) is evaluate(f"(!({a}) && !({b}))", **context)


@given(EXPRESSIONS, DATA, JSON)
def test_an_expression_written_out_again_means_the_same(
    expression: str, data: dict[str, Any], output: object
) -> None:
    again = f"({parse_expression(expression)})"
    context = {"data": data, "output": output}
    assert evaluate(again, **context) is evaluate(expression, **context)
