"""Deciding: the first wins, the others are told, and the workflow goes on exactly once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from pydantic import BaseModel

from pfo_dagster.translate.human import inbox
from pfo_dagster.translate.human.records import first_decision
from pfo_dagster.translate.human.step import InputError
from tests.conftest import events
from tests.translate.human.household import Deployment, ask, review_spec, steps_of
from tests.translate.support import Script, workflow

FORM = {"action": {"form": {"key": "review-form", "version": "1.0.0"}}}


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    (failure,) = events(result, dg.DagsterEventType.STEP_FAILURE)
    told = failure.step_failure_data.user_failure_data
    return (told.description or "") if told else ""


def test_who_decided_what_and_when_is_in_the_history(instance: dg.DagsterInstance) -> None:
    deployed = Deployment.of(review_spec(), instance)
    deployed.start()
    task = deployed.waiting()

    result = deployed.materialize(task, {"approved": True}, "ann")

    assert result.success
    decision = first_decision(instance, task.key, task.id)
    assert decision
    assert (decision.verdict, decision.input, decision.decided_by) == (
        "decided", {"approved": True}, "ann",
    )  # fmt: skip
    assert abs(datetime.now(UTC) - decision.decided_at) < timedelta(minutes=1)
    (continued,) = deployed.tick()
    assert steps_of(continued) == ["a", "review", "b", "d"]
    run = instance.get_run_by_id(continued.run_id)
    assert run
    assert run.tags["pfo/task"] == task.id


def test_the_second_is_told_who_was_first_by_either_door(instance: dg.DagsterInstance) -> None:
    deployed = Deployment.of(review_spec(), instance)
    deployed.start()
    task = deployed.waiting()
    deployed.decide({"approved": True}, by="ann")

    late = deployed.materialize(task, {"approved": False}, "bob")
    assert not late.success
    assert "by ann" in failure_of(late)
    human = deployed.translated.humans["review"]
    with pytest.raises(inbox.InboxError, match="by ann"):
        inbox.decide(instance, task, human, {"approved": False}, by="bob")
    with pytest.raises(inbox.InboxError, match="by ann"):
        inbox.cancel(instance, task, by="bob")
    (continued,) = deployed.tick()
    assert steps_of(continued) == ["a", "review", "b", "d"]


def test_of_many_who_decide_at_once_one_wins_and_the_others_are_told(tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        deployed = Deployment.of(review_spec(), instance)
        deployed.start()
        task = deployed.waiting()
        human = deployed.translated.humans["review"]
        together = threading.Barrier(4)
        won: list[str] = []
        told: list[str] = []

        def decide(name: str) -> None:
            together.wait()
            try:
                inbox.decide(instance, task, human, {"approved": name == "p0"}, by=name)
                won.append(name)
            except inbox.InboxError as error:
                told.append(str(error))

        threads = [threading.Thread(target=decide, args=(f"p{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(won) == 1
        assert len(told) == 3
        assert all(f"by {won[0]}" in message for message in told)
        (continued,) = deployed.tick()
        assert ("b" in steps_of(continued)) is (won == ["p0"])


def test_a_late_decision_never_restarts_although_it_is_in_the_log(
    instance: dg.DagsterInstance,
) -> None:
    """As when two materialize at once: the loser's event is there, after the winner's."""
    deployed = Deployment.of(review_spec(), instance)
    deployed.start()
    task = deployed.waiting()
    inbox.cancel(instance, task, by="ann")
    assert deployed.requests() == []
    late = inbox.Decision(
        id="late", verdict="decided", input={}, decided_by="bob", decided_at=datetime.now(UTC)
    )
    instance.report_runless_asset_event(
        dg.AssetMaterialization(task.key, partition=task.id, metadata=late.metadata())
    )
    assert deployed.requests() == []


def test_a_sensor_that_crashed_or_lost_its_cursor_starts_nothing_twice(
    instance: dg.DagsterInstance,
) -> None:
    deployed = Deployment.of(review_spec(), instance)
    deployed.start()
    task = deployed.waiting()
    deployed.decide({"approved": True})
    before = deployed.cursor
    first = deployed.requests()  # and now it crashes: neither the run nor the cursor is kept
    deployed.cursor = before
    assert [request.run_key for request in first] == [task.id]
    assert len(deployed.tick()) == 1
    deployed.cursor = None
    (again,) = deployed.requests()
    assert (again.run_key, again.run_config) == (first[0].run_key, first[0].run_config)
    deployed.cursor = None
    assert deployed.tick() == []
    assert deployed.script.calls == ["a", "b", "d"]


def test_tasks_of_several_runs_are_told_apart(instance: dg.DagsterInstance) -> None:
    deployed = Deployment.of(review_spec(), instance, Script(a=[{"n": 1}, {"n": 2}]))
    deployed.start()
    deployed.start()
    one, two = (entry.task for entry in inbox.entries(instance))
    human = deployed.translated.humans["review"]
    inbox.decide(instance, two, human, {"approved": False}, by="ann")
    inbox.decide(instance, one, human, {"approved": True}, by="ann")
    paths = {tuple(steps_of(result)) for result in deployed.tick()}
    assert paths == {("a", "review", "b", "d"), ("a", "review", "c", "d")}


def test_a_task_is_decided_after_everything_was_restarted(tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        Deployment.of(review_spec(), instance, Script(a=[{"x": 1}])).start()
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        Deployment.of(review_spec(), instance).decide({"approved": True})
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        deployed = Deployment.of(review_spec(), instance)
        (continued,) = deployed.tick()
        assert steps_of(continued) == ["a", "review", "b", "d"]
        assert deployed.script.seen[0] == {"x": 1, "approved": True}


def test_a_cancelled_task_goes_nowhere_and_stays_in_the_history(
    instance: dg.DagsterInstance,
) -> None:
    deployed = Deployment.of(review_spec(), instance)
    deployed.start()
    inbox.cancel(instance, deployed.waiting(), by="ann", comment="a duplicate")
    assert deployed.requests() == []
    assert inbox.entries(instance) == []
    (entry,) = inbox.entries(instance, waiting_only=False)
    assert entry.decision
    assert (entry.decision.verdict, entry.decision.comment) == ("cancelled", "a duplicate")


def test_only_tasks_that_are_old_enough_expire(instance: dg.DagsterInstance) -> None:
    deployed = Deployment.of(review_spec(), instance)
    deployed.start()
    task = deployed.waiting()
    day = timedelta(days=1)
    assert inbox.expire(instance, day, by="ann", now=task.asked_at + day / 2) == []
    assert inbox.expire(instance, day, by="ann", now=task.asked_at + day * 2) == [task]
    assert inbox.expire(instance, day, by="ann", now=task.asked_at + day * 2) == []
    assert deployed.requests() == []


def test_a_materialization_that_says_nothing_decides_nothing(instance: dg.DagsterInstance) -> None:
    """The button "report materialization" of the UI knows neither input nor name."""
    deployed = Deployment.of(review_spec(), instance)
    deployed.start()
    task = deployed.waiting()
    instance.report_runless_asset_event(dg.AssetMaterialization(task.key, partition=task.id))
    assert deployed.requests() == []
    assert deployed.waiting() == task


def test_a_partition_that_nobody_asked_cannot_be_decided(instance: dg.DagsterInstance) -> None:
    deployed = Deployment.of(review_spec(), instance)
    deployed.start()
    (asset,) = deployed.translated.decisions
    instance.add_dynamic_partitions("human/test_flow/review", ["made/up"])
    result = dg.materialize(
        [asset], instance=instance, partition_key="made/up", raise_on_error=False,
        run_config={"ops": {asset.op.name: {"config": {"input": 1, "decided_by": "ann"}}}},
    )  # fmt: skip
    assert "Nobody asked" in failure_of(result)


def test_a_task_is_found_by_a_part_of_its_id(instance: dg.DagsterInstance) -> None:
    deployed = Deployment.of(review_spec(), instance)
    first = deployed.start()
    assert inbox.find(instance, first.run_id[:8]).task == deployed.waiting()
    deployed.start()
    with pytest.raises(inbox.InboxError, match="give more of the id"):
        inbox.find(instance, "review")
    with pytest.raises(inbox.InboxError, match="no task"):
        inbox.find(instance, "nothing")


class TypedForm(dg.Config):
    approved: bool
    note: str = ""


class CheckedForm(BaseModel):
    approved: bool


@pytest.mark.parametrize("form", [TypedForm, CheckedForm])
def test_an_answer_must_fit_the_form(form: type[BaseModel], instance: dg.DagsterInstance) -> None:
    forms = {("review-form", "1.0.0"): form}
    deployed = Deployment.of(workflow([ask("review", **FORM)]), instance, forms=forms)
    deployed.start()
    with pytest.raises(InputError, match="approved"):
        deployed.decide({"approved": "perhaps"})
    assert deployed.waiting().form == "review-form@1.0.0"
    assert deployed.materialize(deployed.waiting(), {"approved": True}, "ann").success
    (continued,) = deployed.tick()
    assert continued.output_for_node("settle", "result")["data"]["approved"] is True


def test_the_launchpad_knows_the_fields_of_a_typed_form(instance: dg.DagsterInstance) -> None:
    forms = {("review-form", "1.0.0"): TypedForm}
    deployed = Deployment.of(workflow([ask("review", **FORM)]), instance, forms=forms)
    deployed.start()
    with pytest.raises(dg.DagsterInvalidConfigError, match="approved"):
        deployed.materialize(deployed.waiting(), {"note": "x"}, "ann")
