"""A step's retry as a Dagster `RetryPolicy` that waits as long as the spec says.

The reference runtime's words, observed: `maxAttempts` counts retries, so a step runs at most
`maxAttempts + 1` times; `linear` waits `delayMs` every time; `exponential` waits `delayMs * 2^n`
before retry n + 1; `maxDelayMs` caps both. Dagster's own formulas differ (`LINEAR` grows,
`EXPONENTIAL` is `2^n - 1`), hence the subclass. No jitter: the spec has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import dagster as dg

if TYPE_CHECKING:
    from pfo_dagster.spec import RetryPolicy as SpecRetry

DEFAULT_DELAY_MS = 1000
# A JavaScript timer that is asked for more than this fires at once, and so does the reference.
LONGEST_TIMER_MS = 2**31 - 1
SHORTEST_TIMER_MS = 1
# Far beyond the longest timer for any delay, and still a float.
LONGEST_EXPONENT = 1000


class SpecRetryPolicy(dg.RetryPolicy):
    """Dagster's policy with the spec's delays; equal to the plain policy of the same fields."""

    max_delay: float | None

    def __new__(
        cls,
        *,
        max_retries: int,
        delay: float,
        backoff: dg.Backoff,
        max_delay: float | None = None,
    ) -> Self:
        """All delays in seconds."""
        policy = super().__new__(cls, max_retries=max_retries, delay=delay, backoff=backoff)
        policy.max_delay = max_delay
        return policy

    def calculate_delay(self, attempt_num: int) -> float:
        """Seconds to wait before retry `attempt_num`, counted from 1."""
        delay = self.delay or 0
        if self.backoff is dg.Backoff.EXPONENTIAL:
            delay *= 2.0 ** min(attempt_num - 1, LONGEST_EXPONENT)
        if self.max_delay is not None:
            delay = min(delay, self.max_delay)
        return timer_ms(delay * 1000) / 1000


def retry_policy(retry: SpecRetry | None) -> SpecRetryPolicy | None:
    """The policy of a step, or None where the step is never run again.

    As in the reference, an absent backoff is exponential, an unknown one constant, and an absent
    `delayMs` a second.
    """
    if retry is None or retry.max_attempts is None or retry.max_attempts <= 0:
        return None
    exponential = retry.backoff in {None, "exponential"}
    return SpecRetryPolicy(
        max_retries=int(retry.max_attempts),
        delay=_delay_ms(retry) / 1000,
        backoff=dg.Backoff.EXPONENTIAL if exponential else dg.Backoff.LINEAR,
        max_delay=None if retry.max_delay_ms is None else retry.max_delay_ms / 1000,
    )


def describe_retries(retry: SpecRetry | None) -> str:
    """The retries in words, for descriptions: the UI never shows a `RetryPolicy`."""
    policy = retry_policy(retry)
    if policy is None:
        return "Runs once; a failure is final."
    waits = [f"{policy.calculate_delay(n):g} s" for n in range(1, min(policy.max_retries, 6) + 1)]
    if policy.max_retries > len(waits):
        waits.append("…")
    times = "once" if policy.max_retries == 1 else f"up to {policy.max_retries} times"
    shape = "exponential" if policy.backoff is dg.Backoff.EXPONENTIAL else "constant"
    return f"Retried {times}, after {', '.join(waits)} ({shape} backoff)."


def _delay_ms(retry: SpecRetry) -> float:
    return DEFAULT_DELAY_MS if retry.delay_ms is None else retry.delay_ms


def timer_ms(milliseconds: float) -> float:
    """How long a JavaScript timer, and so the reference, waits when asked for `milliseconds`."""
    if milliseconds < SHORTEST_TIMER_MS or milliseconds > LONGEST_TIMER_MS:
        return SHORTEST_TIMER_MS
    return milliseconds
