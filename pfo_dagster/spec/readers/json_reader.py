"""Reads JSON into plain values with positions, which Python's own parser does not give."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder
from typing import TYPE_CHECKING, Final, NoReturn, cast

from pfo_dagster.spec.readers.reading import MAX_DEPTH, Reading
from pfo_dagster.spec.rules import reading as rules
from pfo_dagster.spec.source import Document, Position

if TYPE_CHECKING:
    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.source import Place, SourceFile


def read_json(file: SourceFile) -> Reading:
    """The one document of a JSON file. Never raises."""
    parser = _Parser(file, file.text)
    try:
        value = parser.document()
    except _SyntaxError as error:
        message = f"this is not valid JSON: {error.reason}"
        found = rules.SYNTAX.broken(message, file=file, position=parser.position(error.at))
        return Reading((), (*parser.diagnostics, found))
    document = Document(file, value, parser.values, parser.keys)
    return Reading((document,), tuple(parser.diagnostics))


class _SyntaxError(Exception):
    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at = at


@dataclass(slots=True)
class _Parser:
    """A recursive descent over one text; `MAX_DEPTH` bounds the recursion."""

    file: SourceFile
    text: str
    at: int = 0
    diagnostics: list[Diagnostic] = field(default_factory=list["Diagnostic"])
    values: dict[Place, Position] = field(default_factory=dict["Place", Position])
    keys: dict[Place, Position] = field(default_factory=dict["Place", Position])
    line_starts: list[int] = field(default_factory=list[int])

    def __post_init__(self) -> None:
        self.line_starts = [0, *(match.end() for match in re.finditer("\n", self.text))]

    def position(self, start: int, end: int | None = None) -> Position:
        line = bisect_right(self.line_starts, start)
        written = self.text[start:end] if end else ""
        length = 1 if "\n" in written else max(1, len(written))
        return Position(line, start - self.line_starts[line - 1] + 1, length)

    def document(self) -> object:
        value = self.value(())
        if self.peek():
            self.fail("nothing may follow the value")
        return value

    def value(self, place: Place) -> object:
        character = self.peek()
        start = self.at
        if len(place) > MAX_DEPTH:
            self.fail(f"more than {MAX_DEPTH} objects and lists within each other")
        self.values[place] = self.position(start)
        if character == "{":
            return self.mapping(place)
        if character == "[":
            return self.array(place)
        value = self.scalar()
        self.values[place] = self.position(start, self.at)
        return value

    def mapping(self, place: Place) -> dict[str, object]:
        fields: dict[str, object] = {}
        self.at += 1
        while not self.take("}"):
            if fields:
                self.expect(",", "a comma or a closing brace")
            if self.peek() != '"':
                self.fail("a key in double quotes is expected")
            start = self.at
            key = str(self.scalar())
            here = (*place, key)
            position = self.position(start, self.at)
            # What is within the second of two has keys of its own, where the first one's stood.
            if key in fields:
                first = self.keys[here]
                self.diagnostics.append(
                    rules.DUPLICATE_KEY.broken(
                        f"`{key}` is written twice in the same object",
                        file=self.file,
                        position=position,
                        place=here,
                        hint=f"the first one is on line {first.line}; remove one of them",
                    )
                )
            else:
                self.keys[here] = position
            self.expect(":", "a colon")
            fields[key] = self.value(here)
        return fields

    def array(self, place: Place) -> list[object]:
        items: list[object] = []
        self.at += 1
        while not self.take("]"):
            if items:
                self.expect(",", "a comma or a closing bracket")
            items.append(self.value((*place, len(items))))
        return items

    def scalar(self) -> object:
        try:
            value, self.at = _SCALARS.raw_decode(self.text, self.at)
        except JSONDecodeError as error:
            raise _SyntaxError(error.msg[0].lower() + error.msg[1:], error.pos) from None
        except ValueError:  # NaN, Infinity, or more digits than Python converts
            raise _SyntaxError("this is not a JSON number", self.at) from None
        return cast("object", value)

    def peek(self) -> str:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def take(self, character: str) -> bool:
        found = self.peek() == character
        self.at += found
        return found

    def expect(self, character: str, name: str) -> None:
        if not self.take(character):
            self.fail(f"{name} is expected")

    def fail(self, reason: str) -> NoReturn:
        raise _SyntaxError(reason, self.at)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


_SPACE: Final = re.compile(r"[ \t\n\r]*")
_SCALARS: Final = JSONDecoder(parse_constant=_refuse_constant)
