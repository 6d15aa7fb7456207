"""Retries: how often and after how long, as the reference runtime does it."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from pfo_dagster.translate import describe_retries, retry_policy, translate
from tests.conftest import VirtualClock, events
from tests.translate.support import Script, fatal, retryable, step, workflow

SEED_REFRESH = {"maxAttempts": 3, "backoff": "exponential", "delayMs": 1000}
SEED_FETCH = {"maxAttempts": 2, "backoff": "linear", "delayMs": 750}


def policy_of(retry: dict[str, Any]) -> dg.RetryPolicy | None:
    return retry_policy(workflow([step("a", retry=retry)]).definition.steps[0].retry)


def test_the_seed_steps_have_the_policies_that_the_spec_asks_for() -> None:
    assert policy_of(SEED_REFRESH) == dg.RetryPolicy(
        max_retries=3, delay=1.0, backoff=dg.Backoff.EXPONENTIAL
    )
    assert policy_of(SEED_FETCH) == dg.RetryPolicy(
        max_retries=2, delay=0.75, backoff=dg.Backoff.LINEAR
    )


@pytest.mark.parametrize(
    ("retry", "delays"),
    [
        (SEED_REFRESH, [1, 2, 4]),
        (SEED_FETCH, [0.75, 0.75]),
        ({"maxAttempts": 4, "backoff": "exponential", "delayMs": 100, "maxDelayMs": 250},
         [0.1, 0.2, 0.25, 0.25]),
        ({"maxAttempts": 2, "backoff": "linear", "delayMs": 500, "maxDelayMs": 200}, [0.2, 0.2]),
        ({"maxAttempts": 2, "backoff": "linear", "delayMs": -5}, [0.001, 0.001]),
        ({"maxAttempts": 1, "backoff": "linear", "delayMs": 2**31}, [0.001]),
    ],
)  # fmt: skip
def test_delays_are_those_of_the_reference(retry: dict[str, Any], delays: list[float]) -> None:
    policy = policy_of(retry)
    assert policy is not None
    assert [policy.calculate_delay(n) for n in range(1, policy.max_retries + 1)] == delays


@pytest.mark.parametrize("attempts", [0, -1])
def test_no_positive_number_of_attempts_means_one_execution(attempts: int) -> None:
    assert policy_of({"maxAttempts": attempts, "backoff": "linear", "delayMs": 1}) is None


@pytest.mark.parametrize("failures", range(6))
def test_a_provider_that_fails_n_times_is_asked_as_often_as_the_reference_asks(
    failures: int, virtual_clock: VirtualClock, instance: dg.DagsterInstance
) -> None:
    script = Script(a=[retryable() for _ in range(failures)])
    spec = workflow([step("a", retry=SEED_REFRESH)])

    job = translate(spec, script.registry("a")).job
    result = job.execute_in_process(instance=instance, raise_on_error=False)

    assert len(script.calls) == min(failures + 1, 4)
    assert result.success is (failures <= 3)
    retries = events(result, dg.DagsterEventType.STEP_UP_FOR_RETRY)
    waits = [event.step_retry_data.seconds_to_wait or 0 for event in retries]
    assert waits == [1, 2, 4][: min(failures, 3)]
    assert sum(virtual_clock.waited) == pytest.approx(sum(waits), abs=0.5)


def test_retry_after_replaces_the_delay_and_still_counts_as_a_retry(
    virtual_clock: VirtualClock, instance: dg.DagsterInstance
) -> None:
    script = Script(a=[retryable(retry_after=5), retryable()])
    spec = workflow([step("a", retry={**SEED_REFRESH, "maxDelayMs": 3000})])

    result = translate(spec, script.registry("a")).job.execute_in_process(instance=instance)

    retries = events(result, dg.DagsterEventType.STEP_UP_FOR_RETRY)
    assert [event.step_retry_data.seconds_to_wait for event in retries] == [5, 2]
    assert sum(virtual_clock.waited) == pytest.approx(7, abs=0.5)


@pytest.mark.parametrize("error", [fatal(), TypeError("a bug"), ConnectionResetError("reset")])
def test_what_does_not_call_itself_retryable_is_executed_once(
    error: Exception, virtual_clock: VirtualClock, instance: dg.DagsterInstance
) -> None:
    script = Script(a=[error])
    job = translate(workflow([step("a", retry=SEED_REFRESH)]), script.registry("a")).job

    result = job.execute_in_process(instance=instance, raise_on_error=False)

    assert not result.success
    assert script.calls == ["a"]
    assert virtual_clock.waited == []


def test_a_permanent_failure_tells_run_retries_to_stay_away(instance: dg.DagsterInstance) -> None:
    job = translate(workflow([step("a")]), Script(a=[fatal()]).registry("a")).job

    result = job.execute_in_process(instance=instance, raise_on_error=False)

    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags["dagster/retry_on_asset_or_op_failure"] == "false"


def test_retries_are_spelled_out_for_people() -> None:
    steps = workflow([step("a", retry=SEED_REFRESH), step("b", retry=SEED_FETCH), step("c")])
    texts = [describe_retries(one.retry) for one in steps.definition.steps]
    assert texts == [
        "Retried up to 3 times, after 1 s, 2 s, 4 s (exponential backoff).",
        "Retried up to 2 times, after 0.75 s, 0.75 s (constant backoff).",
        "Runs once; a failure is final.",
    ]


@pytest.mark.parametrize(("attempts", "retries"), [(2.5, 3), (0.1, 1), (3.0, 3)])
def test_a_fraction_of_a_retry_is_a_retry_as_in_the_reference(
    attempts: float, retries: int
) -> None:
    policy = policy_of({"maxAttempts": attempts, "backoff": "linear", "delayMs": 1})
    assert policy is not None
    assert policy.max_retries == retries
