"""The most that a workflow can cost: operation calls, waiting between retries, running time.

The sums of `pfo_dagster.spec.timing` as `plan`, `diff` and `page` tell them. What cannot be known
is None, never guessed: an operation without `timeoutMs` may run for any time, and a workflow whose
steps form a cycle may call any number of times. A provider's Retry-After may make a wait longer
than the spec's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfo_dagster.spec.timing import dearest_way, step_cost, waits_ms
from pfo_dagster.translate.reachability import reachable_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfo_dagster.spec import RetryPolicy, Step, WorkflowSpec

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
    return [wait / 1000 for wait in waits_ms(retry, at_most=at_most)]


def step_worst_case(step: Step) -> WorstCase:
    """What one step can cost. Only automation steps call anything."""
    cost = step_cost(step)
    run_s = None if cost.run_ms is None else cost.run_ms / 1000
    return WorstCase(cost.calls, cost.wait_ms / 1000, run_s)


def worst_case(spec: WorkflowSpec) -> WorstCase | None:
    """What one run can cost: the dearest way from the entry to an end; None if it may never end.

    Each figure is the most of all ways, so that they need not be of the same one.
    """
    calls = dearest_way(spec, lambda step: step_cost(step).calls)
    wait_ms = dearest_way(spec, lambda step: step_cost(step).wait_ms)
    run_ms = dearest_way(spec, lambda step: step_cost(step).run_ms or 0)
    if calls is None or wait_ms is None or run_ms is None:
        return None
    reachable = [step for step in spec.definition.steps if step.id in reachable_steps(spec)]
    unlimited = any(step_cost(step).run_ms is None for step in reachable)
    return WorstCase(int(calls), wait_ms / 1000, None if unlimited else run_ms / 1000)


def human_steps(spec: WorkflowSpec) -> Iterator[Step]:
    """The steps at which a run stops until a person decides."""
    return (step for step in spec.definition.steps if step.asks)
