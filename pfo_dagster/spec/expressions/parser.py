r"""JavaScript's grammar, for expressions that the reference engine cannot parse.

    expression := comparison (("&&" | "||") comparison)*      && binds more tightly
    comparison := unary [("===" | "!==" | "<" | "<=" | ">" | ">=") unary]
    unary      := "!"* primary
    primary    := literal | lookup | "(" expression ")"
    lookup     := ("data" | "input" | "output") ("." name | "?." name | ["?."] "[" key "]")*

Where ContractSpec and JavaScript both have a meaning for a piece and the meanings differ, the piece
is refused: nobody should have to know which grammar read the rest of the line. In parentheses
ContractSpec has no meaning, so there JavaScript's holds.
"""

from __future__ import annotations

import difflib
from typing import Final, Literal, NoReturn, cast

from pfo_dagster.spec.expressions.ast import Comparison, Constant, Logical, Lookup, Node, negated
from pfo_dagster.spec.expressions.dialect import number, read_dialect
from pfo_dagster.spec.expressions.errors import ExpressionError
from pfo_dagster.spec.expressions.lexer import UNREADABLE, Token, tokenize, unreadable
from pfo_dagster.spec.expressions.values import UNDEFINED

MAX_DEPTH: Final = 64
"""Parentheses within parentheses; a bound well inside Python's own recursion limit."""


def parse_javascript(text: str) -> Node:
    """The tree of `text`. Raises `ExpressionError` for all else than the grammar above."""
    parser = _Parser(text)
    node = parser.expression()
    if parser.next.kind != "end":
        parser.unexpected(parser.next)
    return node


class _Parser:
    """A recursive descent over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.index = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        token = self.tokens[self.index]
        if token.kind == UNREADABLE:
            raise unreadable(self.text, token.start)
        return token

    def take(self) -> Token:
        token = self.next
        self.index += 1
        return token

    def taken(self, *kinds: str) -> Token | None:
        return self.take() if self.next.kind in kinds else None

    def expression(self) -> Node:
        alternatives: list[list[Node]] = [[self.comparison()]]
        while operator := self.taken("&&", "||"):
            if operator.kind == "||":
                alternatives.append([])
            alternatives[-1].append(self.comparison())
        return _joined("||", [_joined("&&", conditions) for conditions in alternatives])

    def comparison(self) -> Node:
        first = self.next
        node = self.unary()
        if operator := self.taken(*_COMPARISONS):
            if first.kind == "!":
                self.fail(
                    "`!` before a comparison negates all of it in ContractSpec, not in JavaScript",
                    first,
                    hint="put what is negated in parentheses: !(a === b)",
                )
            symbol = cast('Literal["===", "!==", "<", "<=", ">", ">="]', operator.kind)
            node = Comparison(node, symbol, self.unary())
        if self.next.kind in _COMPARISONS:
            self.fail(
                "comparisons cannot be chained", self.next, hint="write a < b && b < c instead"
            )
        if self.depth == 0:
            self.refuse_other_meaning(node, first)
        return node

    def unary(self) -> Node:
        negations = 0
        while self.taken("!"):
            negations += 1
        return negated(self.primary(), negations)

    def primary(self) -> Node:
        token = self.take()
        if token.kind == "(":
            return self.group(token)
        if token.kind == "string":
            return Constant(token.text[1:-1])
        if token.kind == "number":
            return Constant(number(token.text))
        if token.kind == "-" and (digits := self.taken("number")):
            return Constant(-number(digits.text))
        if token.text in _CONSTANTS:
            return Constant(_CONSTANTS[token.text])
        if token.text not in _ROOTS:
            self.unexpected(token)
        return Lookup(token.text, tuple(self.keys()))

    def group(self, opening: Token) -> Node:
        if self.depth == MAX_DEPTH:
            self.fail(f"more than {MAX_DEPTH} parentheses within each other", opening)
        self.depth += 1
        node = self.expression()
        self.depth -= 1
        if not self.taken(")"):
            if self.next.kind == "end":
                self.fail("this parenthesis is never closed", opening)
            self.unexpected(self.next)
        return node

    def keys(self) -> list[str]:
        keys: list[str] = []
        while access := self.taken(".", "?.", "["):
            if access.kind == "[" or (access.kind == "?." and self.taken("[")):
                keys.append(self.bracketed())
            elif name := self.taken("name"):
                keys.append(name.text)
            else:
                self.fail("a name is expected after the dot", self.next)
        return keys

    def bracketed(self) -> str:
        key = self.take()
        if key.kind == "string":
            text = key.text[1:-1]
        elif key.kind == "number" and key.text.isdecimal():
            text = key.text
        else:
            self.fail(
                "an index or a quoted name is expected in brackets",
                key,
                hint="write [0] or ['a-name']",
            )
        if not self.taken("]"):
            self.fail("a closing bracket is expected", self.next)
        return text

    def refuse_other_meaning(self, node: Node, first: Token) -> None:
        last = self.tokens[self.index - 1]
        piece = self.text[first.start : last.end]
        reference = read_dialect(piece)
        if reference and reference[0] != node:
            self.fail(
                f"`{piece}` means one thing in ContractSpec ({reference[0]}), "
                f"another in JavaScript ({node})",
                first,
                hint=f"for JavaScript's meaning put it in parentheses: ({piece})",
            )

    def unexpected(self, token: Token) -> NoReturn:
        if token.kind == "end":
            self.fail("the expression ends too early", token)
        hint = _WORDS.get(token.text)
        if token.kind == "name" and hint is None:
            near = difflib.get_close_matches(token.text.lower(), (*_ROOTS, *_CONSTANTS), n=1)
            hint = f"did you mean {near[0]}?" if near else "names begin with data, input or output"
        elif token.kind == "-":
            hint = "a name with a hyphen is written in brackets: data['a-name']"
        self.fail(f"unexpected `{token.text}`", token, hint=hint)

    def fail(self, reason: str, token: Token, *, hint: str | None = None) -> NoReturn:
        raise ExpressionError(reason, expression=self.text, position=token.start, hint=hint)


def _joined(operator: Literal["&&", "||"], operands: list[Node]) -> Node:
    return operands[0] if len(operands) == 1 else Logical(operator, tuple(operands))


_COMPARISONS: Final = ("===", "!==", "<", "<=", ">", ">=")
_ROOTS: Final = ("data", "input", "output")
_CONSTANTS: Final = {"true": True, "false": False, "null": None, "undefined": UNDEFINED}
_WORDS: Final = {"and": "write &&", "or": "write ||", "not": "write !", "is": "write ==="}
