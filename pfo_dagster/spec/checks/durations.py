"""How long a run may take by its own retries and time limits, against its service level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pfo_dagster.spec.checks.finding import finding
from pfo_dagster.spec.expressions.values import to_text
from pfo_dagster.spec.rules import policies as rules
from pfo_dagster.spec.timing import dearest_way, step_cost

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.model import Step, WorkflowSpec

_HINT: Final = "shorten timeoutMs or retry, or raise the service level"


def check_durations(spec: WorkflowSpec) -> Iterator[Diagnostic]:
    """Steps and workflows whose worst case is longer than they may take.

    What has no time limit and what people do counts as nothing: the true worst case is longer.
    """
    sla = spec.definition.sla
    if not sla:
        return
    worst = {step.id: worst_case_ms(step) for step in spec.definition.steps if step.calls}
    for step_id, allowed in (sla.step_duration_ms or {}).items():
        if allowed and worst.get(step_id, 0) > allowed > 0:
            message = (
                f'Step "{step_id}" may take {to_text(worst[step_id])}ms with its retries, '
                f"more than its service level of {to_text(allowed)}ms"
            )
            place = ("definition", "sla", "stepDurationMs", step_id)
            yield finding(spec, rules.WORST_CASE, message, place, hint=_HINT)
    total, longest = sla.total_duration_ms, dearest_way(spec, worst_case_ms)
    if total and longest is not None and longest > total > 0:
        message = (
            f"The workflow may take {to_text(longest)}ms with all retries, "
            f"more than its service level of {to_text(total)}ms"
        )
        place = ("definition", "sla", "totalDurationMs")
        yield finding(spec, rules.WORST_CASE, message, place, hint=_HINT)


def worst_case_ms(step: Step) -> float:
    """Milliseconds of an automation step whose every attempt but the last fails at its limit."""
    cost = step_cost(step)
    return cost.wait_ms + (cost.run_ms or 0)
