"""Brackets and quotes, matched without a grammar: where a definition ends, and what is left open.

Pages use it to find the end of code between paragraphs. For TypeScript with a bracket too few it
says which one: a grammar knows only where it stopped understanding, which is far behind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_CLOSING: Final = {"(": ")", "[": "]", "{": "}", "/*": "*/"}


@dataclass(frozen=True, slots=True)
class Unclosed:
    """A bracket, quote or comment that is opened at the offset `at` and not closed."""

    opening: str
    at: int
    met: tuple[str, int] | None = None
    """The closing bracket of another kind that comes instead, and its offset; None at the end."""

    @property
    def closing(self) -> str:
        """What is missing."""
        return _CLOSING.get(self.opening, self.opening)


def end_of_brackets(text: str) -> int | None:
    """The offset behind the bracket that closes the first one; None where it stays open."""
    depth = 0
    for token in _TOKEN.finditer(text):
        if token["bracket"]:
            depth += 1 if token[0] in _CLOSING else -1
            if depth <= 0:
                return token.end()
    return None


def unclosed(text: str) -> Unclosed | None:
    """The first thing that is left open; None where all is closed, if perhaps too often."""
    opened: list[re.Match[str]] = []
    for token in _TOKEN.finditer(text):
        if opening := token["line"] or token["rest"]:
            return Unclosed(opening, token.start())
        if token[0] in _CLOSING:
            opened.append(token)
        elif token["bracket"]:
            if not opened:
                return None
            last = opened.pop()
            if _CLOSING[last[0]] != token[0]:
                return Unclosed(last[0], last.start(), (token[0], token.start()))
    return Unclosed(opened[-1][0], opened[-1].start()) if opened else None


# What is never closed takes the rest with it: to look again behind each opening would take time
# with the square of the text.
_TOKEN: Final = re.compile(
    r"""
    //[^\n]*
    | /\*.*?\*/
    | (?P<quote>['"]) (?:\\.|(?!(?P=quote))[^\\\n])*+ (?P=quote)
    | `(?:\\.|[^`\\])*+`
    | (?P<line>['"]) [^\n]*
    | (?P<rest>`|/\*) .*
    | (?P<bracket>[\[\](){}])
    """,
    re.DOTALL | re.VERBOSE,
)
