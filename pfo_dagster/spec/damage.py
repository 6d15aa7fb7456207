"""What can still be said of a spec that has values of the wrong kind, so that all is said at once.

A wrong type here does not make an unknown step there any better known. `repaired` leaves out what
cannot be read; what the checks then say is kept where it cannot come from the gap itself. Such a
spec is for checks alone: it is never translated. The reader makes it, `pfo check` asks.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from pfo_dagster.spec.model import WorkflowSpec
from pfo_dagster.spec.rules import reading as rules
from pfo_dagster.spec.source import Document, SourceMap
from pfo_dagster.spec.validation import validate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.source import Place

_IDENTITY: Final = {"id", "type", "from", "to", "entryStepId", "steps", "transitions", "definition"}
"""Without these nobody knows what belongs together, and what is said of it would be guessed."""
_ROUNDS: Final = 3
_EDGES: Final = ("definition", "transitions")


@dataclass(frozen=True, slots=True)
class DamagedSpec:
    """A workflow without the values that could not be read."""

    spec: WorkflowSpec
    gaps: frozenset[Place]

    def sure(self, found: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Those of the diagnostics that the gaps have nothing to do with."""
        edges = any(gap[: len(_EDGES)] == _EDGES for gap in self.gaps)
        return [
            one
            for one in found
            if not any(_overlap(one.place, gap) for gap in self.gaps)
            # Which transition comes first depends on all that leave the step.
            and (one.level == "error" or not edges)
        ]


def repaired(source: SourceMap, value: object) -> DamagedSpec | None:
    """The workflow that is left of `value`; None where too much is missing to say more of it."""
    gaps = {
        _field_of(place[len(source.prefix) :])
        for place in source.document.unread
        if place[: len(source.prefix)] == source.prefix
    }
    kept = copy.deepcopy(value)
    if not all(_without(kept, gap) for gap in gaps):
        return None
    for _ in range(_ROUNDS):
        # Places that were refused before are not looked for, so that each gap is seen.
        result = validate(WorkflowSpec, SourceMap(Document(source.file, kept, {}, {})), kept)
        if isinstance(result, WorkflowSpec):
            lost = any(gap[-1] in _IDENTITY for gap in gaps)
            return None if lost else DamagedSpec(result.read_from(source), frozenset(gaps))
        for one in result:
            gap = _field_of(one.place)
            gaps.add(gap)
            missing = one.code == rules.MISSING_FIELD.code
            if not (_with_text(kept, gap) if missing else _without(kept, gap)):
                return None
    return None


def _field_of(place: Place) -> Place:
    """The field that holds the value at `place`: an item goes with its whole list."""
    while place and isinstance(place[-1], int):
        place = place[:-1]
    return place


def _overlap(place: Sequence[str | int], gap: Sequence[str | int]) -> bool:
    """Whether one of two places is within the other."""
    return all(mine == other for mine, other in zip(place, gap, strict=False))


def _without(value: Any, place: Place) -> bool:  # noqa: ANN401 - any JSON value
    """Take the field at `place` out, whether or not it is there; False where it cannot be."""
    fields = _parent(value, place)
    if fields is None:
        return False
    fields.pop(str(place[-1]), None)
    return True


def _with_text(value: Any, place: Place) -> bool:  # noqa: ANN401 - any JSON value
    """Put an empty text where a field is missing that must be there."""
    fields = _parent(value, place)
    if fields is None:
        return False
    fields[str(place[-1])] = ""
    return True


def _parent(value: Any, place: Place) -> dict[str, Any] | None:  # noqa: ANN401 - any JSON value
    """The mapping that has, or should have, the field at `place`; None where there is none."""
    if not place or not isinstance(place[-1], str):
        return None
    for key in place[:-1]:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None
