"""What a rule is, and how a breach of it becomes a diagnostic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pfo_dagster.spec.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pfo_dagster.spec.diagnostics import Level
    from pfo_dagster.spec.source import Place, Position, SourceFile


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that specs are held to: its title, its reason and a piece of YAML that breaks it."""

    code: str
    level: Level
    title: str
    why: str
    example: str
    of_installation: bool = False
    """Whether it is broken by what is installed and not by the spec.

    The workflow loads all the same and pre-flight refuses its runs, so that `check` warns; `level`
    is what the reference's validators say.
    """

    @property
    def checked_level(self) -> Level:
        """The level at which `check` reports the rule."""
        return "warning" if self.of_installation else self.level

    def broken(
        self,
        message: str,
        *,
        file: SourceFile | None = None,
        position: Position | None = None,
        place: Place = (),
        expected: str | None = None,
        hint: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Diagnostic:
        """A diagnostic of this rule, with the line of `file` that stands at `position`."""
        return Diagnostic(
            code=self.code,
            level=self.level,
            message=message,
            path=file.path if file else None,
            position=position,
            place=place,
            expected=expected,
            hint=hint,
            excerpt=file.line(position.line) if file and position else None,
            context=context or {},
        )
