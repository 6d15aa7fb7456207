"""A step that sleeps: the run ends, and when the time is over another goes on, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from pfo_dagster.automation.alerts.sources import Watched, new_alerts
from pfo_dagster.spec import WorkflowSpec
from pfo_dagster.spec.timing import dearest_way, step_cost
from pfo_dagster.translate.human import inbox
from pfo_dagster.translate.human.sleeping import CLOCK, wake
from pfo_dagster.translate.planning.mermaid import flowchart
from tests.translate.human.household import Deployment, ask, result_of, steps_of
from tests.translate.support import step, workflow

SLEEP = {"runtime": {"workflowDevkit": {"behavior": "sleep", "sleep": {"duration": "5m"}}}}


def napping(kind: str = "automation", **fields: Any) -> WorkflowSpec:
    """a, then five minutes, then b, or c where the sleep's output says so."""
    nap = {"id": "nap", "type": kind, "label": "Let it settle", **SLEEP, **fields}
    if kind == "automation":
        nap["action"] = {"operation": {"key": "op.nap", "version": "1.0.0"}}
    return workflow(
        [step("a"), nap, step("b"), step("c")],
        [("a", "nap"), ("nap", "b", "output.sleptFor === '5m'"), ("nap", "c")],
    )


def later(minutes: float) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


@pytest.mark.parametrize("kind", ["automation", "human", "decision"])
def test_the_run_ends_and_another_goes_on_when_the_time_is_over(
    instance: dg.DagsterInstance, kind: str
) -> None:
    deployed = Deployment.of(napping(kind), instance)
    begun = deployed.start({"n": 1})
    assert result_of(begun)["waits_for"]["until"] > datetime.now(UTC).isoformat()
    assert deployed.tick() == []
    human = deployed.translated.humans["nap"]
    assert wake(instance, human, later(4)) == []

    (woken,) = wake(instance, human, later(6))

    (entry,) = inbox.entries(instance, waiting_only=False)
    assert entry.task == woken
    assert entry.decision is not None
    assert entry.decision.decided_by == CLOCK
    (continued,) = deployed.tick()
    assert steps_of(continued) == ["a", "nap", "b"]
    assert result_of(continued)["data"]["sleptFor"] == "5m"
    assert deployed.script.calls == ["a", "b"]
    assert wake(instance, human, later(60)) == []
    assert deployed.tick() == []


def test_the_sensor_wakes_and_goes_on_in_one_tick(instance: dg.DagsterInstance) -> None:
    soon = napping().model_dump(by_alias=True, exclude_unset=True)
    soon["definition"]["steps"][1]["runtime"]["workflowDevkit"]["sleep"]["duration"] = "0"
    deployed = Deployment.of(WorkflowSpec.model_validate(soon), instance)
    deployed.start()
    (continued,) = deployed.tick()
    assert steps_of(continued) == ["a", "nap", "c"]


def test_whoever_wakes_it_before_is_first(instance: dg.DagsterInstance) -> None:
    deployed = Deployment.of(napping(), instance)
    deployed.start()
    task = deployed.waiting()
    (asset,) = deployed.translated.decisions
    assert dg.materialize(
        [asset],
        instance=instance,
        partition_key=task.id,
        run_config={"ops": {asset.op.name: {"config": {"decided_by": "ann"}}}},
    ).success
    assert wake(instance, deployed.translated.humans["nap"], later(6)) == []
    (continued,) = deployed.tick()
    assert steps_of(continued) == ["a", "nap", "b"]


def test_what_is_cancelled_sleeps_on(instance: dg.DagsterInstance) -> None:
    deployed = Deployment.of(napping(), instance)
    deployed.start()
    inbox.cancel(instance, deployed.waiting(), by="ann")
    assert wake(instance, deployed.translated.humans["nap"], later(6)) == []
    assert deployed.tick() == []


def test_a_guard_is_asked_before_the_sleep_and_not_after(instance: dg.DagsterInstance) -> None:
    guard = {"type": "expression", "value": "data.n === 1"}
    deployed = Deployment.of(napping(guard=guard), instance)
    assert not deployed.start({"n": 2}).success
    assert inbox.entries(instance) == []
    deployed.start({"n": 1})
    wake(instance, deployed.translated.humans["nap"], later(6))
    (continued,) = deployed.tick()
    assert steps_of(continued) == ["a", "nap", "b"]


def test_nobody_is_asked(instance: dg.DagsterInstance) -> None:
    deployed = Deployment.of(napping("human"), instance)
    deployed.start()
    watched = Watched({"test": deployed.translated})
    assert list(new_alerts(instance, watched, {})) == []
    assert inbox.expire(instance, timedelta(0), by="ann", now=later(3)) == []
    assert len(inbox.entries(instance)) == 1


def test_a_sleep_and_a_person_in_one_workflow(instance: dg.DagsterInstance) -> None:
    spec = workflow(
        [step("a"), ask("review"), {"id": "nap", "type": "decision", "label": "Nap", **SLEEP},
         step("b")],
        [("a", "review"), ("review", "nap"), ("nap", "b")],
    )  # fmt: skip
    deployed = Deployment.of(spec, instance)
    deployed.start()
    deployed.decide({"ok": 1})
    (asleep,) = deployed.tick()
    assert result_of(asleep)["waits_for"]["step_id"] == "nap"
    wake(instance, deployed.translated.humans["nap"], later(6))
    (continued,) = deployed.tick()
    assert steps_of(continued) == ["a", "review", "nap", "b"]
    assert result_of(continued)["data"] == {"ok": 1, "sleptFor": "5m"}


def test_plans_and_diagrams_tell_of_it() -> None:
    spec = napping()
    assert "sleeps for 5m" in flowchart(spec)
    assert step_cost(spec.definition.steps[1]).run_ms == 300_000
    assert dearest_way(spec, lambda one: step_cost(one).run_ms or 0) == 300_000
