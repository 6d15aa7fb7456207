"""TypeScript as a tree: parsed by tree-sitter, with positions in the file's own characters."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import tree_sitter_typescript
from tree_sitter import Language, Parser

from pfo_dagster.spec.source import Position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from pfo_dagster.spec.source import SourceFile

LANGUAGE: Final = Language(tree_sitter_typescript.language_typescript())

_WRAPPERS: Final = {
    "parenthesized_expression",
    "as_expression",
    "satisfies_expression",
    "non_null_expression",
    "type_assertion",
}
_LONGEST_EXCERPT: Final = 40
_HARMLESS: Final = 16 * 1024
"""Bytes of which even the square is parsed within a fraction of a second."""
_PIECE: Final = 4096
_MOST_READS: Final = 20
"""Of each piece; texts that can be parsed at all need three."""


@dataclass(slots=True)
class Syntax:
    """The tree of one text. `file` is where the text is from, for diagnostics.

    `text` is the file's text, or that of a page with everything but the code made blank.
    """

    file: SourceFile
    text: str
    root: Node = field(init=False)
    _lines: list[bytes] = field(init=False)
    _columns: dict[int, list[int]] = field(init=False, default_factory=dict[int, list[int]])

    def __post_init__(self) -> None:
        encoded = self.text.encode()
        self.root = Parser(LANGUAGE).parse(encoded).root_node
        self._lines = encoded.split(b"\n")

    def position(self, node: Node, *, whole: bool = True) -> Position:
        """Where a node begins, and how long it is if it is on one line and meant as a whole."""
        start, end = node.start_point, node.end_point
        column = self._column(start.row, start.column)
        if not whole or start.row != end.row:
            return Position(start.row + 1, column)
        length = self._column(end.row, end.column) - column
        return Position(start.row + 1, column, max(1, length))

    def _column(self, row: int, byte: int) -> int:
        """tree-sitter counts bytes, people count characters; looked up, for lines may be long."""
        if row not in self._columns:
            begins = ((one & 0xC0) != 0x80 for one in self._lines[row])  # noqa: PLR2004 - UTF-8
            self._columns[row] = list(accumulate(begins, initial=1))
        return self._columns[row][byte]


def is_endless(text: str) -> bool:
    """Whether parsing would take time with the square of the text.

    The parser looks for the end of whatever begins, and comes back where it finds none; of a text
    with thousands of comments that are never closed it would read everything for each.
    """
    encoded = text.encode()
    if len(encoded) <= _HARMLESS:
        return False
    most = _MOST_READS * (len(encoded) // _PIECE + 1)
    reads = 0

    def piece(offset: int, _: object) -> bytes:
        nonlocal reads
        reads += 1
        return encoded[offset : offset + _PIECE] if reads <= most else b""

    Parser(LANGUAGE).parse(piece)
    return reads > most


def fault(node: Node) -> Node | None:
    """The innermost first part that the grammar has no place for; None if all can be read."""
    if not node.has_error:
        return None
    while broken := next((child for child in node.children if child.has_error), None):
        node = broken
    return node


def complaint(node: Node) -> str:
    """What is wrong with what `fault` has found."""
    if node.is_missing:
        return f"`{node.type}` is missing"
    return f"`{excerpt(node)}` cannot stand here"


def source(node: Node) -> str:
    """A node as it is written."""
    return (node.text or b"").decode()


def excerpt(node: Node) -> str:
    """A node as it is written, on one line and cut short, for messages."""
    written = " ".join(source(node)[: 4 * _LONGEST_EXCERPT].split())
    short = written[:_LONGEST_EXCERPT]
    return short if short == written else f"{short}…"


def children(node: Node) -> Iterator[Node]:
    """The parts of a node that mean something: no punctuation, no comments."""
    return (child for child in node.named_children if not child.type.endswith("comment"))


def unwrapped(node: Node) -> Node:
    """The expression inside parentheses, `as`, `satisfies` and `!`, which have no effect."""
    while node.type in _WRAPPERS:
        parts = list(children(node))
        if not parts:
            break
        node = parts[-1 if node.type == "type_assertion" else 0]
    return node


def declared_types(node: Node) -> Iterator[str]:
    """The types that an expression is said to have by `as`, `satisfies` or `<Type>`."""
    while node.type in _WRAPPERS:
        parts = list(children(node))
        if not parts:
            return
        before = node.type == "type_assertion"
        if len(parts) > 1:
            yield source(parts[0 if before else 1]).strip("<> ")
        node = parts[-1 if before else 0]
