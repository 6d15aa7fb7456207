"""`Diagnostic`: one thing wrong with a spec, for people and for tools; and how it is printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from unicodedata import combining, east_asian_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pfo_dagster.spec.source import Place, Position

Level: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One thing wrong. `code` is stable and explained in the registry of rules.

    `path` and `position` are None for a spec made in memory. `place` leads to the value within the
    spec. `excerpt` is the line of the file. `context` holds the values that the message speaks of.
    """

    code: str
    level: Level
    message: str
    path: Path | None = None
    position: Position | None = None
    place: Place = ()
    expected: str | None = None
    hint: str | None = None
    excerpt: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict[str, Any], hash=False)


class SpecError(Exception):
    """Specs could not be read. `diagnostics` has everything that is wrong with all of them."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(diagnostics)
        self.diagnostics = tuple(diagnostics)

    def __str__(self) -> str:
        return render(self.diagnostics)


def render(diagnostics: Iterable[Diagnostic], *, color: bool = False) -> str:
    """The diagnostics as text for a terminal, a blank line between two.

    Each begins with `file:line:column: level[code]: message`, followed by the line of the file
    with the value underlined, what was expected, and what to do.
    """
    paint = _PAINT if color else _PLAIN
    text = "\n\n".join("\n".join(_lines(diagnostic, paint)) for diagnostic in diagnostics)
    # JSON and YAML can escape half of a surrogate pair, which no terminal can show.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def to_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """The diagnostics for programs, ready for `json.dumps`. Lines and columns are from 1."""
    return [
        {
            "code": one.code,
            "level": one.level,
            "message": one.message,
            "file": str(one.path) if one.path else None,
            "line": one.position.line if one.position else None,
            "column": one.position.column if one.position else None,
            "length": one.position.length if one.position else None,
            "expected": one.expected,
            "hint": one.hint,
        }
        for one in diagnostics
    ]


def _lines(diagnostic: Diagnostic, paint: Mapping[str, str]) -> Iterable[str]:
    accent, dim, end = paint[diagnostic.level], paint["dim"], paint["end"]
    where = f"{diagnostic.path}:" if diagnostic.path else ""
    if diagnostic.position:
        where += f"{diagnostic.position.line}:{diagnostic.position.column}:"
    head = f"{accent}{diagnostic.level}[{diagnostic.code}]{end}: {diagnostic.message}"
    yield f"{where} {head}" if where else head
    if diagnostic.excerpt and diagnostic.position:
        yield from _excerpt(diagnostic.excerpt, diagnostic.position, accent, dim, end)
    if diagnostic.expected:
        yield f"  expected: {diagnostic.expected}"
    if diagnostic.hint:
        yield f"  hint: {diagnostic.hint}"


def _excerpt(line: str, position: Position, accent: str, dim: str, end: str) -> Iterable[str]:
    column = position.column - 1
    # Long lines are shown around the value; tabs are one column wide, so that the caret fits.
    left = max(0, column - _WIDTH // 2) if len(line) > _WIDTH else 0
    shown = line.replace("\t", " ")[left : left + _WIDTH].rstrip()
    before, meant = shown[: column - left], shown[column - left :][: position.length]
    indent, carets = " " * _columns(before), "^" * max(1, _columns(meant))
    number = str(position.line)
    yield f"{dim}{number} |{end} {shown}"
    yield f"{dim}{' ' * len(number)} |{end} {indent}{accent}{carets}{end}"


def _columns(text: str) -> int:
    """The columns of a terminal that a text takes: emoji and ideographs two, accents none."""
    return sum(
        0 if combining(character) else 2 if east_asian_width(character) in {"W", "F"} else 1
        for character in text
    )


_WIDTH = 100
_PLAIN: Mapping[str, str] = {"error": "", "warning": "", "dim": "", "end": ""}
_PAINT: Mapping[str, str] = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "dim": "\x1b[2m",
    "end": "\x1b[0m",
}
