"""Asking and going on: what a run leaves when it waits, and what the continuation makes of it."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from pfo_dagster.operations import Operation, OperationRegistry, ProducedAsset
from pfo_dagster.translate import Treatment, plan_workflow, translate
from pfo_dagster.translate.human import inbox
from tests.conftest import events
from tests.translate.human.household import Deployment, ask, result_of, review_spec, steps_of
from tests.translate.support import Script, step, workflow


def test_a_run_that_asks_succeeds_and_leaves_a_task(instance: dg.DagsterInstance) -> None:
    deployed = Deployment.of(review_spec(), instance, Script(a=[{"total": "12.50"}]))

    result = deployed.start({"since": "today"})

    assert result_of(result)["waits_for"]["step_id"] == "review"
    assert deployed.script.calls == ["a"]
    task = deployed.waiting()
    assert task.id == f"test_flow/{result.run_id}/review"
    assert task.state.data == {"since": "today", "total": "12.50"}
    assert task.label == "Please review"
    assert task.asked_at.utcoffset() is not None
    assert deployed.requests() == []


@pytest.mark.parametrize(
    ("approved", "path"),
    [(True, ["a", "review", "b", "d"]), (False, ["a", "review", "c", "d"])],
)
def test_the_decision_chooses_the_branch(
    approved: bool, path: list[str], instance: dg.DagsterInstance
) -> None:
    deployed = Deployment.of(review_spec(), instance, Script(a=[{"x": 1}]))
    deployed.start()
    deployed.decide({"approved": approved})

    (continued,) = deployed.tick()

    assert steps_of(continued) == path
    assert result_of(continued)["data"] == {"x": 1, "approved": approved}
    assert deployed.script.seen[1] == {"x": 1, "approved": approved}
    assert inbox.entries(instance) == []


@pytest.mark.parametrize("given", [None, False, 0, "", [], "text", [1, None], {"a": None}])
def test_any_json_value_is_an_input(given: Any, instance: dg.DagsterInstance) -> None:
    edges = [("review", "b", "output === input"), ("review", "c")]
    if isinstance(given, (dict, list)):
        edges = [("review", "b")]  # two objects are never equal
    spec = workflow([ask("review"), step("b"), step("c")], edges)
    deployed = Deployment.of(spec, instance)
    deployed.start({"x": 1})
    deployed.decide(given)
    (continued,) = deployed.tick()
    assert steps_of(continued) == ["review", "b"]
    assert result_of(continued)["data"] == {"x": 1, **(given if isinstance(given, dict) else {})}


def test_an_answer_like_a_contract_result_is_merged_and_unwrapped(
    instance: dg.DagsterInstance,
) -> None:
    deployed = Deployment.of(workflow([ask("review")]), instance)
    deployed.start()
    deployed.decide({"ok": True, "data": {"x": 1}})
    (continued,) = deployed.tick()
    assert result_of(continued)["data"] == {"ok": True, "data": {"x": 1}, "x": 1}


def test_an_answer_that_leads_nowhere_fails_and_keeps_what_was_said(
    instance: dg.DagsterInstance,
) -> None:
    spec = workflow([ask("review"), step("b")], [("review", "b", "output.approved === true")])
    deployed = Deployment.of(spec, instance)
    deployed.start()
    deployed.decide({"approved": False})
    (continued,) = deployed.tick()
    assert not continued.success
    (failure,) = events(continued, dg.DagsterEventType.STEP_FAILURE)
    told = failure.step_failure_data.user_failure_data
    assert told
    assert "No transition matched" in (told.description or "")
    assert told.metadata["data"].value == {"approved": False}


def test_several_people_are_asked_one_after_the_other(instance: dg.DagsterInstance) -> None:
    spec = workflow(
        [ask("first"), step("a"), ask("second"), step("b")],
        [("first", "a"), ("a", "second"), ("second", "b")],
    )
    deployed = Deployment.of(spec, instance, Script(a=[{"x": 1}]))
    begun = deployed.start()
    deployed.decide({"one": 1})
    (middle,) = deployed.tick()
    assert result_of(middle)["waits_for"]["step_id"] == "second"
    # The second task belongs to the run with which the workflow began.
    assert deployed.waiting().id == f"test_flow/{begun.run_id}/second"
    deployed.decide({"two": 2}, by="bob")
    (last,) = deployed.tick()
    assert steps_of(last) == ["first", "a", "second", "b"]
    assert result_of(last)["data"] == {"one": 1, "x": 1, "two": 2}
    assert deployed.tick() == []


def test_two_human_steps_in_a_row(instance: dg.DagsterInstance) -> None:
    deployed = Deployment.of(workflow([ask("one"), ask("two")], [("one", "two")]), instance)
    deployed.start()
    deployed.decide(None)
    deployed.tick()
    assert deployed.waiting().step_id == "two"
    deployed.decide(False)
    (last,) = deployed.tick()
    assert steps_of(last) == ["one", "two"]


@pytest.mark.parametrize(("n", "path"), [(1, ["a", "d"]), (5, ["a", "review", "d"])])
def test_a_join_is_reached_with_and_without_the_person(
    n: int, path: list[str], instance: dg.DagsterInstance
) -> None:
    spec = workflow(
        [step("a"), ask("review"), step("d")],
        [("a", "review", "output.n > 3"), ("a", "d"), ("review", "d")],
    )
    deployed = Deployment.of(spec, instance, Script(a=[{"n": n}]))
    result = deployed.start()
    if "review" in path:
        deployed.decide({})
        (result,) = deployed.tick()
    assert steps_of(result) == path
    assert deployed.script.calls == ["a", "d"]


def test_a_guard_rejects_before_anybody_is_asked(instance: dg.DagsterInstance) -> None:
    guard = {"type": "expression", "value": "data.open === true"}
    deployed = Deployment.of(workflow([ask("review", guard=guard)]), instance)
    assert not deployed.start({"open": False}).success
    assert inbox.entries(instance) == []


def test_a_guard_sees_the_answer_and_leaves_the_task_open(instance: dg.DagsterInstance) -> None:
    guard = {"type": "expression", "value": "input.approved !== false"}
    deployed = Deployment.of(workflow([ask("review", guard=guard)]), instance)
    deployed.start()
    with pytest.raises(dg.Failure, match="rejected"):
        deployed.decide({"approved": False})
    task = deployed.waiting()
    assert not deployed.materialize(task, {"approved": False}, "ann").success
    assert deployed.tick() == []
    deployed.decide({"approved": True})
    (continued,) = deployed.tick()
    assert continued.success


def test_a_policy_guard_is_given_the_answer(instance: dg.DagsterInstance) -> None:
    guard = {"type": "policy", "value": "four-eyes"}
    seen: list[object] = []
    deployed = Deployment.of(
        workflow([ask("review", guard=guard)]),
        instance,
        guards={"four-eyes": lambda context: not seen.append(context.input)},
    )
    deployed.start()
    deployed.decide({"by": "bob"})
    assert {"by": "bob"} in seen


def test_a_run_that_is_executed_again_asks_no_second_time(instance: dg.DagsterInstance) -> None:
    deployed = Deployment.of(review_spec(), instance)
    begun = deployed.start()
    again = deployed.translated.job.execute_in_process(
        instance=instance,
        run_config=deployed.translated.run_config(),
        tags={"dagster/root_run_id": begun.run_id, "dagster/parent_run_id": begun.run_id},
    )
    assert result_of(again)["waits_for"]["task_id"] == deployed.waiting().id


LEDGER = ProducedAsset(key=("shop", "orders"), description="Orders.")
REPORT = ProducedAsset(key=("shop", "report"), description="A page.", derived_from=(LEDGER.key,))


def asset_registry() -> OperationRegistry:
    return OperationRegistry([
        Operation(key="op.a", version="1.0.0", run=lambda _c: {}, description="",
                  produces=(LEDGER,)),
        Operation(key="op.b", version="1.0.0", run=lambda _c: {}, description="",
                  produces=(REPORT,)),
    ])  # fmt: skip


def test_assets_made_after_a_decision_are_known_and_reported(instance: dg.DagsterInstance) -> None:
    spec = workflow([step("a"), ask("review"), step("b")], [("a", "review"), ("review", "b")])
    deployed = Deployment(translate(spec, asset_registry()), instance, Script())
    definitions = deployed.definitions
    dg.Definitions.validate_loadable(definitions)
    job = definitions.resolve_job_def("test_flow")
    first = job.execute_in_process(
        instance=instance, run_config=deployed.translated.asset_run_config({})
    )
    (check,) = first.get_asset_check_evaluations()
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.WARN
    assert "pfo inbox decide" in (check.description or "")

    deployed.decide({})
    (continued,) = deployed.tick()

    made = events(continued, dg.DagsterEventType.ASSET_MATERIALIZATION)
    assert [event.asset_key for event in made] == [dg.AssetKey(REPORT.key)]
    (check,) = continued.get_asset_check_evaluations()
    assert check.passed
    assert check.asset_key == dg.AssetKey(LEDGER.key)
    graph = definitions.resolve_asset_graph()
    assert graph.get(dg.AssetKey(REPORT.key)).parent_keys == {dg.AssetKey(LEDGER.key)}
    assert not graph.get(dg.AssetKey(REPORT.key)).is_materializable


def test_a_plan_names_the_ops_behind_the_decision_too() -> None:
    plan = plan_workflow(review_spec(), Script().registry("a", "b", "c", "d"))
    assert plan.ops == ("pre_flight", "a", "review", "b", "c", "d", "settle")
    assert plan.waits_for_people == ("review",)
    assert not plan.refused


def test_every_field_of_a_human_step_is_accounted_for() -> None:
    fields = {
        "action": {"form": {"key": "f", "version": "1.0.0"}},
        "retry": {"maxAttempts": 1, "backoff": "linear", "delayMs": 1},
        "timeoutMs": 5,
    }
    translated = translate(workflow([ask("review", **fields)]), Script().registry())
    covered = {field.path: field.treatment for field in translated.coverage}
    assert covered["definition.steps[0].type"] is Treatment.EMULATED
    assert covered["definition.steps[0].action.form.key"] is Treatment.EMULATED
    assert covered["definition.steps[0].timeoutMs"] is Treatment.EXACT
    assert Treatment.REFUSED not in covered.values()
