"""How long retries wait and what steps cost at most: the reference's arithmetic, in one place.

Dagster's retry policies wait by it, checks compare it with service levels, plans tell it. All times
are milliseconds, as specs have them. Source: ContractSpec's engine, observed while it ran.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final

from pfo_dagster.spec.intervals import interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfo_dagster.spec.model import RetryPolicy, Step, WorkflowSpec

DEFAULT_DELAY_MS: Final = 1000
LONGEST_TIMER_MS: Final = 2**31 - 1
_SHORTEST_TIMER_MS: Final = 1

# A delay of a millisecond that doubles reaches the longest timer long before: from here on all
# waits are equal, so that a policy of a billion retries is added up without counting them.
DIFFERENT_WAITS: Final = 64
# Far beyond the longest timer for any delay, and still a float.
_LONGEST_EXPONENT: Final = 1000


def timer_ms(milliseconds: float) -> float:
    """How long a JavaScript timer, and so the reference, waits when asked for `milliseconds`.

    One that is asked for more than 2147483647 ms (24.8 days) fires at once.
    """
    if milliseconds < _SHORTEST_TIMER_MS or milliseconds > LONGEST_TIMER_MS:
        return _SHORTEST_TIMER_MS
    return milliseconds


def retries_of(retry: RetryPolicy | None) -> int:
    """How often a step is tried again at most.

    `maxAttempts` counts retries, and one is made while fewer were: 2.5 allows three.
    """
    return max(0, math.ceil((retry and retry.max_attempts) or 0))


def doubles(retry: RetryPolicy) -> bool:
    """Whether the delay doubles each time: without a backoff it does, with an unknown one not."""
    return retry.backoff in {None, "exponential"}


def first_delay_ms(retry: RetryPolicy) -> float:
    """The delay that the first retry asks for; a second where the spec does not say."""
    return DEFAULT_DELAY_MS if retry.delay_ms is None else retry.delay_ms


def delay_ms(first_ms: float, number: int, *, doubling: bool, cap_ms: float | None) -> float:
    """The delay that retry `number`, counted from 1, asks for; the timer may make it another."""
    delay = first_ms * 2.0 ** min(number - 1, _LONGEST_EXPONENT) if doubling else first_ms
    return delay if cap_ms is None else min(delay, cap_ms)


def waits_ms(retry: RetryPolicy | None, *, at_most: int) -> list[float]:
    """The waits before the first `at_most` retries."""
    if retry is None:
        return []
    first, doubling, cap = first_delay_ms(retry), doubles(retry), retry.max_delay_ms
    return [
        timer_ms(delay_ms(first, number, doubling=doubling, cap_ms=cap))
        for number in range(1, min(retries_of(retry), at_most) + 1)
    ]


@dataclass(frozen=True, slots=True)
class StepCost:
    """The most that a step can cost: every attempt but the last fails, each at its time limit."""

    calls: int
    wait_ms: float
    """Between failed attempts. A provider's Retry-After may make it longer."""
    run_ms: float | None
    """What the attempts take together, or the sleep; None where nothing limits them."""


def step_cost(step: Step) -> StepCost:
    """What one step can cost. Only automation steps call anything; people take what they take."""
    if not step.calls:
        return StepCost(0, 0, _slept_ms(step))
    retries = retries_of(step.retry)
    waits = waits_ms(step.retry, at_most=DIFFERENT_WAITS)
    wait_ms = sum(waits) + _times(retries - len(waits), waits[-1] if waits else 0)
    limit = step.timeout_ms or 0
    return StepCost(retries + 1, wait_ms, _times(retries + 1, limit) if limit > 0 else None)


def dearest_way(spec: WorkflowSpec, figure: Callable[[Step], float]) -> float | None:
    """The sum of a figure of each step, on the way from the entry to an end where it is largest.

    None where the transitions form a cycle or lead to a step that does not exist: the run may call
    anything any number of times, or fail on the way.
    """
    steps = {step.id: step for step in reversed(spec.definition.steps)}
    before: dict[str, set[str]] = {step_id: set() for step_id in steps}
    for edge in spec.definition.transitions:
        if edge.from_ in steps:
            before.setdefault(edge.to, set()).add(edge.from_)
    sums: dict[str, float] = {}
    try:
        for step_id in TopologicalSorter(before).static_order():
            ways = [sums[other] for other in before[step_id] if other in sums]
            if ways or step_id == spec.entry_step_id:
                if step_id not in steps:
                    return None
                sums[step_id] = figure(steps[step_id]) + max(ways, default=0)
    except CycleError:
        return None
    return max(sums.values(), default=0)


def _slept_ms(step: Step) -> float:
    """How long the step sleeps; nothing where that is no duration, which is reported elsewhere."""
    config = step.runtime.workflow_devkit if step.runtime else None
    if not step.sleeps or config is None or config.sleep is None:
        return 0
    try:
        return interval(config.sleep.duration).total_seconds() * 1000
    except ValueError:
        return 0


def _times(count: int, duration: float) -> float:
    """A product that stays a finite float, whatever numbers a spec holds."""
    return min(min(count, 10**15) * duration, 1e300)
