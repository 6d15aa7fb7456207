"""The schedule and the sensor, switched on by clicking, and what the daemon then does."""

from __future__ import annotations

import time

from playwright.sync_api import Page, expect

from tests.ui.pages import materialize, turn_on, wait_for_success
from tests.ui.server import DagsterServer

BALANCES = "pfo_workflow_refresh_openbanking_balances"
SCHEDULE = f"/locations/pfo_dagster/schedules/{BALANCES}_schedule"
SENSOR = "/locations/pfo_dagster/sensors/balances_after_accounts"
# The sensor looks every 15 seconds.
A_FEW_LOOKS = 75.0


def test_the_schedule_is_switched_on_and_says_when_it_runs_next(page: Page) -> None:
    turn_on(page, SCHEDULE)

    expect(page.get_by_text("Europe/Paris", exact=True)).to_be_visible()
    expect(page.get_by_text("Next tick", exact=True)).to_be_visible()


def test_a_sync_of_the_accounts_makes_the_sensor_start_exactly_one_refresh(
    page: Page, server: DagsterServer
) -> None:
    turn_on(page, SENSOR)
    materialize(page, "ledger/accounts")
    sync = wait_for_success(page)

    wait_until_nothing_is_left_to_start(server, sync)
    (refresh,) = server.runs_started_by(sync)
    assert refresh["jobName"] == BALANCES
    page.goto(f"/runs/{refresh['runId']}")
    wait_for_success(page)


TICKS = """{ sensorOrError(sensorSelector: {
    repositoryLocationName: "pfo_dagster",
    repositoryName: "__repository__",
    sensorName: "balances_after_accounts"
}) { ... on Sensor { sensorState { ticks(limit: 20) { status runIds } } } } }"""


def wait_until_nothing_is_left_to_start(server: DagsterServer, sync: str) -> None:
    """Wait until the sensor has started something for `sync`, and then found nothing new."""
    newest_first: list[dict[str, object]] = []
    deadline = time.monotonic() + A_FEW_LOOKS
    while time.monotonic() < deadline:
        started = {run["runId"] for run in server.runs_started_by(sync)}
        newest_first = server.ask(TICKS)["sensorOrError"]["sensorState"]["ticks"]
        if started and newest_first[0]["status"] == "SKIPPED":
            return
        time.sleep(0.5)
    raise AssertionError(f"after {sync} the sensor's ticks were, newest first: {newest_first}")
