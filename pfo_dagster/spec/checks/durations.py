"""How long a run may take by its own retries and time limits, against its service level."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final

from pfo_dagster.spec.checks.finding import finding
from pfo_dagster.spec.expressions.values import to_text
from pfo_dagster.spec.rules import policies as rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.model import RetryPolicy, Step, WorkflowSpec

_DEFAULT_DELAY_MS: Final = 1000
_DOUBLINGS: Final = 64
"""Retries after which a doubling delay is longer than anything; the rest is as long as the last."""


def check_durations(spec: WorkflowSpec) -> Iterator[Diagnostic]:
    """Steps and workflows whose worst case is longer than they may take.

    What has no time limit and what people do counts as nothing: the true worst case is longer.
    """
    sla = spec.definition.sla
    if not sla:
        return
    worst = {step.id: worst_case_ms(step) for step in spec.definition.steps}
    for step_id, allowed in (sla.step_duration_ms or {}).items():
        if allowed and worst.get(step_id, 0) > allowed > 0:
            message = (
                f'Step "{step_id}" may take {to_text(worst[step_id])}ms with its retries, '
                f"more than its service level of {to_text(allowed)}ms"
            )
            place = ("definition", "sla", "stepDurationMs", step_id)
            yield finding(spec, rules.WORST_CASE, message, place, hint=_HINT)
    total, longest = sla.total_duration_ms, _longest_way_ms(spec, worst)
    if total and longest is not None and longest > total > 0:
        message = (
            f"The workflow may take {to_text(longest)}ms with all retries, "
            f"more than its service level of {to_text(total)}ms"
        )
        place = ("definition", "sla", "totalDurationMs")
        yield finding(spec, rules.WORST_CASE, message, place, hint=_HINT)


def worst_case_ms(step: Step) -> float:
    """Milliseconds of an automation step whose every attempt but the last fails at its limit."""
    if step.type != "automation":
        return 0
    retries = max(0, (step.retry and step.retry.max_attempts) or 0)
    attempts = (retries + 1) * max(0, step.timeout_ms or 0)
    return attempts + (_delays_ms(step.retry, retries) if step.retry else 0)


def _delays_ms(retry: RetryPolicy, retries: int) -> float:
    first = _DEFAULT_DELAY_MS if retry.delay_ms is None else retry.delay_ms
    doubling = retry.backoff in {"exponential", None}
    cap = retry.max_delay_ms
    delays = [
        first * 2**number if doubling else first for number in range(min(retries, _DOUBLINGS))
    ]
    capped = [max(0, delay if cap is None else min(delay, cap)) for delay in delays]
    return sum(capped) + (retries - len(capped)) * (capped[-1] if capped else 0)


def _longest_way_ms(spec: WorkflowSpec, worst: dict[str, float]) -> float | None:
    """The longest way that a run can take; None if the transitions form a cycle."""
    before: dict[str, set[str]] = {step_id: set() for step_id in worst}
    for edge in spec.definition.transitions:
        if edge.from_ in worst and edge.to in worst:
            before[edge.to].add(edge.from_)
    reached: dict[str, float] = {}
    try:
        for step_id in TopologicalSorter(before).static_order():
            ways = [reached[other] for other in before[step_id] if other in reached]
            if ways or step_id == spec.entry_step_id:
                reached[step_id] = worst[step_id] + max(ways, default=0)
    except CycleError:
        return None
    return max(reached.values(), default=0)


_HINT: Final = "shorten timeoutMs or retry, or raise the service level"
