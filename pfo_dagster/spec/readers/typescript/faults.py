"""What is wrong with a statement that is not TypeScript, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.spec.readers.typescript.brackets import unclosed
from pfo_dagster.spec.readers.typescript.syntax import complaint, fault, source
from pfo_dagster.spec.rules.reading import SYNTAX
from pfo_dagster.spec.source import Position

if TYPE_CHECKING:
    from tree_sitter import Node

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.readers.typescript.syntax import Syntax
    from pfo_dagster.spec.source import SourceFile


def syntax_error(syntax: Syntax, statement: Node) -> Diagnostic:
    """Why `statement` cannot be read: at what is left open in it, else where reading stopped."""
    text = source(statement)
    left = unclosed(text)
    if left is None:
        broken = fault(statement) or statement
        hint = "nothing is left open: look for a comma, colon or bracket too few or too many"
        return _broken(syntax, complaint(broken), syntax.position(broken), hint)
    position = _position(syntax, statement, left.at)
    if left.met is None:
        problem = f"`{left.opening}` is opened here and never closed"
        return _broken(syntax, problem, position, f"close it with `{left.closing}`")
    met, at = left.met
    line = _position(syntax, statement, at).line
    problem = f"`{left.opening}` is opened here and not closed before the `{met}` on line {line}"
    hint = f"close it with `{left.closing}`, or take that `{met}` away"
    return _broken(syntax, problem, position, hint)


def endless_text(file: SourceFile, text: str) -> Diagnostic:
    """Why a text that `is_endless` is not even parsed."""
    left = unclosed(text)
    at = left.at if left else 0
    position = Position(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    message = "this is not valid TypeScript: too much of it is opened and never closed"
    hint = f"close it with `{left.closing}`" if left else None
    return SYNTAX.broken(message, file=file, position=position, hint=hint)


def _broken(syntax: Syntax, problem: str, position: Position, hint: str) -> Diagnostic:
    message = f"this is not valid TypeScript: {problem}"
    return SYNTAX.broken(message, file=syntax.file, position=position, hint=hint)


def _position(syntax: Syntax, statement: Node, offset: int) -> Position:
    """Where the character at `offset` of a statement stands in the file."""
    before = source(statement)[:offset]
    start = syntax.position(statement, whole=False)
    lines = before.count("\n")
    column = offset - before.rfind("\n") if lines else start.column + offset
    return Position(start.line + lines, column)
