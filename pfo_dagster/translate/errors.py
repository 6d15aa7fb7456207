"""Why a spec was not translated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.spec import render
from pfo_dagster.spec.checks.finding import finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pfo_dagster.spec import Diagnostic, Rule, WorkflowSpec
    from pfo_dagster.spec.source import Place


class TranslationError(Exception):
    """A spec, or a set of specs, cannot become Dagster definitions without losing something.

    `diagnostics` has everything that stands in the way, each with its rule and, where the spec was
    read from a file, with its place there. The text of the exception is all of them.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return render(self.diagnostics)

    @property
    def problems(self) -> tuple[str, ...]:
        """The sentences alone, without places."""
        return tuple(one.message for one in self.diagnostics)


def refusal(
    spec: WorkflowSpec, rule: Rule, message: str, place: Place, *, hint: str | None = None
) -> Diagnostic:
    """What stands in the way at `place`; a spec without a file is named by its key."""
    whose = message if spec.source else f"{spec.meta.key}: {message}"
    return finding(spec, rule, whose, place, hint=hint)


def place_of(spec: WorkflowSpec, location: Place) -> str:
    """`file:line:column` where the spec came from a file, else its key."""
    if spec.source is None:
        return spec.meta.key
    position = spec.source.locate(location)
    return f"{spec.source.path}:{position.line}:{position.column}"
