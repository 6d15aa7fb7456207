"""A step's retry as a Dagster `RetryPolicy` that waits as long as the spec says.

The reference runtime's words, with the arithmetic of `pfo_dagster.spec.timing`: `maxAttempts`
counts retries, so a step runs at most `maxAttempts + 1` times; `linear` waits `delayMs` every time;
`exponential` waits `delayMs * 2^n` before retry n + 1; `maxDelayMs` caps both. Dagster's formulas
differ (`LINEAR` grows, `EXPONENTIAL` is `2^n - 1`), hence the subclass. No jitter: the spec has
none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import dagster as dg

from pfo_dagster.spec.timing import delay_ms, doubles, first_delay_ms, retries_of, timer_ms

if TYPE_CHECKING:
    from pfo_dagster.spec import RetryPolicy as SpecRetry


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
        delay = delay_ms(
            (self.delay or 0) * 1000,
            attempt_num,
            doubling=self.backoff is dg.Backoff.EXPONENTIAL,
            cap_ms=None if self.max_delay is None else self.max_delay * 1000,
        )
        return timer_ms(delay) / 1000


def retry_policy(retry: SpecRetry | None) -> SpecRetryPolicy | None:
    """The policy of a step, or None where the step is never run again."""
    if retry is None or not retries_of(retry):
        return None
    return SpecRetryPolicy(
        max_retries=retries_of(retry),
        delay=first_delay_ms(retry) / 1000,
        backoff=dg.Backoff.EXPONENTIAL if doubles(retry) else dg.Backoff.LINEAR,
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
