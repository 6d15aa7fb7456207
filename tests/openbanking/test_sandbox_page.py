"""The sandbox's page: what it shows, what its forms do, who may use it, and what it never shows."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser

import httpx
import pytest
from pydantic import SecretStr

from pfo_dagster.openbanking.loopback import listening
from pfo_dagster.openbanking.powens.events import BankEvent
from pfo_dagster.openbanking.powens.receiver import ReceiverSettings, receiver_app
from pfo_dagster.openbanking.sandbox import (
    SANDBOX_TOKEN,
    ControlPanel,
    Rule,
    SandboxState,
    Stage,
    household,
    planted,
)
from pfo_dagster.openbanking.sandbox.controls import Notify
from pfo_dagster.openbanking.sandbox.page import with_page
from pfo_dagster.openbanking.sandbox.scenarios import SCENARIOS
from tests.openbanking.support import Clock

SECRET = SecretStr("a webhook secret")
TOKEN = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}


@pytest.fixture
def stage() -> Stage:
    return Stage(seed=7, panel=ControlPanel(), state=SandboxState(), true_clock=Clock())


@pytest.fixture
def browser(stage: Stage) -> Iterator[httpx.Client]:
    with listening(with_page(stage, secret=SECRET)) as address:
        headers = {"Origin": address}
        with httpx.Client(base_url=address, headers=headers, follow_redirects=True) as client:
            yield client


def submit(browser: httpx.Client, form: str, **fields: str) -> str:
    """What the page says afterwards."""
    page = browser.post(f"/_sandbox/{form}", data=fields).text
    found = re.search(r'role="(status|alert)">([^<]*)<', page)
    assert found is not None
    return f"{found[1]}: {found[2]}"


class Controls(HTMLParser):
    """The fields and buttons of a page that have no words of their own, and addresses elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.in_label = 0
        self.without_label: list[str] = []
        self.elsewhere: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in {"meta", "input"}:
            self.open.append(tag)
        if (
            tag in {"select", "input"}
            and given.get("type") != "hidden"
            and "label" not in self.open
        ):
            self.without_label.append(f"{tag} {given}")
        for name in ("src", "href", "action"):
            if not (given.get(name) or "/").startswith("/"):
                self.elsewhere.append(f"{given[name]}")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_it_shows_the_clock_the_banks_the_rules_and_the_calls(
    stage: Stage, browser: httpx.Client
) -> None:
    assert browser.get("/2.0/users/me/connections/101", headers=TOKEN).status_code == 200
    assert browser.get("/2.0/users/me").status_code == 401
    page = browser.get("/").text
    for shown in (
        "2026-03-18 13:00",  # 12:00 UTC in Paris
        SCENARIOS["household"].summary,
        "Banque des Lilas",
        "SCARequired",
        "/2.0/users/me/connections/101",
        "401",
        "No limit",
    ):
        assert shown in page
    assert submit(browser, "limit", calls="30") == "status: 30 calls a minute from now."
    browser.get("/2.0/users/me", headers=TOKEN)
    assert "1 of 30" in browser.get("/").text


def test_every_field_has_a_label_and_nothing_is_from_elsewhere(browser: httpx.Client) -> None:
    submit(browser, "break", breakage="reset", path="*", method="*", times="0")
    answer = browser.get("/")
    page = Controls()
    page.feed(answer.text)
    assert (page.open, page.without_label, page.elsewhere) == ([], [], [])
    assert "//" not in answer.text.replace("http://127.0.0.1", "")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_its_forms_change_what_the_api_answers(stage: Stage, browser: httpx.Client) -> None:
    def seen(path: str) -> httpx.Response:
        return browser.get(f"/2.0/users/me{path}", headers=TOKEN)

    assert submit(browser, "clock", to="+3d") == "status: The clock was moved."
    assert stage.panel.read().clock_ahead == timedelta(days=3)
    assert submit(browser, "state", connection="101", state="decoupled").startswith("status")
    assert seen("/connections/101").json()["state"] == "decoupled"

    broken = {"breakage": "html-page", "path": "/users/me", "method": "get", "times": "1"}
    assert submit(browser, "break", **broken).startswith("status")
    assert [seen("").status_code for _ in range(2)] == [503, 200]
    assert submit(browser, "break", **{**broken, "times": "0"}).startswith("status")
    (rule,) = stage.panel.read().rules
    assert submit(browser, "mend", rule=rule.model_dump_json()).startswith("status")
    assert seen("").status_code == 200
    assert "used up" in submit(browser, "mend", rule=rule.model_dump_json())

    assert submit(browser, "break", **{**broken, "breakage": "dns"}).startswith("status")
    assert seen("").status_code == 200, "that rule is for a run, which has no server"
    assert [rule.breakage for rule in stage.panel.read().rules] == ["dns"]

    assert submit(browser, "delete", connection="102").startswith("status")
    assert seen("/connections/102").status_code == 404
    assert submit(browser, "delete", connection="user").startswith("status")
    assert seen("").status_code == 401
    assert submit(browser, "reset").startswith("status")
    assert submit(browser, "scenario", name="sca-expiry").startswith("status")
    assert seen("/connections/101").json()["state"] == "SCARequired"


def test_a_webhook_is_sent_by_a_button(stage: Stage, browser: httpx.Client) -> None:
    kept: list[BankEvent] = []
    settings = ReceiverSettings(secret=SECRET, user_id="1")
    with listening(receiver_app(settings, keep=kept.extend, clock=Clock())) as address:
        to = Notify(to=f"{address}/webhooks")
        stage.panel.change(lambda now: now.model_copy(update={"notify": to}))
        assert "answered with 200" in submit(browser, "webhook", connection="101")
    assert [event.subject for event in kept] == ["101"]
    assert "Nobody answers" in submit(browser, "webhook", connection="101")


def test_without_a_secret_no_webhook_is_offered(stage: Stage) -> None:
    with listening(with_page(stage, secret=None)) as address:
        assert "/_sandbox/webhook" not in httpx.get(address).text
        asked = httpx.post(
            f"{address}/_sandbox/webhook", data={"connection": "101"}, headers={"Origin": address}
        )
    assert (asked.status_code, "POWENS_WEBHOOK_SECRET" in asked.text) == (400, True)


@pytest.mark.parametrize(
    ("form", "fields", "message"),
    [
        ("clock", {"to": "tomorrow"}, "Expected a step such as +3d"),
        ("clock", {}, "The field to is empty"),
        ("scenario", {"name": "<script>"}, "There is no scenario"),
        ("limit", {"calls": "0"}, "Expected a number such as 30, or off"),
        ("break", {"breakage": "x", "path": "*", "method": "*", "times": "1"}, "nothing that"),
        ("break", {"breakage": "reset", "path": "*", "method": "*", "times": "-1"}, "no times"),
        ("break", {"breakage": "reset", "path": "*" * 9000, "method": "*"}, "is empty"),
        ("mend", {"rule": "{}"}, "The rule to take away is none"),
        ("state", {"connection": "9", "state": "ok"}, "only 101, 102, 103."),
        ("delete", {"connection": "1e3"}, "Expected a whole number"),
        ("webhook", {"connection": "me"}, "about a connection"),
        ("nothing", {}, "There is no such form"),
    ],
)
def test_what_is_wrong_in_a_form_is_said_and_changes_nothing(
    browser: httpx.Client, stage: Stage, form: str, fields: dict[str, str], message: str
) -> None:
    before = stage.panel.read()
    said = submit(browser, form, **fields)
    assert said.startswith("alert: ")
    assert message in said
    assert stage.panel.read() == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Host": "[", "Origin": "http://["},
    ],
)
def test_other_pages_in_the_browser_change_nothing(
    browser: httpx.Client, stage: Stage, headers: dict[str, str]
) -> None:
    answer = browser.post("/_sandbox/clock", data={"to": "+3d"}, headers=headers)
    assert answer.status_code in {400, 403}
    assert not stage.panel.read().clock_ahead


def test_it_is_not_read_under_another_host_name(browser: httpx.Client) -> None:
    assert browser.get("/", headers={"Host": "evil.example"}).status_code == 403


def test_no_person_and_no_secret_is_on_it_or_in_its_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="pfo_dagster")
    canary = "Canary7Q"
    world = planted(household(7), canary)
    rule = Rule(breakage="reset", path="/<b>*")
    stage = Stage(
        seed=7,
        panel=ControlPanel(),
        state=SandboxState(),
        true_clock=Clock(),
        world=world,
    )
    stage.panel.change(lambda now: now.model_copy(update={"rules": (rule,)}))
    with listening(with_page(stage, secret=SECRET)) as address:
        for path in (
            "/users/me",
            f"/users/{canary}",
            "/FR7630006000011234567890189",
            "/12345678901",
        ):
            httpx.get(f"{address}/2.0{path}", params={"token": canary}, headers=TOKEN)
        page = httpx.get(address).text
    log = "\n".join(each.getMessage() for each in caplog.records if "pfo_dagster" in each.name)
    assert "GET /2.0/users/me: 200" in log
    for secret in (canary, SANDBOX_TOKEN, SECRET.get_secret_value(), "FR76", "12345678901", "<b>"):
        assert secret.lower() not in (page + log).lower()
    assert "/2.0/users/…" in page


def test_ten_thousand_accounts_are_counted_and_some_shown(browser: httpx.Client) -> None:
    submit(browser, "scenario", name="ten-thousand-accounts")
    page = browser.get("/").text
    assert "The first 60 of 10,000 accounts" in page
    assert "50 connections" in page
