"""Why a spec was not translated."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pfo_dagster.spec import WorkflowSpec


class TranslationError(Exception):
    """A spec, or a set of specs, cannot become Dagster definitions without losing something.

    `problems` holds one sentence for each thing that stands in the way, with file and line where
    the spec was read from a file; the text of the exception is all of them.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


def place_of(spec: WorkflowSpec, location: Sequence[str | int]) -> str:
    """`file:line:column` where the spec came from a file, else its key."""
    if spec.source is None:
        return spec.meta.key
    position = spec.source.locate(tuple(location))
    return f"{spec.source.path}:{position.line}:{position.column}"
