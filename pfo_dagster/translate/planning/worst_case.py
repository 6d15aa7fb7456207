"""The most that a workflow can cost: operation calls, waiting between retries, running time.

Pure arithmetic on the spec, for `plan`, `diff` and `page`. What cannot be known is None, never
guessed: an operation without `timeoutMs` may run for any time, and a workflow whose steps form a
cycle may call any number of times. A provider's Retry-After may make a wait longer than the spec's.
"""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from pfo_dagster.translate.reachability import reachable_steps
from pfo_dagster.translate.retries import retry_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pfo_dagster.spec import RetryPolicy, Step, WorkflowSpec

# A delay of a millisecond that doubles reaches the longest timer long before: from here on all
# delays are equal, so that a policy of a billion retries is added up without counting them.
DIFFERENT_DELAYS = 64

_MINUTE, _DECADES = 60, 1e9


@dataclass(frozen=True, slots=True)
class WorstCase:
    """At most so many operation calls, and so many seconds."""

    calls: int
    wait_s: float
    """Seconds between failed attempts."""
    run_s: float | None
    """Seconds that the attempts themselves take; None where one of them has no time limit."""

    @property
    def text(self) -> str:
        """In words: `at most 4 calls, 7 s of waiting between them`."""
        calls = "1 call" if self.calls == 1 else f"{self.calls} calls"
        waiting = f", {seconds(self.wait_s)} of waiting between retries" if self.wait_s else ""
        running = "" if self.run_s is None else f", {seconds(self.run_s)} of running"
        return f"at most {calls}{waiting}{running}"


def seconds(value: float) -> str:
    """Seconds as people read them: `0.75 s`, `7 s`, `2 h 5 min`."""
    if not _MINUTE <= value < _DECADES:
        return f"{value:g} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def retry_waits(retry: RetryPolicy | None, *, at_most: int) -> list[float]:
    """The seconds before each of the first `at_most` retries."""
    policy = retry_policy(retry)
    count = min(policy.max_retries, at_most) if policy else 0
    return [policy.calculate_delay(number) for number in range(1, count + 1)] if policy else []


def step_worst_case(step: Step) -> WorstCase:
    """What one step can cost. Only automation steps call anything."""
    if step.type != "automation":
        return WorstCase(0, 0, 0)
    policy = retry_policy(step.retry)
    calls = 1 + (policy.max_retries if policy else 0)
    waits = retry_waits(step.retry, at_most=DIFFERENT_DELAYS)
    wait_s = sum(waits) + _times(calls - 1 - len(waits), waits[-1] if waits else 0)
    limit_s = (step.timeout_ms or 0) / 1000
    return WorstCase(calls, wait_s, _times(calls, limit_s) if limit_s > 0 else None)


def _times(count: int, duration: float) -> float:
    """A product that stays a finite float, whatever numbers a spec holds."""
    return min(min(count, 10**15) * duration, 1e300)


def worst_case(spec: WorkflowSpec) -> WorstCase | None:
    """What one run can cost: the dearest way from the entry to an end; None if it may never end.

    Each figure is the most of all ways, so that they need not be of the same one.
    """
    order = _reachable_in_reverse(spec)
    if order is None:
        return None
    costs = {step.id: step_worst_case(step) for step in reversed(spec.definition.steps)}

    def most(figure: Callable[[WorstCase], float]) -> float:
        totals: dict[str, float] = {}
        for step_id in order:
            after = [totals[edge.to] for edge in spec.transitions_from(step_id)]
            totals[step_id] = figure(costs[step_id]) + max(after, default=0)
        return totals[order[-1]] if order else 0

    unlimited = any(costs[step_id].run_s is None for step_id in order)
    return WorstCase(
        calls=int(most(lambda cost: cost.calls)),
        wait_s=most(lambda cost: cost.wait_s),
        run_s=None if unlimited else most(lambda cost: cost.run_s or 0),
    )


def _reachable_in_reverse(spec: WorkflowSpec) -> list[str] | None:
    """The steps that a run can come to, each after all that follow it.

    None for a cycle, and for a transition to a step that does not exist.
    """
    reachable = reachable_steps(spec)
    if not reachable <= {step.id for step in spec.definition.steps}:
        return None
    followers = {one: {edge.to for edge in spec.transitions_from(one)} for one in reachable}
    try:
        return list(TopologicalSorter(followers).static_order())
    except CycleError:
        return None


def human_steps(spec: WorkflowSpec) -> Iterator[Step]:
    """The steps at which a run stops until a person decides."""
    return (step for step in spec.definition.steps if step.type == "human")
