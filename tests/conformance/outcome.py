"""What the replay of one recorded case came to, and the only reasons for not replaying one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Difference(StrEnum):
    """The deliberate differences of `docs/fidelity.md`, by the names that they have there."""

    GRAMMAR = "expressions-have-a-grammar"
    UNBOUND_POLICY = "policies-need-an-evaluator"
    PRE_FLIGHT = "pre-flight-knows-the-operations"
    BROKEN_SPEC = "broken-specs-are-refused"
    LOOP = "loops-are-refused"
    STEPWISE = "runs-are-not-driven-by-hand"
    REGISTRY = "workflows-are-not-looked-up"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case has passed, has been skipped for a reason, or differs."""

    case: str
    differences: tuple[str, ...] = ()
    skipped: Difference | None = None
