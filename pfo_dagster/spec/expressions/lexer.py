"""Cuts an expression into JavaScript's tokens, for `parser`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pfo_dagster.spec.expressions.errors import ExpressionError
from pfo_dagster.spec.expressions.values import WHITESPACE


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the expression.

    `kind` is name, number, string, end, `UNREADABLE`, or the symbol itself.
    """

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset just behind the token."""
        return self.start + len(self.text)


UNREADABLE: Final = "unreadable"
"""The kind of what the language has no token for; nothing behind it is looked at."""


def tokenize(text: str) -> list[Token]:
    """All tokens of `text` and an `end`, or those before the first `UNREADABLE` and that one.

    So whoever reads from the left comes first to what is wrong first.
    """
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return [*tokens, Token(UNREADABLE, text[position], position)]
        kind = match.lastgroup or ""
        if kind != "space":
            tokens.append(Token(match[0] if kind == "symbol" else kind, match[0], position))
        position = match.end()
    return [*tokens, Token("end", "", len(text.rstrip(WHITESPACE)))]


def unreadable(text: str, position: int) -> ExpressionError:
    """Why there is no token at `position`, and what to write instead."""
    character = text[position]
    if character in "'\"":
        closing = text.find(character, position + 1)
        if closing > 0 and "\\" in text[position:closing]:
            return ExpressionError(
                "a backslash in quotes is not allowed here",
                expression=text,
                position=text.index("\\", position),
                hint="ContractSpec reads it as itself, JavaScript as an escape; "
                "use the other kind of quotes",
            )
        return ExpressionError(
            "the text that begins here has no closing quote", expression=text, position=position
        )
    for written, hint in _HINTS.items():
        if text.startswith(written, position):
            return ExpressionError(
                f"`{written}` is not part of the expression language",
                expression=text,
                position=position,
                hint=hint,
            )
    return ExpressionError(
        f"unexpected character {character!r}", expression=text, position=position
    )


_HINTS: Final = {
    "==": "write ===: ContractSpec compares strictly, JavaScript's == would convert first",
    "!=": "write !==: ContractSpec compares strictly, JavaScript's != would convert first",
    "=>": "write >= for 'at least'",
    "=": "write === to compare",
    "&": "write && for 'and'",
    "|": "write || for 'or'",
    "??": "name the value instead, e.g. data.x !== undefined",
    **dict.fromkeys("*/%+", "conditions do no arithmetic; let an operation compute the value"),
    **dict.fromkeys("{}", "there are no templates and no objects; write data.name"),
}
_TOKEN: Final = re.compile(
    rf"""(?P<space>[{WHITESPACE}]+)
    |(?P<string>"[^"\\\n\r]*"|'[^'\\\n\r]*')
    |(?P<number>(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w$.]))
    |(?P<name>[^\W\d][\w$]*|\$[\w$]*)
    |(?P<symbol>===|!==|>=|<=|&&|\|\||\?\.(?![0-9])|!(?!=)|[<>().\[\]-])""",
    re.VERBOSE,
)
