"""Any workflow at all: the Dagster run agrees with a small interpreter written from the rules."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import dagster as dg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pfo_dagster.operations import Operation, OperationContext, OperationError, OperationRegistry
from pfo_dagster.spec import WorkflowSpec
from pfo_dagster.translate import TranslatedWorkflow, translate
from pfo_dagster.translate.human import inbox
from pfo_dagster.translate.human.continuing import resume_config, resume_tags
from tests.conftest import events, metadata_of
from tests.translate.interpreter import Condition, PlannedStep, Played, Run, interpret
from tests.translate.support import step, workflow
from tests.translate.virtual_time import virtual_time

NAMES = st.sampled_from(["x", "y", "z"])
NUMBERS = st.integers(0, 2)
ONCE_IN_TWENTY = st.integers(0, 19)
TYPES = st.sampled_from(["automation"] * 16 + ["decision"] * 2 + ["human"] * 2)
VALUES = st.dictionaries(NAMES, NUMBERS, max_size=3)


def conditions(*places: str) -> st.SearchStrategy[Condition]:
    return st.tuples(st.sampled_from(places), NAMES, st.sampled_from(["===", "!=="]), NUMBERS)


ANSWERS = st.one_of(
    VALUES,
    VALUES.map(lambda values: {"x": 1, **values}),
    st.sampled_from([None, False, "", 1, []]),
    VALUES.map(lambda values: {"ok": True, "data": values}),
)
OUTCOMES = st.builds(
    Played,
    ends=st.sampled_from(["ok"] * 9 + ["retryable"] * 9 + ["timeout", "fatal"]),
    output=VALUES,
    mutation=VALUES,
    takes_ms=st.sampled_from([0, 0, 0, 0, 99, 99, 99, 100, 500]),
    retry_after_ms=st.none() | st.integers(1, 5000),
)
RETRIES = st.fixed_dictionaries(
    {"maxAttempts": st.sampled_from([2, 3, 3, 4, 4, 1, 1.5, 0, -1])},
    optional={
        "backoff": st.sampled_from(["linear", "exponential"]),
        "delayMs": st.integers(-10, 2000),
        "maxDelayMs": st.integers(0, 3000),
    },
)


@st.composite
def planned_steps(draw: st.DrawFn) -> list[PlannedStep]:
    """Up to 40 steps, each reachable; edges lead only ahead, so that there is no cycle."""
    count = draw(st.integers(1, 40))
    edges: list[list[tuple[str, Condition]]] = [[] for _ in range(count)]
    for target in range(1, count):
        # Near ancestors make long paths, several of them joins.
        sources = draw(st.sets(st.integers(max(0, target - 3), target - 1), min_size=1, max_size=3))
        for source in sorted(sources):
            condition = draw(conditions("data", "output", "input"))
            edges[source].append((f"s{target}", condition))
    steps: list[PlannedStep] = []
    for number in range(count):
        if edges[number] and draw(ONCE_IN_TWENTY) != 7:
            # Nearly every branch has a default, or few runs would come far.
            edges[number].append((draw(st.sampled_from(edges[number]))[0], None))
        type_ = draw(TYPES)
        guard = conditions("data") if draw(ONCE_IN_TWENTY) == 7 else st.none()
        if type_ == "human":
            # Behind a guard on the input, the same task may refuse one answer and take another.
            guard |= conditions("data", "input") | st.just(("input", "x", "!==", 1))
        steps.append(
            PlannedStep(
                id=f"s{number}",
                type=type_,
                guard=draw(guard),
                timeout_ms=draw(st.sampled_from([None, None, 0, 100])),
                retry=draw(RETRIES) if draw(ONCE_IN_TWENTY) != 7 else None,
                edges=edges[number],
                script=draw(st.lists(OUTCOMES, max_size=3)),
                # Where nobody gives an answer that is taken, the workflow waits.
                answers=draw(st.lists(ANSWERS, min_size=draw(st.integers(0, 3)), max_size=3)),
            )
        )
    return steps


def as_text(condition: Condition) -> str | None:
    return condition and "{}.{} {} {}".format(*condition)


def as_spec(steps: Sequence[PlannedStep]) -> WorkflowSpec:
    content: list[dict[str, Any]] = []
    for planned in steps:
        fields: dict[str, Any] = {"timeoutMs": planned.timeout_ms, "retry": planned.retry}
        if planned.type != "automation":
            fields = {"type": planned.type}
        if planned.guard:
            fields["guard"] = {"type": "expression", "value": as_text(planned.guard)}
        content.append(step(planned.id, **fields))
    edges = [
        (planned.id, to) if when is None else (planned.id, to, as_text(when) or "")
        for planned in steps
        for to, when in planned.edges
    ]
    return workflow(content, edges)


def operations(steps: Sequence[PlannedStep], run: Run) -> OperationRegistry:
    def player(planned: PlannedStep) -> Any:
        async def play(context: OperationContext[Any]) -> object:
            run.calls.append((planned.id, copy.deepcopy(context.data)))
            played = dict(enumerate(planned.script, 1)).get(context.attempt, Played("ok"))
            await asyncio.sleep(played.takes_ms / 1000)
            context.data.update(played.mutation)
            if played.ends == "ok":
                return dict(played.output)
            after = played.retry_after_ms
            retry_after = None if after is None else timedelta(milliseconds=after)
            raise OperationError(kind=played.ends, retry_after=retry_after)

        return play

    return OperationRegistry(
        Operation(key=f"op.{planned.id}", version="1.0.0", run=player(planned), description="")
        for planned in steps
    )


def run_in_dagster(steps: Sequence[PlannedStep], initial: dict[str, int]) -> Run:
    run = Run()
    translated = translate(as_spec(steps), operations(steps, run))
    with virtual_time(), dg.DagsterInstance.ephemeral() as instance:
        result = translated.job.execute_in_process(
            instance=instance, run_config=translated.run_config(initial), raise_on_error=False
        )
        observe(result, run)
        while run.status == "waiting":
            answered = answer(steps, run, translated, instance)
            if answered is None:
                break
            observe(answered, run)
    return run


def answer(
    steps: Sequence[PlannedStep],
    run: Run,
    translated: TranslatedWorkflow,
    instance: dg.DagsterInstance,
) -> dg.ExecuteInProcessResult | None:
    """Give the answers to the task that waits, and go on; None if none of them is taken."""
    (task,) = (entry.task for entry in inbox.entries(instance))
    (planned,) = (one for one in steps if one.id == task.step_id)
    human = translated.humans[task.step_id]
    for said in planned.answers:
        try:
            decision = inbox.decide(instance, task, human, said, by="the test")
        except dg.Failure:
            run.refused.append((task.step_id, said))
            continue
        return translated.continuations[task.step_id].execute_in_process(
            instance=instance,
            run_config=resume_config(human, task, decision),
            tags=resume_tags(task),
            raise_on_error=False,
        )
    return None


def observe(result: dg.ExecuteInProcessResult, run: Run) -> None:
    """Add what was seen of one Dagster run of the workflow."""
    run.delays += [
        (event.step_key or "", round((event.step_retry_data.seconds_to_wait or 0) * 1000, 3))
        for event in events(result, dg.DagsterEventType.STEP_UP_FOR_RETRY)
    ]
    for event in events(result, dg.DagsterEventType.STEP_START):
        # A human step is started twice: when it asks, and when it has been decided.
        if event.step_key not in {"pre_flight", "settle", *run.path[-1:]}:
            run.path.append(event.step_key or "")
    if result.success:
        state = result.output_for_node("settle", "result")
        run.status = "waiting" if state.get("waits_for") else "completed"
        run.data = state["data"]
    else:
        (failure,) = events(result, dg.DagsterEventType.STEP_FAILURE)
        told = failure.step_failure_data.user_failure_data
        run.status, run.data = "failed", metadata_of(told)["data"]


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps=planned_steps(), initial=VALUES)
def test_a_run_is_what_the_rules_say(steps: list[PlannedStep], initial: dict[str, int]) -> None:
    assert run_in_dagster(steps, initial) == interpret(steps, initial)
