"""What people do to the sandbox by hand is seen by the next call, until another scenario begins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from pfo_dagster.openbanking.sandbox import (
    SANDBOX_CLIENT_ID,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_TOKEN,
    ControlPanel,
    SandboxState,
    Stage,
    scenario_set,
)
from pfo_dagster.openbanking.sandbox.interventions import (
    STATE_WORDS,
    delete_connection,
    delete_user,
    put_into_state,
)
from pfo_dagster.openbanking.sandbox.server import running
from tests.openbanking.support import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stage(clock: Clock) -> Stage:
    return Stage(seed=7, panel=ControlPanel(), state=SandboxState(), true_clock=clock)


@pytest.fixture
def client(stage: Stage) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
    with running(stage) as base_url, httpx.Client(base_url=base_url, headers=headers) as client:
        yield client


def test_a_connection_stands_still_in_its_state_until_it_is_mended(
    stage: Stage, client: httpx.Client, clock: Clock
) -> None:
    before = client.get("/users/me/connections/101").json()
    assert before["state"] is None
    put_into_state(stage, 101, "SCARequired")
    clock.now += timedelta(days=3)
    waiting = client.get("/users/me/connections/101").json()
    assert (waiting["state"], waiting["last_update"]) == ("SCARequired", before["last_update"])

    put_into_state(stage, 101, "ok")
    mended = client.get("/users/me/connections/101").json()
    assert mended["state"] is None
    assert mended["last_update"] == "2026-03-21 13:00:00"


@pytest.mark.parametrize("word", STATE_WORDS)
def test_every_state_can_be_chosen(stage: Stage, client: httpx.Client, word: str) -> None:
    put_into_state(stage, 103, word)
    seen = client.get("/users/me/connections/103").json()["state"]
    assert seen == (None if word == "ok" else word)


def test_a_deleted_connection_is_gone_with_its_accounts(stage: Stage, client: httpx.Client) -> None:
    delete_connection(stage, 101)
    delete_connection(stage, 101)
    assert client.get("/users/me/connections/101").status_code == 404
    listed = client.get("/users/me/connections").json()["connections"]
    assert [each["id"] for each in listed] == [102, 103]
    accounts = client.get("/users/me/accounts?all").json()["accounts"]
    assert {each["id_connection"] for each in accounts} == {102, 103}


def test_the_token_of_a_deleted_user_opens_nothing_until_one_is_created(
    stage: Stage, client: httpx.Client
) -> None:
    delete_user(stage)
    assert client.get("/users/me").status_code == 401
    assert client.get("/auth/token/code").status_code == 401
    created = client.post(
        "/auth/init",
        json={"client_id": SANDBOX_CLIENT_ID, "client_secret": SANDBOX_CLIENT_SECRET},
    )
    assert created.status_code == 200
    assert client.get("/users/me").status_code == 200


def test_another_scenario_begins_untouched(stage: Stage, client: httpx.Client) -> None:
    put_into_state(stage, 101, "bug")
    delete_connection(stage, 102)
    delete_user(stage)
    stage.panel.change(lambda controls: scenario_set(controls, "household", stage.clock()))
    listed = client.get("/users/me/connections").json()["connections"]
    assert [(each["id"], each["state"]) for each in listed][:2] == [(101, None), (102, None)]


def test_what_there_is_not_is_refused_with_what_there_is(stage: Stage) -> None:
    with pytest.raises(ValueError, match="101, 102, 103"):
        put_into_state(stage, 9, "ok")
    with pytest.raises(ValueError, match="101, 102, 103"):
        delete_connection(stage, 9)
    with pytest.raises(ValueError, match="SCARequired"):
        put_into_state(stage, 101, "Sick")


def test_what_a_bank_waits_for_is_done_in_the_webview(client: httpx.Client) -> None:
    assert client.get("/users/me/connections/103").json()["state"] == "SCARequired"
    asked = {
        "code": client.get("/auth/token/code").json()["code"],
        "redirect_uri": "http://127.0.0.1:9/callback",
        "connection_id": "103",
    }
    webview = client.base_url.copy_with(path="/webview/en/reconnect")
    page = client.get(webview, params=asked).text
    [link] = re.findall('<a href="([^"]+)">Connect', page)
    back = client.get(link)
    assert back.headers["Location"] == "http://127.0.0.1:9/callback?connection_id=103"
    mended = client.get("/users/me/connections/103").json()
    assert (mended["state"], mended["last_update"]) == (None, "2026-03-18 13:00:00")
    assert client.get(link).status_code == 403, "a visit ends once"
