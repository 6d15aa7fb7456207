"""Alerts: on record once, told at least once, and without anybody's data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pfo_dagster.automation.alerts import alert_sensor
from pfo_dagster.automation.alerts.records import ALERTS
from pfo_dagster.config import Settings, SettingsError
from pfo_dagster.openbanking.loopback import listening
from pfo_dagster.operations import OperationRegistry, ProducedAsset
from pfo_dagster.resources import alert_sender
from pfo_dagster.spec import WorkflowSpec
from pfo_dagster.translate import TranslatedWorkflow, translate
from pfo_dagster.translate.service_levels.watching import service_level_sensor
from tests.translate.support import META, Script, fatal, step, workflow

SECRET = "FR76 3000 6000 0112 3456 7890 189"


@dataclass
class Receiver:
    """Somebody who is told of alerts, and answers as the test says."""

    answers: list[int | OSError] = field(default_factory=list)
    told: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, alert: Mapping[str, str]) -> int:
        self.told.append(dict(alert))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, OSError):
            raise answer
        return answer

    @property
    def kinds(self) -> list[str]:
        return [alert["kind"] for alert in self.told]


class Location:
    """A code location of one workflow, and its alert sensor."""

    def __init__(
        self,
        instance: dg.DagsterInstance,
        definition: dict[str, Any],
        script: Script,
        receiver: Receiver | None,
    ) -> None:
        spec = WorkflowSpec.model_validate({"meta": META, "definition": definition})
        registry = script.registry("a", "b", "undo_a")
        self.workflow: TranslatedWorkflow = translate(spec, registry)
        self.instance = instance
        self.receiver = receiver
        self.cursor: str | None = None

    def run(self) -> str:
        config = self.workflow.run_config({"iban": SECRET})
        return self.workflow.job.execute_in_process(
            instance=self.instance, run_config=config, raise_on_error=False
        ).run_id

    def tick(self, sensor: dg.SensorDefinition | None = None, *, later: float = 0) -> str:
        now = datetime.now(UTC) + timedelta(hours=later)
        sensor = sensor or alert_sensor(
            {"test.flow": self.workflow}, self.receiver, clock=lambda: now
        )
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, definitions=self.workflow.definitions
        ) as context:
            result = sensor(context)
        assert isinstance(result, dg.SensorResult)
        if sensor.name == "alerts":
            self.cursor = result.cursor
        return result.skip_reason.skip_message or "" if result.skip_reason else ""

    @property
    def on_record(self) -> int:
        return len(self.instance.fetch_observations(ALERTS, limit=99).records)


STEPS = {
    "entryStepId": "a",
    "steps": [step("a"), step("b")],
    "transitions": [{"from": "a", "to": "b"}],
}


def failing(
    instance: dg.DagsterInstance, receiver: Receiver | None = None, **more: Any
) -> Location:
    script = Script(b=[fatal(f"refused {SECRET}")] * 9, undo_a=[fatal()])
    return Location(instance, STEPS | more, script, receiver)


def test_a_failure_is_told_once_without_data(instance: dg.DagsterInstance) -> None:
    receiver = Receiver()
    location = failing(instance, receiver)
    run_id = location.run()
    location.tick()
    location.tick()
    location.cursor = None
    location.tick()
    (alert,) = receiver.told
    assert alert["kind"] == "failed"
    assert alert["run_id"] == run_id
    assert "failed in b" in alert["text"]
    assert SECRET not in json.dumps(receiver.told)
    assert location.on_record == 1


@pytest.mark.parametrize(
    ("blocking", "told"), [(True, ["test.flow failed in rates_rates_are_sane."]), (False, [])]
)
def test_a_check_that_disproves_an_asset_is_told_with_its_run_and_a_warning_is_not(
    instance: dg.DagsterInstance, blocking: bool, told: list[str]
) -> None:
    registry = OperationRegistry()

    @registry.operation("op.a", produces=[ProducedAsset(key=("rates",), description="")])
    def fetch(_: object) -> dict[str, object]:
        return {}

    @dg.asset_check(asset="rates", blocking=blocking)
    def rates_are_sane() -> dg.AssetCheckResult:
        severity = dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN
        return dg.AssetCheckResult(passed=False, severity=severity)

    flow = translate(workflow([step("a")]), registry)
    job = dg.Definitions.merge(
        flow.definitions, dg.Definitions(asset_checks=[rates_are_sane])
    ).resolve_job_def(flow.name)
    job.execute_in_process(instance=instance, raise_on_error=False)
    receiver = Receiver()
    with dg.build_sensor_context(instance=instance) as context:
        alert_sensor({"test.flow": flow}, receiver)(context)
    assert [alert["text"].partition(" Run ")[0] for alert in receiver.told] == told


def test_without_a_webhook_the_log_is_told(instance: dg.DagsterInstance) -> None:
    location = failing(instance)
    location.run()
    assert location.tick() == "1 told."
    (told,) = instance.fetch_materializations(ALERTS, limit=9).records
    assert told.asset_materialization
    assert told.asset_materialization.metadata["told"].value == "in the log"


def test_a_webhook_that_is_down_is_told_later_and_in_order(instance: dg.DagsterInstance) -> None:
    receiver = Receiver([ConnectionError("nobody there"), 503, 200, 200])
    location = failing(instance, receiver)
    first = location.run()
    assert "nobody there" in location.tick()
    second = location.run()
    assert "503" in location.tick()
    location.tick()
    location.tick()
    assert [alert["run_id"] for alert in receiver.told] == [first, first, first, second]
    assert location.on_record == 2


@pytest.mark.parametrize(("answer", "later"), [(410, 0), (503, 25)])
def test_what_the_webhook_will_never_take_does_not_hold_up_the_rest(
    instance: dg.DagsterInstance, answer: int, later: float
) -> None:
    receiver = Receiver([503, answer])
    location = failing(instance, receiver)
    location.run()
    location.tick()
    location.tick(later=later)
    location.tick(later=later)
    assert len(receiver.told) == 2


def test_a_crash_after_telling_tells_again_with_the_same_id(instance: dg.DagsterInstance) -> None:
    class Killed(BaseException):
        pass

    receiver = Receiver()
    location = failing(instance, receiver)
    location.run()

    def told_and_killed(alert: Mapping[str, str]) -> int:
        receiver(alert)
        raise Killed

    with pytest.raises(Killed):
        location.tick(alert_sensor({"test.flow": location.workflow}, told_and_killed))
    location.tick()
    location.tick()
    first, second = receiver.told
    assert first == second
    assert location.on_record == 1


def test_old_failures_are_no_news(instance: dg.DagsterInstance) -> None:
    receiver = Receiver()
    location = failing(instance, receiver)
    location.run()
    location.tick(later=48)
    assert location.on_record == 0


def test_a_run_that_dagster_repeats_is_no_alert(instance: dg.DagsterInstance) -> None:
    receiver = Receiver()
    location = failing(instance, receiver)
    instance.add_run_tags(location.run(), {"dagster/will_retry": "true"})
    location.tick()
    assert receiver.told == []


def test_a_breach_is_told_once(instance: dg.DagsterInstance) -> None:
    receiver = Receiver()
    definition = STEPS | {"sla": {"totalDurationMs": 0.001}}
    location = Location(instance, definition, Script(), receiver)
    location.run()
    levels = location.workflow.service_levels
    assert levels
    for _ in range(2):
        location.tick(service_level_sensor(levels))
        location.tick()
    assert receiver.kinds == ["service level"]


def test_a_compensation_that_failed_and_a_waiting_person_are_told(
    instance: dg.DagsterInstance,
) -> None:
    receiver = Receiver()
    undo = {"stepId": "a", "operation": {"key": "op.undo_a", "version": "1.0.0"}}
    location = failing(instance, receiver, compensation={"steps": [undo]})
    compensation = location.workflow.compensation
    assert compensation
    compensation.job.execute_in_process(
        instance=instance,
        run_config=compensation.compensating.run_config(location.run()),
        raise_on_error=False,
    )
    ask = {"id": "ask", "type": "human", "label": "Ask"}
    asking = {"entryStepId": "ask", "steps": [ask], "transitions": []}
    location.tick()
    assert receiver.kinds == ["failed", "not undone"]

    waiting = Location(instance, asking, Script(), receiver)
    waiting.cursor = location.cursor
    waiting.run()
    waiting.tick()
    assert receiver.kinds == ["failed", "not undone", "decision"]
    assert SECRET not in json.dumps(receiver.told)


def settings(url: str) -> Settings:
    return Settings.model_validate({"PFO_ALERT_WEBHOOK_URL": url, "PFO_DATA_DIR": Path()})


def test_the_webhook_is_posted_the_alert_over_a_real_socket() -> None:
    received: list[tuple[str, dict[str, str]]] = []

    async def take(request: Request) -> Response:
        received.append((request.headers["idempotency-key"], await request.json()))
        return Response(status_code=204)

    app = Starlette(routes=[Route("/hook", take, methods=["POST"])])
    with listening(app) as address:
        send = alert_sender(settings(f"{address}/hook"))
        assert send
        assert send({"id": "r1/failed", "text": "It failed."}) == 204
    assert received == [("r1/failed", {"id": "r1/failed", "text": "It failed."})]
    with pytest.raises(ConnectionError) as error:
        send({"id": "r1/failed"})
    assert address not in str(error.value)
    assert httpx.URL(address).host not in str(error.value)


def test_an_alert_is_never_sent_unencrypted() -> None:
    with pytest.raises(SettingsError, match="https"):
        alert_sender(settings("http://hooks.example.org/token"))
