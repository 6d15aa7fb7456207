"""Where in a file a spec and each of its values stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Place: TypeAlias = tuple[str | int, ...]
"""A value within a spec: the keys and indexes that lead to it."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A line and a column, both from 1, and how many characters on that line are meant."""

    line: int
    column: int
    length: int = field(default=1, compare=False)


@lru_cache(maxsize=4)
def _lines(text: str) -> list[str]:
    """Kept for the file at hand, of which every diagnostic asks for a line."""
    return text.split("\n")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was read."""

    path: Path
    text: str = field(repr=False)

    def line(self, number: int) -> str:
        """The text of a line, from 1; empty beyond the end."""
        lines = _lines(self.text)
        return lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""


@dataclass(frozen=True, slots=True)
class Document:
    """What a reader makes of (a part of) a file: a plain JSON value and where all of it stands."""

    file: SourceFile
    value: object
    values: Mapping[Place, Position] = field(repr=False)
    keys: Mapping[Place, Position] = field(repr=False)
    unread: frozenset[Place] = frozenset()
    """Values that the reader has refused already, and put null for."""

    def is_unread(self, place: Place) -> bool:
        """Whether a value, or one that encloses it, has been refused already."""
        return any(place[:end] in self.unread for end in range(len(place) + 1))


@dataclass(frozen=True, slots=True)
class SourceMap:
    """Finds the values of one spec, which is the part of a document that `prefix` leads to."""

    document: Document
    prefix: Place = ()

    @property
    def file(self) -> SourceFile:
        """The file that the spec was read from."""
        return self.document.file

    @property
    def path(self) -> Path:
        """The path of that file."""
        return self.file.path

    def locate(self, place: Place) -> Position:
        """Where a value begins; if it is nowhere, the nearest value that would enclose it."""
        full = (*self.prefix, *place)
        for end in range(len(full), -1, -1):
            if position := self.document.values.get(full[:end]):
                return position
        return Position(1, 1)

    def locate_key(self, place: Place) -> Position:
        """Where the key of a field stands; the value's place for what has no key."""
        return self.document.keys.get((*self.prefix, *place)) or self.locate(place)

    def locate_within(self, place: Place, offset: int) -> Position:
        """Where the character at `offset` of a text stands, if the file has the text as it is."""
        start = self.locate(place)
        line = self.file.line(start.line)
        text = self._text_at(place)
        column = start.column - 1 + (line[start.column - 1 : start.column] in {'"', "'", "`"})
        if text is None or "\n" in text or not line.startswith(text, column):
            return start
        return Position(start.line, column + offset + 1)

    def _text_at(self, place: Place) -> str | None:
        value = self.document.value
        for key in (*self.prefix, *place):
            if isinstance(value, dict):
                value = cast("dict[object, object]", value).get(key)
            elif isinstance(value, list) and isinstance(key, int):
                value = cast("list[object]", value)[key]
        return value if isinstance(value, str) else None
