"""Replay of `runs.json`: real Dagster jobs made by `translate`, on virtual time.

Compared are the calls of operations in order, the data that each saw, the executions, the delays
between attempts, what pre-flight finds, the step at which the run ended, its status and its data.
Where the recorded caller gave an input to a human step, that task is decided in the inbox and the
continuation job goes on; where it gave none, both must wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import dagster as dg

from pfo_dagster.operations import OperationRegistry
from pfo_dagster.spec import AppConfig, WorkflowSpec
from pfo_dagster.spec.expressions.dialect import read_dialect
from pfo_dagster.translate import (
    GuardContext,
    Guards,
    TranslatedWorkflow,
    TranslationError,
    translate,
)
from pfo_dagster.translate.compensation.starting import start_after_run
from pfo_dagster.translate.executions import root_of
from pfo_dagster.translate.graphs.preflight import pre_flight
from pfo_dagster.translate.human import inbox
from pfo_dagster.translate.human.continuing import resume_config, resume_tags
from pfo_dagster.translate.human.step import HumanStep
from pfo_dagster.translate.service_levels.timing import readings, timing_of
from tests.conformance.outcome import Difference, Outcome
from tests.conformance.recordings import as_json, given_by_hand, revived
from tests.conformance.script import Script
from tests.conformance.skips import reason_to_skip
from tests.conftest import VirtualClock, events, metadata_of
from tests.translate.virtual_time import virtual_time

LONGEST_TIMER_MS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Trace:
    """What can be seen of a run, recorded or replayed."""

    calls: list[tuple[str, str, dict[str, Any]]]
    executions: dict[str, int]
    delays: list[tuple[str, float]]
    status: str
    step: str | None
    data: dict[str, Any] | None
    undoing: list[dict[str, Any]]
    """What each call that undoes a step is given."""
    breaches: list[tuple[str | None, float]]
    """The step, or None for the workflow, and its level in ms, as each look at them finds them."""
    unmet: list[tuple[str, str, str, str]] | None
    """What pre-flight found: step, type, identifier, severity; None where it was not asked."""

    def differences(self, recorded: Trace) -> tuple[str, ...]:
        """Each thing that is not as it was recorded."""
        return tuple(
            f"{part.name}: {getattr(self, part.name)!r}, recorded {getattr(recorded, part.name)!r}"
            for part in fields(self)
            if getattr(self, part.name) != getattr(recorded, part.name)
        )


def replay(case: dict[str, Any], instance: dg.DagsterInstance) -> Outcome:
    """Translate and run one recorded case."""
    name = f"runs {case['id']} {case['group']}: {case['name']}"
    spec = WorkflowSpec.model_validate(revived(case["spec"]))
    reason = reason_to_skip(case, spec)
    if reason in {Difference.STEPWISE, Difference.REGISTRY}:
        return Outcome(name, skipped=reason)
    if reason is Difference.PRE_FLIGHT:
        trace = replayed_trace(case, spec, instance)
        early = trace.status == "not started" and not trace.calls
        return Outcome(name, () if early else ("it was started",), reason)
    if reason:
        return Outcome(name, () if _is_refused(case, spec) else ("it was translated",), reason)
    recorded = recorded_trace(case)
    taken_for_true = as_the_reference_reads(spec)
    try:
        differences = replayed_trace(case, spec, instance).differences(recorded)
    except TranslationError as error:
        differences = error.problems
    if not differences or taken_for_true == spec:
        return Outcome(name, differences)
    # What it could not read, the reference took for true: only with that may the traces be equal.
    differences = replayed_trace(case, taken_for_true, instance).differences(recorded)
    return Outcome(name, differences, None if differences else Difference.GRAMMAR)


def _is_refused(case: dict[str, Any], spec: WorkflowSpec) -> bool:
    try:
        translate(spec, OperationRegistry(), None, guards_of(case))
    except TranslationError:
        return True
    return False


def as_the_reference_reads(spec: WorkflowSpec) -> WorkflowSpec:
    """The spec with `true` for each text that the reference cannot read (`!text` is false)."""
    content = spec.model_dump(by_alias=True, exclude_unset=True)
    conditions = [
        *((edge, "condition") for edge in content["definition"]["transitions"]),
        *((step["guard"], "value") for step in content["definition"]["steps"] if step.get("guard")),
    ]
    for holder, name in conditions:
        text = holder.get(name)
        if text and holder.get("type") != "policy" and read_dialect(text) is None:
            negations = len(text) - len(text.lstrip("!"))
            holder[name] = "false" if negations % 2 else "true"
    return WorkflowSpec.model_validate(content)


def recorded_trace(case: dict[str, Any]) -> Trace:
    """What the reference did.

    A rejected guard leaves its run `running` at the step, to be tried again by hand; a Dagster run
    has nobody to do so and fails there, which is compared as such.
    """
    expected = case["expected"]
    final = expected["final"] or {"status": "not started", "currentStep": None, "data": None}
    checked = [action for action in expected["actions"] if action["do"] == "preFlightCheck"]
    return Trace(
        calls=[
            (call["op"], call["stepId"], as_json(call["data"]))
            for call in expected["operationCalls"]
        ],
        executions=expected["executions"],
        delays=[
            (delay["stepId"], _fires_after(delay["delay"])) for delay in expected["retryDelays"]
        ],
        status="failed" if final["status"] == "running" else final["status"],
        step=final["currentStep"],
        data=as_json(final["data"]),
        undoing=[
            as_json(call["input"])
            for call in expected["operationCalls"]
            if isinstance(call.get("input"), dict) and "workflowData" in call["input"]
        ],
        breaches=[
            (breach.get("stepId"), breach["expectedMs"])
            for action in expected["actions"]
            if action["do"] == "sla"
            for breach in action["breaches"]
        ],
        unmet=[
            (issue["stepId"], issue["type"], issue["identifier"], issue["severity"])
            for action in checked
            for issue in action["result"]["issues"]
        ]
        if checked
        else None,
    )


def replayed_trace(case: dict[str, Any], spec: WorkflowSpec, instance: dg.DagsterInstance) -> Trace:
    """What the translated workflow does."""
    app = AppConfig.model_validate(case["appConfig"]) if case.get("appConfig") else None
    with virtual_time() as clock:
        script = Script(case.get("script", {}), case.get("enforceCapabilities", {}), clock)
        operations = script.registry(spec)
        translated = translate(spec, operations, app, guards_of(case))
        results = list(segments_of_run(case, translated, instance))
        compensate(case, translated, instance, results[-1])
        breaches = list(breaches_of(case, translated, instance, results[0].run_id, clock))
    step_of = {
        node.name: node.tags.get("pfo/step")
        for job in (translated.job, *translated.continuations.values())
        for node in job.graph.nodes
    }
    status, step, data = _end_of(results[-1], step_of)
    asked = any(action["do"] == "preFlightCheck" for action in case.get("actions", []))
    return Trace(
        calls=script.calls,
        executions=dict(Counter(operation for operation, _, _ in script.calls)),
        delays=[
            (
                step_of[event.step_key or ""] or "",
                round((event.step_retry_data.seconds_to_wait or 0) * 1000, 3),
            )
            for result in results
            for event in events(result, dg.DagsterEventType.STEP_UP_FOR_RETRY)
        ],
        status=status,
        step=step,
        data=data,
        undoing=[as_json(given) for given in script.undoing],
        breaches=breaches,
        unmet=[
            (issue.step_id, issue.type, issue.identifier, issue.severity)
            for issue in pre_flight(spec, operations, app)
        ]
        if asked
        else None,
    )


def segments_of_run(
    case: dict[str, Any], translated: TranslatedWorkflow, instance: dg.DagsterInstance
) -> Iterator[dg.ExecuteInProcessResult]:
    """The workflow's first run, and one for each input that a person was recorded to give."""
    left = given_by_hand(case)
    for step_id, inputs in (case.get("humanInputs") or {}).items():
        left.setdefault(step_id, []).extend(inputs)
    result = translated.job.execute_in_process(
        instance=instance,
        run_config=translated.run_config(as_json(case.get("initialData"))),
        raise_on_error=False,
    )
    yield result
    while (waiting := _waiting(result)) and left.get(waiting["step_id"]):
        human = translated.humans[waiting["step_id"]]
        task = inbox.find(instance, waiting["task_id"]).task
        given = as_json(left[human.plan.step.id].pop(0))
        try:
            decision = inbox.decide(instance, task, human, given, by="the recording")
        except dg.Failure:
            return  # the guard rejected the input, and the task waits on
        result = translated.continuations[human.plan.step.id].execute_in_process(
            instance=instance,
            run_config=resume_config(human, task, decision),
            tags=resume_tags(task),
            raise_on_error=False,
        )
        yield result


def compensate(
    case: dict[str, Any],
    translated: TranslatedWorkflow,
    instance: dg.DagsterInstance,
    last: dg.ExecuteInProcessResult,
) -> None:
    """Undo what was completed: by itself where the spec says so, then for each `rollback`."""
    if translated.compensation is None:
        return
    compensating, job = translated.compensation.compensating, translated.compensation.job
    run = instance.get_run_by_id(last.run_id)
    assert run is not None
    start = start_after_run(compensating, instance, run)
    by_hand = sum(action["do"] == "rollback" for action in case.get("actions", []))
    for config in [
        *([compensating.run_config(start.root)] if start else []),
        *[compensating.run_config(root_of(instance, run), again=True)] * by_hand,
    ]:
        job.execute_in_process(instance=instance, run_config=config, raise_on_error=False)


def breaches_of(
    case: dict[str, Any],
    translated: TranslatedWorkflow,
    instance: dg.DagsterInstance,
    root: str,
    clock: VirtualClock,
) -> Iterator[tuple[str | None, float]]:
    """What each `sla` finds of what still goes on; the reference looks at nothing else."""
    if translated.service_levels is None:
        return
    timing = timing_of(instance, translated.service_levels.names, root, humans_of(translated))
    assert timing is not None
    elapsed = clock.now - VirtualClock().now
    for action in case.get("actions", []):
        if action["do"] == "advance":
            elapsed += action["ms"] / 1000
        if action["do"] == "sla":
            for reading in readings(translated.spec, timing, timing.began + elapsed):
                if reading.breached and not reading.ended:
                    yield reading.step_id, reading.level_s * 1000


def humans_of(translated: TranslatedWorkflow) -> tuple[HumanStep, ...]:
    return tuple(translated.humans.values())


def _waiting(result: dg.ExecuteInProcessResult) -> dict[str, str] | None:
    return result.output_for_node("settle", "result").get("waits_for") if result.success else None


def guards_of(case: dict[str, Any]) -> Guards | None:
    """The recorded `guardEvaluator`, which answers by the text of a guard, or throws."""
    recorded = case.get("guardEvaluator")
    if recorded is None:
        return None

    def evaluate(context: GuardContext) -> bool:
        if "throws" in recorded:
            raise RuntimeError(recorded["throws"].get("message", ""))
        return bool(recorded.get("results", {}).get(context.guard.value, False))

    return evaluate


def _end_of(
    result: dg.ExecuteInProcessResult, step_of: dict[str, str | None]
) -> tuple[str, str | None, dict[str, Any] | None]:
    """Status, last step and data of a run."""
    if result.success:
        state = result.output_for_node("settle", "result")
        if state.get("waits_for"):
            return "waiting", state["waits_for"]["step_id"], state["data"]
        return "completed", state["path"][-1]["step_id"], state["data"]
    (failure,) = events(result, dg.DagsterEventType.STEP_FAILURE)
    told = failure.step_failure_data.user_failure_data
    step = step_of[failure.step_key or ""]
    data = metadata_of(told).get("data") if told else None
    return "failed" if step else "not started", step, data


def _fires_after(delay_ms: float) -> float:
    """How long a JavaScript timer waits that is asked for this delay (finding 7)."""
    return round(delay_ms, 3) if 1 <= delay_ms <= LONGEST_TIMER_MS else 1
