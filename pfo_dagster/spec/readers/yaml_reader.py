"""Reads YAML 1.2 (core schema) into plain values with positions.

Built on ruamel.yaml's events rather than its loader: the loader takes `1_000` for a number as
YAML 1.1 does, builds objects from tags, and lets aliases multiply. Events have none of that, and
reading them takes time in proportion to the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pfo_dagster.spec.readers.reading import MAX_DEPTH, Reading
from pfo_dagster.spec.rules import reading as rules
from pfo_dagster.spec.source import Document, Position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.source import Place, SourceFile


def read_yaml(file: SourceFile) -> Reading:
    """Every document of a YAML file, empty ones left out. Never raises."""
    documents: list[Document] = []
    diagnostics: list[Diagnostic] = []
    builder = _Builder(file, diagnostics)
    reached = Position(1, 1)
    try:
        for event in _events(file.text):
            kind, reached = _kind(event), _position(event)
            if kind is events.DocumentStartEvent:
                builder = _Builder(file, diagnostics)
            elif kind is events.DocumentEndEvent:
                if not builder.is_empty:
                    documents.append(builder.document())
            else:
                builder.add(event)
    except _UnusableError as error:
        diagnostics.append(error.diagnostic)
    except MarkedYAMLError as error:
        diagnostics.append(_syntax_error(error, file))
    except YAMLError as error:
        reason = str(error).splitlines()[0]
        message = f"this is not a text that YAML allows: {reason}"
        diagnostics.append(rules.SYNTAX.broken(message, file=file, position=Position(1, 1)))
    except (ValueError, OverflowError):
        # ruamel.yaml hands escapes to `chr` unchecked.
        message = "an escape such as \\UFFFFFFFF names no character"
        diagnostics.append(rules.SYNTAX.broken(message, file=file, position=reached))
    return Reading(tuple(documents), tuple(diagnostics))


class _Mark(Protocol):
    """ruamel.yaml's place in a text, from 0. The library itself has no types for these."""

    line: int
    column: int


class _Event(Protocol):
    """What ruamel.yaml tells of a node; which attributes an event has depends on its class."""

    start_mark: _Mark
    end_mark: _Mark
    anchor: str | None
    tag: str | None
    style: str | None
    value: str


class _UnusableError(Exception):
    """Something after which the rest of the file is not worth reading."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic)
        self.diagnostic = diagnostic


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read; `key` is what the next value belongs to."""

    container: dict[str, object] | list[object]
    place: Place
    key: str | None = None


@dataclass(slots=True)
class _Builder:
    """Puts one document together from its events."""

    file: SourceFile
    diagnostics: list[Diagnostic]
    open: list[_Open] = field(default_factory=list[_Open])
    value: object = None
    is_empty: bool = True
    values: dict[Place, Position] = field(default_factory=dict["Place", Position])
    keys: dict[Place, Position] = field(default_factory=dict["Place", Position])

    def document(self) -> Document:
        return Document(self.file, self.value, self.values, self.keys)

    def add(self, event: _Event) -> None:
        kind = _kind(event)
        if kind in {events.MappingEndEvent, events.SequenceEndEvent}:
            self.open.pop()
        elif issubclass(kind, events.NodeEvent):
            position = _position(event)
            if kind is events.AliasEvent:
                self._alias(event, position)
            else:
                self._refuse_beyond_plain(event, position)
                if kind is events.ScalarEvent:
                    self._scalar(event, position)
                else:
                    self._container({} if kind is events.MappingStartEvent else [], position)

    def _alias(self, event: _Event, position: Position) -> None:
        self._refuse(f"the alias `*{event.anchor}`", "write the value out", position)
        parent = self.open[-1] if self.open else None
        if parent and isinstance(parent.container, dict) and parent.key is None:
            self._key(parent, f"*{event.anchor}", position)
        else:
            self._put(None, position)

    def _scalar(self, event: _Event, position: Position) -> None:
        written = event.value
        parent = self.open[-1] if self.open else None
        if parent and isinstance(parent.container, dict) and parent.key is None:
            self._key(parent, written, position)
        else:
            plain = event.style is None and not event.tag
            if plain and not written and not self.open:
                return
            self._put(plain_scalar(written) if plain else written, position)

    def _key(self, parent: _Open, key: str, position: Position) -> None:
        place = (*parent.place, key)
        # What is within the second of two has keys of its own, where the first one's stood.
        if key in parent.container:
            first = self.keys[place]
            self.diagnostics.append(
                rules.DUPLICATE_KEY.broken(
                    f"`{key}` is written twice in the same mapping",
                    file=self.file,
                    position=position,
                    place=place,
                    hint=f"the first one is on line {first.line}; remove one of them",
                )
            )
        else:
            self.keys[place] = position
        parent.key = key

    def _container(self, container: dict[str, object] | list[object], position: Position) -> None:
        parent = self.open[-1] if self.open else None
        if parent and isinstance(parent.container, dict) and parent.key is None:
            message = "a key must be a text, not a mapping or a list"
            broken = rules.NOT_PLAIN.broken(message, file=self.file, position=position)
            raise _UnusableError(broken)
        if len(self.open) == MAX_DEPTH:
            message = f"more than {MAX_DEPTH} mappings and lists within each other"
            raise _UnusableError(rules.SYNTAX.broken(message, file=self.file, position=position))
        self.open.append(_Open(container, self._put(container, position)))

    def _put(self, value: object, position: Position) -> Place:
        self.is_empty = False
        if not self.open:
            self.value = value
            self.values[()] = position
            return ()
        parent = self.open[-1]
        if isinstance(parent.container, list):
            place = (*parent.place, len(parent.container))
            parent.container.append(value)
        else:
            key = parent.key or ""
            place = (*parent.place, key)
            parent.container[key] = value
            parent.key = None
        self.values[place] = position
        return place

    def _refuse_beyond_plain(self, event: _Event, position: Position) -> None:
        if event.anchor:
            hint = "write the value out where it is used"
            self._refuse(f"the anchor `&{event.anchor}`", hint, position)
        if event.tag and event.tag not in {"!", "tag:yaml.org,2002:str"}:
            self._refuse(f"the tag `{event.tag}`", "remove it; values are plain data", position)

    def _refuse(self, found: str, hint: str, position: Position) -> None:
        message = f"{found} is not allowed in a spec"
        self.diagnostics.append(
            rules.NOT_PLAIN.broken(message, file=self.file, position=position, hint=hint)
        )


def plain_scalar(text: str) -> object:
    """The value of an unquoted YAML 1.2 scalar (core schema, section 10.3.2).

    `1_000` is a text, as are `.inf` and `.nan`, which JSON does not have.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _RADIX.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text


def _events(text: str) -> Iterator[_Event]:
    return cast("Any", YAML(typ="safe", pure=True)).parse(text)


def _kind(event: _Event) -> type[object]:
    return type(event)


def _position(event: _Event) -> Position:
    start, end = event.start_mark, event.end_mark
    same_line = start.line == end.line
    return Position(
        start.line + 1, start.column + 1, max(1, end.column - start.column) if same_line else 1
    )


def _syntax_error(error: MarkedYAMLError, file: SourceFile) -> Diagnostic:
    mark = cast("_Mark | None", error.problem_mark or error.context_mark)  # pyright: ignore[reportUnknownMemberType] - ruamel.yaml has no types
    position = Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)
    reason = cast("str | None", error.problem) or "the text cannot be read"
    hint = None
    if file.line(position.line)[: position.column].strip(" ").startswith("\t"):
        reason, hint = "a tab stands where the line is indented", "indent with spaces"
    elif "mapping values are not allowed" in reason:
        hint = "put quotes around a text that contains a colon followed by a space"
    elif (opened := _opened(error, file)) is not None:
        hint = opened
    message = f"this is not valid YAML: {reason}"
    return rules.SYNTAX.broken(message, file=file, position=position, hint=hint)


def _opened(error: MarkedYAMLError, file: SourceFile) -> str | None:
    """Which bracket or quote is left open, where the trouble is that one is."""
    mark = cast("_Mark | None", error.context_mark)  # pyright: ignore[reportUnknownMemberType] - ruamel.yaml has no types
    opening = file.line(mark.line + 1)[mark.column : mark.column + 1] if mark else ""
    if mark is None or not opening or opening not in "[{\"'":
        return None
    return f"`{opening}` is opened on line {mark.line + 1}, column {mark.column + 1}; close it"


_CONSTANTS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,400}")
_RADIX: Final = re.compile(r"0o[0-7]{1,400}|0x[0-9a-fA-F]{1,400}")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
