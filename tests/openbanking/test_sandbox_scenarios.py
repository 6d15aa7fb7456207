"""The sandbox under its controls: what each scenario is about is seen by the client."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from pfo_dagster.openbanking.powens.fields import PARIS
from pfo_dagster.openbanking.sandbox import (
    SANDBOX_TOKEN,
    SCENARIOS,
    ControlPanel,
    Controls,
    Rule,
    SandboxState,
    Stage,
    World,
    planted,
    scenario_set,
)
from pfo_dagster.openbanking.sandbox.controls import clock_moved
from pfo_dagster.openbanking.sandbox.faults import BREAKAGES, CODES, breakage
from pfo_dagster.openbanking.sandbox.made_worlds import RENUMBERED_BY, STATES
from pfo_dagster.openbanking.sandbox.server import running
from tests.openbanking.support import NOON, Clock, run

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

HEADERS = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}


def stage_of(name: str, clock: Clock | None = None, world: World | None = None) -> Stage:
    panel = ControlPanel(controls=scenario_set(Controls(), name, NOON))
    return Stage(
        seed=7, panel=panel, state=SandboxState(), true_clock=clock or Clock(), world=world
    )


@contextmanager
def calling(stage: Stage) -> Generator[httpx.Client]:
    with running(stage) as base_url, httpx.Client(base_url=base_url, headers=HEADERS) as client:
        yield client


def accounts(stage: Stage) -> dict[int, dict[str, object]]:
    with calling(stage) as client:
        answer = client.get("/users/me/accounts?all")
    return {row["id"]: row for row in answer.json()["accounts"]}


def connections(stage: Stage) -> dict[int, dict[str, object]]:
    with calling(stage) as client:
        answer = client.get("/users/me/connections?expand=connector")
    return {row["id"]: row for row in answer.json()["connections"]}


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_has_a_world_whose_accounts_belong_to_its_connections(name: str) -> None:
    world = SCENARIOS[name].world(7, NOON)
    logins = {plan.connection_id for plan in world.connections}
    assert {account.connection_id for account in world.accounts} <= logins
    assert len({account.account_id for account in world.accounts}) == len(world.accounts)


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("sca-expiry", "SCARequired"),
        ("wrong-password", "wrongpass"),
        ("rate-limits", "rateLimiting"),
        ("bank-down", "websiteUnavailable"),
    ],
)
def test_trouble_begins_when_the_scenario_does(name: str, state: str) -> None:
    before = Clock(NOON - timedelta(hours=1))
    panel = ControlPanel(
        controls=scenario_set(Controls(), name, NOON).model_copy(update={"rules": ()})
    )
    early = Stage(seed=7, panel=panel, state=SandboxState(), true_clock=before)
    late = Stage(
        seed=7,
        panel=panel,
        state=SandboxState(),
        true_clock=Clock(NOON + timedelta(days=3)),
    )
    assert connections(early)[101]["state"] is None
    assert connections(late)[101]["state"] == state
    assert connections(late)[101]["last_update"] == connections(early)[101]["last_update"]


def test_a_stuck_connection_looks_healthy_and_does_not_move() -> None:
    stage = stage_of("stuck-but-healthy", Clock(NOON + timedelta(days=14)))
    row = connections(stage)[101]
    assert row["state"] is None
    assert row["next_try"] is None
    assert row["last_update"] == "2026-03-18 05:10:00"


def test_renumbered_accounts_keep_their_iban_and_balance() -> None:
    seen = accounts(stage_of("renumbered-accounts"))
    old, new = seen[201], seen[201 + RENUMBERED_BY]
    assert old["deleted"] is not None
    assert new["deleted"] is None
    assert new["iban"] == old["iban"]
    assert new["balance"] == old["balance"]
    assert seen[204 + RENUMBERED_BY]["id_parent"] == 201 + RENUMBERED_BY


def test_before_the_turn_the_new_ids_are_not_listed() -> None:
    seen = accounts(stage_of("renumbered-accounts", Clock(NOON - timedelta(seconds=1))))
    assert seen[201]["deleted"] is None
    assert 201 + RENUMBERED_BY not in seen


def test_nothing_happens_on_a_quiet_day() -> None:
    today = accounts(stage_of("quiet-day", Clock(NOON + timedelta(days=4))))
    later = accounts(stage_of("quiet-day", Clock(NOON + timedelta(days=40))))
    for account_id in (203, 205, 212):
        assert today[account_id]["balance"] == later[account_id]["balance"]


def test_pending_operations_are_booked_under_the_same_id() -> None:
    clock = Clock()
    with calling(stage_of("pending-to-booked", clock)) as client:
        query = "/users/me/accounts/201/transactions?limit=1000&min_date=2026-03-16"
        pending = {t["id"] for t in client.get(query).json()["transactions"] if t["coming"]}
        clock.now += timedelta(days=4)
        booked = {t["id"] for t in client.get(query).json()["transactions"] if not t["coming"]}
    assert pending
    assert pending <= booked


def test_the_clock_is_put_to_the_night_with_two_half_past_twos() -> None:
    controls = scenario_set(Controls(), "paris-dst-night", NOON)
    start = NOON + controls.clock_ahead
    assert start == datetime(2026, 10, 25, 0, 29, tzinfo=UTC)
    assert start.astimezone(PARIS).hour == (start + timedelta(hours=1)).astimezone(PARIS).hour


def test_on_payday_wages_have_come_in() -> None:
    before = accounts(stage_of("household"))[201]["last_update"]
    stage = stage_of("payday")
    with calling(stage) as client:
        rows = client.get("/users/me/accounts/201/transactions?limit=50").json()["transactions"]
    wages = [row for row in rows if row["original_wording"] == "VIR SALAIRE ATELIER LENOIR"]
    assert wages[0]["date"] == "2026-03-28"
    assert wages[0]["last_update"] > str(before)


def test_every_state_is_there() -> None:
    seen = connections(stage_of("every-state"))
    assert [row["state"] for row in seen.values()] == list(STATES)


def test_a_late_sync_is_answered_before_its_data_is_there() -> None:
    clock = Clock()
    with calling(stage_of("late-last-update", clock)) as client:
        before = client.get("/users/me/connections/102").json()["last_update"]
        answer = client.put("/users/me/connections/102?psu_requested=false")
        assert (answer.status_code, answer.json()["last_update"]) == (200, before)
        clock.now += timedelta(minutes=4)
        assert client.get("/users/me/connections/102").json()["last_update"] > before


@pytest.mark.parametrize(
    ("to", "ahead"),
    [
        ("+3d", timedelta(days=3)),
        ("-2h30m", -timedelta(hours=2, minutes=30)),
        ("2026-03-18T13:00", timedelta(0)),
        ("2026-03-18T13:00+00:00", timedelta(hours=1)),
        ("reset", timedelta(0)),
    ],
)
def test_the_clock_moves(to: str, ahead: timedelta) -> None:
    assert clock_moved(Controls(), to, NOON).clock_ahead == ahead


@pytest.mark.parametrize("to", ["", "+", "3d", "soon", "+99999d99999d", "9999-12-31"])
def test_what_is_no_time_is_refused(to: str) -> None:
    with pytest.raises(ValueError, match="Expected a step"):
        clock_moved(Controls(), to, NOON)


def test_controls_in_a_file_act_on_a_sandbox_that_runs(tmp_path: Path) -> None:
    file = tmp_path / "controls.json"
    stage = Stage(seed=7, panel=ControlPanel(file), state=SandboxState(), true_clock=Clock())
    with calling(stage) as client:
        assert client.get("/users/me").status_code == 200
        rule = Rule(breakage="status:500", path="/users/me")
        ControlPanel(file).change(lambda now: now.model_copy(update={"rules": (rule,)}))
        assert client.get("/currencies").status_code == 200
        assert client.get("/users/me").status_code == 500
        assert client.get("/users/me").status_code == 200
    assert [call.because_of for call in stage.calls] == [None, None, "status:500", None]


@pytest.mark.parametrize("code", CODES)
def test_every_error_code_can_be_had(code: str) -> None:
    stage = stage_of("household")
    rule = Rule(breakage=f"code:{code}")
    stage.panel.change(lambda now: now.model_copy(update={"rules": (rule,)}))

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app=stage)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            return await client.get("/2.0/users/me", headers=HEADERS)

    answer = run(call())
    assert (answer.status_code, answer.json()["code"]) == (CODES[code], code)


def test_every_breakage_is_known_by_name_and_others_are_refused() -> None:
    assert breakage("gzip-bomb").body
    assert all(breakage(name) for name in BREAKAGES)
    with pytest.raises(ValueError, match="Choose status:"):
        breakage("gremlins")


def test_beyond_30_calls_a_minute_there_is_429() -> None:
    clock = Clock()
    stage = stage_of("household", clock)
    stage.panel.change(lambda now: now.model_copy(update={"calls_per_minute": 30}))
    with calling(stage) as client:
        assert {client.get("/users/me").status_code for _ in range(30)} == {200}
        refused = client.get("/users/me")
        assert refused.status_code == 429
        clock.now += timedelta(seconds=int(refused.headers["Retry-After"]))
        assert client.get("/users/me").status_code == 200


def test_a_planted_text_is_in_every_account_and_in_the_banks_message() -> None:
    world = planted(SCENARIOS["household"].world(7, NOON), "Canary-1")
    stage = stage_of("household", world=world)
    assert all("Canary-1" in str(row["name"]) for row in accounts(stage).values())
    assert "Canary-1" in str(connections(stage)[103]["error_message"])
