r"""The reference engine's own grammar, to the letter, including what surprises.

An expression is split at `||`, then at `&&`, outside quotes. What is left is an atom: `!`s, then
`root.path OPERATOR right-hand side`, or `root.path`, or a literal. The surprises, each seen in
recordings of the engine and each noted as a `Remark` for the checks to show:

- The right-hand side is always a literal. What is not quoted, a number or a keyword is taken as
  text, so `data.a === data.b` compares with the text `data.b`.
- `<`, `<=`, `>`, `>=` turn both sides into numbers, so dates and names have no order.
- `!` negates the whole comparison: `!data.a === 3` is `!(data.a === 3)`.
- `==` is `===`; `TRUE` is `true`; a backslash in quotes is a backslash; an empty operand is true.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast

from pfo_dagster.spec.expressions.ast import Comparison, Constant, Logical, Lookup, Node, negated
from pfo_dagster.spec.expressions.values import UNDEFINED, WHITESPACE, to_number

if TYPE_CHECKING:
    from pfo_dagster.spec.expressions.ast import Root


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that was understood, but hardly as its author meant it. `position` is 0-based."""

    message: str
    position: int
    hint: str


def read_dialect(text: str) -> tuple[Node, tuple[Remark, ...]] | None:
    """The tree of `text` as the reference engine reads it; None where it would give up.

    (Giving up, the engine takes the unread text for true. We never do.)
    """
    reader = _Reader(text)
    node = reader.expression(0, len(text))
    return None if node is None else (node, tuple(reader.remarks))


class _Reader:
    """Reads spans of one text, so that remarks can say where."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.remarks: list[Remark] = []

    def expression(self, start: int, end: int) -> Node | None:
        start, end = self._trim(start, end)
        if start == end:
            if self.text.strip(WHITESPACE):
                self._remark(start, "an empty operand counts as true", "remove it or complete it")
            return Constant(constant=True)
        for operator in _LOGICAL:
            parts = self._split(start, end, operator)
            if len(parts) > 1:
                operands = [self.expression(*part) for part in parts]
                known = tuple(operand for operand in operands if operand is not None)
                return Logical(operator, known) if len(known) == len(operands) else None
        return self._atom(start, end)

    def _split(self, start: int, end: int, operator: str) -> list[tuple[int, int]]:
        parts: list[tuple[int, int]] = []
        quote: str | None = None
        for match in _SEPARATORS.finditer(self.text, start, end):
            found = match[0]
            if found in {"'", '"'}:
                quote = found if quote is None else None if quote == found else quote
            elif found == operator and quote is None:
                parts.append((start, match.start()))
                start = match.end()
        if self.text[start:end].strip(WHITESPACE):
            parts.append((start, end))
        return parts

    def _atom(self, start: int, end: int) -> Node | None:
        negations = 0
        while start < end and self.text[start] == "!":
            negations += 1
            start, end = self._trim(start + 1, end)
        if start == end:
            self._remark(start, "`!` of nothing: an empty operand counts as true", "complete it")
            return negated(Constant(constant=True), negations)
        if match := _COMPARISON.fullmatch(self.text, start, end):
            if negations:
                self._remark(
                    start,
                    f"`!` negates the whole comparison `{match[0]}`",
                    f"write it out: {'!' * negations}({match[0]})",
                )
            return negated(self._comparison(match), negations)
        if match := _PATH.fullmatch(self.text, start, end):
            return negated(self._lookup(match), negations)
        literal = self.text[start:end]
        if _is_literal(literal):
            return negated(Constant(_literal(literal)), negations)
        return None

    def _comparison(self, match: re.Match[str]) -> Comparison:
        left = self._lookup(match)
        symbol = _OPERATORS[match["operator"]]
        written = match["right"].strip(WHITESPACE)
        right = _literal(written)
        ordered = symbol not in {"===", "!=="}
        if ordered and isinstance(right, str):
            right = to_number(right)
            if math.isnan(right):
                self._remark(
                    match.start("right"),
                    f"`{symbol}` compares numbers and {written} is none: this is always false",
                    f"for alphabetical order put the comparison in parentheses: ({match[0]})",
                )
        elif not _is_literal(written):
            self._remark(
                match.start("right"),
                f"the right-hand side is taken as the text {right!r}, not as an expression",
                f"quote it if text is meant, else put the comparison in parentheses: ({match[0]})",
            )
        return Comparison(left, symbol, Constant(right))

    def _lookup(self, match: re.Match[str]) -> Lookup:
        steps = _INDEX.sub(r".\1", match["path"]).split(".")
        keys = tuple(step for step in steps if step)
        if odd := next((key for key in keys if "[" in key or "]" in key), None):
            self._remark(
                match.start("path"),
                f"`{odd}` is taken as the name of a member, brackets and all",
                "write an index as [0] and a name as .name",
            )
        return Lookup(cast("Root", match["root"]), keys)

    def _trim(self, start: int, end: int) -> tuple[int, int]:
        while start < end and self.text[start] in WHITESPACE:
            start += 1
        while end > start and self.text[end - 1] in WHITESPACE:
            end -= 1
        return start, end

    def _remark(self, position: int, message: str, hint: str) -> None:
        self.remarks.append(Remark(message, position, hint))


def _is_literal(text: str) -> bool:
    return (text[0] == text[-1] and text[0] in "'\"") or bool(
        _NUMBER.fullmatch(text) or (text.isascii() and text.lower() in _KEYWORDS)
    )


def _literal(text: str) -> object:
    if text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    if _NUMBER.fullmatch(text):
        return number(text)
    if text.isascii() and text.lower() in _KEYWORDS:
        return _KEYWORDS[text.lower()]
    return text


def number(text: str) -> float:
    """The double that `text` writes, as an `int` where it is a whole number that prints plainly."""
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < _SAFE_INTEGER else value


_LOGICAL: Final[tuple[Literal["||", "&&"], ...]] = ("||", "&&")
_KEYWORDS: Final = {"true": True, "false": False, "null": None, "undefined": UNDEFINED}
_OPERATORS: Final[dict[str, Literal["===", "!==", "<", "<=", ">", ">="]]] = {
    "===": "===",
    "==": "===",
    "!==": "!==",
    "!=": "!==",
    ">=": ">=",
    "<=": "<=",
    ">": ">",
    "<": "<",
}
_SAFE_INTEGER: Final = 2**53
_SEPARATORS: Final = re.compile(r"""['"]|\|\||&&""")
_INDEX: Final = re.compile(r"\[([0-9]+)\]")
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_PATH: Final = re.compile(r"(?P<root>data|input|output)\.(?P<path>[A-Za-z0-9_.\[\]]++)")
# Possessive quantifiers keep the time linear; giving characters back could not help to match.
_COMPARISON: Final = re.compile(
    rf"{_PATH.pattern}[{WHITESPACE}]*+(?P<operator>===|==|!==|!=|>=|<=|>|<)"
    rf"[{WHITESPACE}]*+(?P<right>[^\n\r\u2028\u2029]++)"
)
