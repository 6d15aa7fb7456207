"""Service levels, compensation, retries and time limits.

The first three checks are the reference's `validateSlaConfig`, `validateCompensation` and
`validateRetryConfig`; the rest is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.spec.checks.finding import as_javascript, did_you_mean, finding, is_given
from pfo_dagster.spec.expressions.values import to_text
from pfo_dagster.spec.model import BACKOFFS
from pfo_dagster.spec.rules import policies as rules
from pfo_dagster.spec.timing import (
    LONGEST_TIMER_MS,
    delay_ms,
    doubles,
    first_delay_ms,
    retries_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.model import RetryPolicy, WorkflowSpec
    from pfo_dagster.spec.source import Place


def check_service_level(spec: WorkflowSpec) -> Iterator[Diagnostic]:
    """The reference's `validateSlaConfig`. As in JavaScript, null counts as 0."""
    sla = spec.definition.sla
    if not sla:
        return
    place: Place = ("definition", "sla")
    total = sla.total_duration_ms
    if is_given(sla, "total_duration_ms") and (total or 0) <= 0:
        yield finding(
            spec,
            rules.SLA_TOTAL,
            "SLA totalDurationMs must be positive",
            (*place, "totalDurationMs"),
            context={"totalDurationMs": total},
        )
    durations = sla.step_duration_ms
    if durations is None:
        return
    for step_id, duration in durations.items():
        if (duration or 0) <= 0:
            yield finding(
                spec,
                rules.SLA_STEP,
                f'SLA stepDurationMs for "{step_id}" must be positive',
                (*place, "stepDurationMs", step_id),
                context={"stepId": step_id, "duration": duration},
            )
    longest = sum(duration or 0 for duration in durations.values())
    if total and longest > total:
        yield finding(
            spec,
            rules.SLA_SUM,
            f"Sum of step durations ({to_text(longest)}ms) "
            f"exceeds total duration ({to_text(total)}ms)",
            (*place, "totalDurationMs"),
            context={"stepDurationsSum": longest, "totalDurationMs": total},
        )


def check_compensation(spec: WorkflowSpec) -> Iterator[Diagnostic]:
    """The reference's `validateCompensation`."""
    compensation = spec.definition.compensation
    if not compensation:
        return
    step_ids = {step.id for step in spec.definition.steps}
    covered: set[str] = set()
    for index, undone in enumerate(compensation.steps):
        place: Place = ("definition", "compensation", "steps", index)
        context = {"stepId": undone.step_id}
        if undone.step_id not in step_ids:
            yield finding(
                spec,
                rules.COMPENSATION_UNKNOWN_STEP,
                f'Compensation references unknown step "{undone.step_id}"',
                (*place, "stepId"),
                hint=did_you_mean(undone.step_id, step_ids),
                context=context,
            )
        if undone.step_id in covered:
            message = f'Multiple compensation handlers for step "{undone.step_id}"'
            at = (*place, "stepId")
            yield finding(spec, rules.COMPENSATION_TWICE, message, at, context=context)
        covered.add(undone.step_id)
        if not undone.operation or not undone.operation.key or not undone.operation.version:
            message = (
                f'Compensation for step "{undone.step_id}" '
                "must specify operation with key and version"
            )
            at = (*place, "operation")
            yield finding(spec, rules.COMPENSATION_NO_OPERATION, message, at, context=context)
    for index, step in enumerate(spec.definition.steps):
        if step.type == "automation" and step.id not in covered:
            message = f'Automation step "{step.id}" has no compensation handler'
            at = ("definition", "steps", index, "id")
            context = {"stepId": step.id}
            yield finding(spec, rules.COMPENSATION_MISSING, message, at, context=context)


def check_retries(spec: WorkflowSpec) -> Iterator[Diagnostic]:
    """The reference's `validateRetryConfig`. As in JavaScript, null counts as 0."""
    for place, step_id, retry in _retries(spec):
        for field, alias, rule in (
            ("max_attempts", "maxAttempts", rules.RETRY_ATTEMPTS),
            ("delay_ms", "delayMs", rules.RETRY_DELAY),
        ):
            value = getattr(retry, field)
            if is_given(retry, field) and (value or 0) <= 0:
                yield finding(
                    spec,
                    rule,
                    f'Step "{step_id}" retry {alias} must be positive',
                    (*place, alias),
                    expected="a number greater than 0",
                    context={"stepId": step_id, alias: value},
                )
        both = is_given(retry, "max_delay_ms") and is_given(retry, "delay_ms")
        if both and (retry.max_delay_ms or 0) < (retry.delay_ms or 0):
            yield finding(
                spec,
                rules.RETRY_CAP,
                f'Step "{step_id}" retry maxDelayMs ({as_javascript(retry, "max_delay_ms")}) '
                f"is less than delayMs ({as_javascript(retry, 'delay_ms')})",
                (*place, "maxDelayMs"),
                context={"stepId": step_id},
            )


def check_retry_details(spec: WorkflowSpec) -> Iterator[Diagnostic]:
    """What the reference's engine makes of odd retry policies without a word."""
    steps = {step.id: step for step in spec.definition.steps}
    for place, step_id, retry in _retries(spec):
        step = steps[step_id]
        if step.sleeps or step.type in {"human", "decision"}:
            kind = "step that sleeps" if step.sleeps else f"{step.type} step"
            message = f'Step "{step_id}" is a {kind}, which is never retried'
            yield finding(spec, rules.RETRY_UNUSED, message, place, at="key")
        yield from _check_retry_completeness(spec, place, step_id, retry)
        if retry.backoff is not None and retry.backoff not in BACKOFFS:
            message = f'Step "{step_id}" retry backoff "{retry.backoff}" means a constant delay'
            yield finding(
                spec,
                rules.RETRY_BACKOFF,
                message,
                (*place, "backoff"),
                expected=" or ".join(BACKOFFS),
                hint=did_you_mean(retry.backoff, BACKOFFS),
            )
        if _longest_delay_ms(retry) > LONGEST_TIMER_MS:
            message = f'Step "{step_id}" may wait longer than {LONGEST_TIMER_MS} ms between retries'
            hint = "set maxDelayMs"
            yield finding(spec, rules.RETRY_TOO_LONG, message, place, at="key", hint=hint)


def check_timeouts(spec: WorkflowSpec) -> Iterator[Diagnostic]:
    """Time limits that are none."""
    for index, step in enumerate(spec.definition.steps):
        if step.timeout_ms is not None and step.timeout_ms <= 0:
            message = f'Step "{step.id}" timeoutMs must be positive; this means no time limit'
            place = ("definition", "steps", index, "timeoutMs")
            yield finding(spec, rules.TIMEOUT_OFF, message, place, hint="leave it out")


def _check_retry_completeness(
    spec: WorkflowSpec, place: Place, step_id: str, retry: RetryPolicy
) -> Iterator[Diagnostic]:
    for value, alias, meaning in (
        (retry.max_attempts, "maxAttempts", "it is never retried"),
        (retry.backoff, "backoff", "the delay doubles each time"),
        (retry.delay_ms, "delayMs", "the first delay is 1000 ms"),
    ):
        if value is None:
            message = f'Step "{step_id}" retry has no {alias}: {meaning}'
            yield finding(spec, rules.RETRY_INCOMPLETE, message, place, at="key")


def _longest_delay_ms(retry: RetryPolicy) -> float:
    retries = retries_of(retry)
    if not retries:
        return 0
    first, cap = first_delay_ms(retry), retry.max_delay_ms
    return delay_ms(first, retries, doubling=doubles(retry), cap_ms=cap)


def _retries(spec: WorkflowSpec) -> Iterator[tuple[Place, str, RetryPolicy]]:
    for index, step in enumerate(spec.definition.steps):
        if step.retry:
            yield ("definition", "steps", index, "retry"), step.id, step.retry
