"""What one step does by itself: time limits, decisions, guards, the data between its attempts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import dagster as dg
import pytest

from pfo_dagster.operations import Operation, OperationContext, OperationError, OperationRegistry
from pfo_dagster.spec import UNDEFINED, AppConfig, WorkflowSpec
from pfo_dagster.translate import GuardContext, Guards, TranslationError, Treatment, translate
from tests.conftest import VirtualClock, events, metadata_of
from tests.translate.support import Script, fatal, retryable, step, workflow
from tests.translate.virtual_time import virtual_event_loops

RETRY = {"maxAttempts": 2, "backoff": "linear", "delayMs": 10}


@pytest.fixture(autouse=True)
def nobody_waits(virtual_clock: VirtualClock) -> Iterator[None]:
    with virtual_event_loops(virtual_clock):
        yield


def registry(**operations: Any) -> OperationRegistry:
    return OperationRegistry(
        Operation(key=f"op.{name}", version="1.0.0", run=run, description="")
        for name, run in operations.items()
    )


def run(
    spec: WorkflowSpec,
    operations: OperationRegistry,
    *,
    guards: Guards | None = None,
    data: dict[str, Any] | None = None,
) -> dg.ExecuteInProcessResult:
    translated = translate(spec, operations, None, guards)
    with dg.DagsterInstance.ephemeral() as instance:
        return translated.job.execute_in_process(
            instance=instance, run_config=translated.run_config(data), raise_on_error=False
        )


def failure_of(result: dg.ExecuteInProcessResult) -> tuple[str, dict[str, Any]]:
    (failure,) = events(result, dg.DagsterEventType.STEP_FAILURE)
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    return told.description or "", metadata_of(told)


def final_data(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    return result.output_for_node("settle", "result")["data"]


@pytest.mark.parametrize(
    ("takes", "limit", "in_time"),
    [(99, 100, True), (100, 100, False), (150, 100, False), (9e6, 0, True), (9e6, -1, True)],
)
def test_an_attempt_that_does_not_end_before_its_limit_has_timed_out(
    takes: float, limit: float, in_time: bool
) -> None:
    async def slow(_context: OperationContext[Any]) -> dict[str, bool]:
        await asyncio.sleep(takes / 1000)
        return {"done": True}

    result = run(workflow([step("a", timeoutMs=limit)]), registry(a=slow))

    assert result.success is in_time
    if not in_time:
        assert failure_of(result)[1]["kind"] == "timeout"


def test_a_late_operation_is_cancelled_before_it_is_called_again() -> None:
    trace: list[str] = []

    async def slow(context: OperationContext[Any]) -> None:
        trace.append(f"start {context.attempt}")
        try:
            await asyncio.sleep(1 if context.attempt == 1 else 0)
        finally:
            trace.append(f"end {context.attempt}")

    result = run(workflow([step("a", timeoutMs=100, retry=RETRY)]), registry(a=slow))

    assert result.success
    assert trace == ["start 1", "end 1", "start 2", "end 2"]


async def clings(_context: OperationContext[Any]) -> dict[str, bool]:
    try:
        await asyncio.sleep(1)
    except asyncio.CancelledError:
        return {"late": True}
    return {}


async def complains(_context: OperationContext[Any]) -> None:
    try:
        await asyncio.sleep(1)
    finally:
        raise fatal("while tidying up")


@pytest.mark.parametrize("operation", [clings, complains])
def test_a_late_operation_cannot_talk_itself_out_of_the_timeout(operation: Any) -> None:
    result = run(workflow([step("a", timeoutMs=100)]), registry(a=operation))
    assert failure_of(result)[1]["kind"] == "timeout"


async def gives_up(_context: OperationContext[Any]) -> None:
    raise TimeoutError


def test_a_timeout_inside_the_operation_is_not_the_steps() -> None:
    result = run(workflow([step("a", timeoutMs=100, retry=RETRY)]), registry(a=gives_up))
    assert failure_of(result)[1]["kind"] == "fatal"
    assert events(result, dg.DagsterEventType.STEP_UP_FOR_RETRY) == []


def test_a_synchronous_operation_cannot_hold_up_the_step_beyond_its_limit() -> None:
    release = threading.Event()

    def stuck(_context: OperationContext[Any]) -> None:
        release.wait(30)

    try:
        result = run(workflow([step("a", timeoutMs=20)]), registry(a=stuck))
        assert failure_of(result)[1]["kind"] == "timeout"
    finally:
        release.set()


def test_a_decision_passes_on_without_calling_what_it_names() -> None:
    script = Script()
    steps = [step("d", type="decision"), step("a"), step("b")]
    edges = [("d", "a", "data.n > 1"), ("d", "b", "output === undefined")]

    result = run(workflow(steps, edges), script.registry("d", "a", "b"), data={"n": 1})

    assert script.calls == ["b"]
    assert final_data(result) == {"n": 1}


def test_a_decision_may_end_a_workflow() -> None:
    spec = workflow([step("a"), {"id": "d", "type": "decision", "label": "d"}], [("a", "d")])
    assert final_data(run(spec, Script(a=[{"n": 1}]).registry("a"))) == {"n": 1}


POLICY = {"type": "policy", "value": "finance.approved"}


@pytest.mark.parametrize("answer", [True, False])
@pytest.mark.parametrize("asynchronous", [True, False])
def test_a_policy_is_decided_by_its_evaluator(answer: bool, asynchronous: bool) -> None:
    asked: list[GuardContext] = []

    def decide(context: GuardContext) -> bool:
        asked.append(context)
        return answer

    async def decide_later(context: GuardContext) -> bool:
        return decide(context)

    evaluator = decide_later if asynchronous else decide
    script = Script()
    result = run(
        workflow([step("a", guard=POLICY, retry=RETRY)]), script.registry("a"),
        guards={"finance.approved": evaluator}, data={"n": 1},
    )  # fmt: skip

    assert result.success is answer
    assert len(script.calls) == int(answer)
    (context,) = asked
    assert (context.step_id, context.data, context.input) == ("a", {"n": 1}, UNDEFINED)
    if not answer:
        text, metadata = failure_of(result)
        assert "finance.approved" in text
        assert metadata["kind"] == "guard_rejected"


def test_a_single_evaluator_replaces_expressions_too() -> None:
    guard = {"type": "expression", "value": "data.open"}
    spec, script = workflow([step("a", guard=guard)]), Script()
    assert run(spec, script.registry("a"), guards=lambda _context: True).success


def test_evaluators_by_name_leave_expressions_alone() -> None:
    guard = {"type": "expression", "value": "data.open"}
    spec, script = workflow([step("a", guard=guard)]), Script()
    guards: Guards = {"data.open": lambda _context: True}
    assert not run(spec, script.registry("a"), guards=guards).success


def test_an_evaluator_that_breaks_is_not_asked_again() -> None:
    def broken(_context: GuardContext) -> bool:
        raise retryable("policy engine down")

    script = Script()
    result = run(
        workflow([step("a", guard=POLICY, retry=RETRY)]), script.registry("a"), guards=broken
    )
    assert "policy engine down" in failure_of(result)[0]
    assert script.calls == []
    assert events(result, dg.DagsterEventType.STEP_UP_FOR_RETRY) == []


def test_a_policy_that_nobody_evaluates_is_refused_by_name() -> None:
    spec = workflow([step("a", guard=POLICY)])
    with pytest.raises(TranslationError, match=r"finance\.approved"):
        translate(spec, Script().registry("a"), None, {"other": lambda _context: True})


def test_a_guard_is_asked_again_before_each_attempt_with_what_the_last_one_left() -> None:
    async def fills_up(context: OperationContext[Any]) -> None:
        context.data["full"] = True
        raise retryable()

    guard = {"type": "expression", "value": "data.full !== true"}
    spec = workflow([step("a", guard=guard, retry=RETRY)])
    result = run(spec, registry(a=fills_up))

    assert len(events(result, dg.DagsterEventType.STEP_UP_FOR_RETRY)) == 1
    assert failure_of(result)[1]["kind"] == "guard_rejected"


def test_what_an_operation_changed_before_it_failed_is_kept() -> None:
    async def counts(context: OperationContext[Any]) -> dict[str, int]:
        context.data.setdefault("tries", []).append(context.attempt)
        if context.attempt < 3:
            raise retryable()
        return {"done": 1}

    spec = workflow([step("a", retry=RETRY)])
    assert final_data(run(spec, registry(a=counts))) == {"tries": [1, 2, 3], "done": 1}


def test_a_failed_run_tells_the_data_it_failed_with() -> None:
    async def changes(context: OperationContext[Any]) -> None:
        context.data["sneaky"] = 1
        raise fatal()

    result = run(workflow([step("a")]), registry(a=changes), data={"a": 1})
    assert failure_of(result)[1]["data"] == {"a": 1, "sneaky": 1}


def test_attempts_of_different_runs_share_nothing() -> None:
    async def fails_once(context: OperationContext[Any]) -> None:
        context.data["left"] = True
        raise retryable() if context.attempt == 1 else fatal()

    translated = translate(workflow([step("a", retry=RETRY)]), registry(a=fails_once))
    seen: list[dict[str, Any]] = []
    for number in range(2):
        with dg.DagsterInstance.ephemeral() as instance:
            result = translated.job.execute_in_process(
                instance=instance,
                run_config=translated.run_config({"run": number}),
                raise_on_error=False,
            )
        seen.append(failure_of(result)[1]["data"])
    assert seen == [{"run": 0, "left": True}, {"run": 1, "left": True}]


def test_no_output_and_null_are_told_apart() -> None:
    steps = [step("a"), step("b"), step("c")]
    edges = [("a", "b", "output === null"), ("a", "c", "output === undefined")]
    for output, taken in ((None, "b"), (UNDEFINED, "c")):
        script = Script(a=[output])
        assert run(workflow(steps, edges), script.registry("a", "b", "c")).success
        assert script.calls == ["a", taken]


def test_a_member_without_a_value_takes_away_the_one_that_was_there() -> None:
    script = Script(a=[{"x": UNDEFINED, "list": [UNDEFINED, {"y": UNDEFINED}]}])
    result = run(workflow([step("a")]), script.registry("a"), data={"x": 1, "z": 2})
    assert final_data(result) == {"z": 2, "list": [None, {}]}


def test_what_goes_wrong_after_the_operation_does_not_call_it_again() -> None:
    script = Script(a=[{"when": object()}] * 3)
    spec = workflow(
        [step("a", retry=RETRY), step("b")], [("a", "b", "output.when === 1"), ("a", "b")]
    )
    result = run(spec, script.registry("a", "b"))
    assert not result.success
    assert script.calls == ["a"]


def test_a_step_that_nothing_leads_to_is_left_out_but_what_it_requires_counts() -> None:
    spec = workflow([step("a"), step("ghost", requiredIntegrations=["bank"])])
    operations = Script().registry("a", "ghost")
    assert run(spec, operations).success

    app = AppConfig.model_validate({"integrations": [], "capabilities": {"enabled": []}})
    translated = translate(spec, operations, app)
    assert "ghost" not in {node.name for node in translated.graph.nodes}
    with dg.DagsterInstance.ephemeral() as instance:
        result = translated.job.execute_in_process(instance=instance, raise_on_error=False)
    assert "bank" in failure_of(result)[0]
    told = {field.path: field for field in translated.coverage}
    assert "never runs" in told["definition.steps[1].type"].becomes
    required = told["definition.steps[1].requiredIntegrations[0]"]
    assert required.treatment is Treatment.EMULATED


def test_problems_of_a_contract_are_classified_as_the_reference_does() -> None:
    def kind(code: str, **problem: Any) -> str:
        return OperationError.from_problem(code, "why", **problem).kind.value

    assert kind("BAD_GATEWAY") == "retryable"
    assert kind("TIMEOUT") == "timeout"
    assert kind("RATE_LIMITED") == "rate_limited"
    assert kind("SERVICE_UNAVAILABLE", retryable=False) == "fatal"
    assert kind("INTERNAL_ERROR") == "fatal"
    assert kind("INTERNAL_ERROR", retryable=True) == "retryable"
    assert kind("POWENS_DOWN", retryable=True) == "fatal"


PROBLEM = {
    "type": "about:blank", "title": "Down", "status": 503, "code": "SERVICE_UNAVAILABLE",
    "category": "dependency", "retryable": True, "retryAfter": 1500,
}  # fmt: skip


def test_a_whole_problem_that_is_returned_is_a_failure() -> None:
    failed = {"ok": False, "code": "SERVICE_UNAVAILABLE", "problem": PROBLEM}
    script = Script(a=[failed, {"done": 1}])
    result = run(workflow([step("a", retry=RETRY)]), script.registry("a"))
    (retry,) = events(result, dg.DagsterEventType.STEP_UP_FOR_RETRY)
    assert retry.step_retry_data.seconds_to_wait == 1.5
    assert final_data(result) == {"done": 1}


@pytest.mark.parametrize("result", [{"ok": False}, {"ok": False, "code": "X", "problem": {}}])
def test_half_a_problem_that_is_returned_is_data(result: dict[str, Any]) -> None:
    assert final_data(run(workflow([step("a")]), Script(a=[result]).registry("a"))) == result


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC), "2026-01-02T03:04:05.678Z"),
        (date(2026, 1, 2), "2026-01-02"),
        (Decimal("0.10"), "0.10"),
        ((1, UNDEFINED), [1, None]),
    ],
)
def test_what_json_has_not_is_kept_as_javascript_writes_it(value: object, kept: object) -> None:
    script = Script(a=[{"at": value}])
    spec = workflow([step("a"), step("b")], [("a", "b", "output.at !== null")])
    result = translate(spec, script.registry("a", "b")).job.execute_in_process()
    assert result.success
    assert script.seen[-1] == {"at": kept}


@pytest.mark.parametrize(
    ("output", "named"),
    [
        ({"ids": [{1, 2}]}, "the output.ids[0] is a set, which is not JSON"),
        ({"a": {1: 2}}, "the output.a has the name 1; in JSON all names are text"),
    ],
)
def test_what_cannot_be_kept_fails_the_step_and_is_named(output: object, named: str) -> None:
    script = Script(a=[output])
    spec = workflow([step("a", retry={"maxAttempts": 3, "backoff": "linear", "delayMs": 1})])
    result = translate(spec, script.registry("a")).job.execute_in_process(raise_on_error=False)
    (failure,) = events(result, dg.DagsterEventType.STEP_FAILURE)
    told = failure.step_failure_data.user_failure_data
    assert told
    assert named in (told.description or "")
    assert script.calls == ["a"]
