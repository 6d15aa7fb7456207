"""The commands of `pfo sandbox` as people type them: those of `docs/sandbox.md`, and wrong ones."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from pfo_dagster.cli.app import app
from pfo_dagster.cli.sandbox_setting import stage_of
from pfo_dagster.config import load_settings
from pfo_dagster.installed_ledger import bank_clock, open_ledger
from pfo_dagster.openbanking.loopback import listening
from pfo_dagster.openbanking.powens.events import BankEvent
from pfo_dagster.openbanking.powens.receiver import ReceiverSettings, receiver_app
from tests.processes import PFO

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line, comments=True)[1:]
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
SECRET = "what the receiver has"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PFO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("POWENS_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path / "data"


@pytest.fixture
def kept() -> list[BankEvent]:
    return []


@pytest.fixture
def receiver(kept: list[BankEvent]) -> Iterator[str]:
    settings = ReceiverSettings(secret=SecretStr(SECRET), user_id="1")
    app = receiver_app(settings, keep=kept.extend, clock=lambda: datetime.now(UTC))
    with listening(app) as address:
        yield f"{address}/webhooks"


def pfo(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_every_command_of_the_page_works(receiver: str) -> None:
    assert len(COMMANDS) > 12
    for command in COMMANDS:
        sends = command[1] in {"webhook", "burst"}
        if sends and "user" not in command:
            # What was done by the commands before may have taken away what this one is about.
            assert pfo("sandbox", "reset").exit_code == 0
        done = pfo(*command, *(["--to", receiver] if sends else []))
        assert done.exit_code == 0, (command, done.output)
        assert done.output, command


def test_a_connection_is_put_into_a_state_and_mended() -> None:
    done = pfo("sandbox", "state", "101", "SCARequired")
    assert done.exit_code == 0
    assert "101: SCARequired" in done.output
    assert "101: ok" in pfo("sandbox", "state", "101", "ok").output
    assert "state " not in pfo("sandbox", "reset").output


def test_what_is_told_to_be_deleted_is_deleted(receiver: str, kept: list[BankEvent]) -> None:
    done = pfo("sandbox", "webhook", "103", "--deleted", "--to", receiver)
    assert done.exit_code == 0, done.output
    assert "answered with 200: 1" in done.output
    assert "deleted   connection 103" in pfo("sandbox", "show").output
    refused = pfo("sandbox", "webhook", "103", "--to", receiver)
    assert (refused.exit_code, "only 101, 102." in refused.output) == (2, True)
    again = pfo("sandbox", "webhook", "103", "--deleted", "--to", receiver)
    assert again.exit_code == 0
    assert pfo("sandbox", "webhook", "user", "--deleted", "--to", receiver).exit_code == 0
    assert "the user: the token is refused" in pfo("sandbox", "show").output
    assert [event.kind.value for event in kept] == ["connection-deleted", "user-deleted"]


def test_a_burst_is_of_different_events(receiver: str, kept: list[BankEvent]) -> None:
    done = pfo("sandbox", "burst", "120", "--at-once", "20", "--to", receiver)
    assert done.exit_code == 0, done.output
    assert "answered with 200: 120" in done.output
    assert len({event.key for event in kept}) == 120


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("clock tomorrow", "Expected a step such as +3d"),
        ("clock +99999999d", "no time for the sandbox's clock"),
        ("scenario doomsday", "Choose one of: household"),
        ("break gremlins", "Choose status:<400-599>"),
        ("limit 0", "Expected a number such as 30, or off"),
        ("limit many", "Expected a number such as 30, or off"),
        ("state 101 Sick", "SCARequired"),
        ("state 9 ok", "only 101, 102, 103."),
        ("webhook 9", "only 101, 102, 103."),
        ("webhook mine", "neither the id of a connection"),
        ("webhook user", "only --deleted to tell"),
        ("webhook 101 --to https://example.org/hook", "this computer alone"),
        ("webhook 101 --deleted --to http://example.org/hook", "this computer alone"),
        ("notify http://example.org/hook", "this computer alone"),
        ("burst 5 --to nonsense", "this computer alone"),
    ],
)
def test_a_wrong_call_says_what_was_expected_and_changes_nothing(
    command: str, message: str, data: Path
) -> None:
    done = pfo("sandbox", *shlex.split(command))
    assert (done.exit_code, message in done.output.replace("\n", " ")) == (2, True), done.output
    assert not (data / "sandbox-controls.json").exists()


def test_webhooks_need_a_secret_and_a_receiver(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(
        app=receiver_app(
            ReceiverSettings(secret=SecretStr(SECRET), user_id="1"),
            keep=lambda _: None,
            clock=lambda: datetime.now(UTC),
        )
    ) as gone:
        refused = pfo("sandbox", "webhook", "101", "--to", f"{gone}/elsewhere")
        assert (refused.exit_code, "answered with 404: 1" in refused.output) == (1, True)
    silent = pfo("sandbox", "webhook", "101", "--to", f"{gone}/webhooks")
    assert (silent.exit_code, "Start `pfo webhooks serve`" in silent.output) == (1, True)
    monkeypatch.delenv("POWENS_WEBHOOK_SECRET")
    without = pfo("sandbox", "webhook", "103", "--deleted")
    assert (without.exit_code, "POWENS_WEBHOOK_SECRET is not set" in without.output) == (2, True)
    assert "deleted" not in pfo("sandbox", "show").output


def test_a_run_lives_by_the_sandboxs_clock_and_refuses_to_go_back() -> None:
    settings = load_settings()
    pfo("sandbox", "clock", "+3d")
    banks, ledger = bank_clock(settings)(), open_ledger(settings).now()
    assert banks - datetime.now(UTC) > timedelta(days=2)
    assert ledger - banks < timedelta(minutes=1)

    stage_of(settings).state.read_at(banks)
    assert "Runs refuse it" in pfo("sandbox", "clock", "reset").output
    refused = pfo("run", "pfo.workflow.sync-openbanking-accounts")
    assert refused.exit_code == 1
    assert "The sandbox's clock was put back" in refused.output
    assert "Traceback" not in refused.output


def test_a_port_that_is_taken_is_an_error_and_no_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = pfo("sandbox", "serve", "--port", f"{port}")
    assert (done.exit_code, f"Port {port} cannot be listened at" in done.output) == (1, True)


def test_it_is_served_with_its_page_and_sends_webhooks_by_itself(
    receiver: str, kept: list[BankEvent]
) -> None:
    pfo("sandbox", "notify", receiver)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*PFO, "sandbox", "serve", "--port", f"{port}"], stdout=subprocess.PIPE
    ) as served:
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}",
                transport=httpx.HTTPTransport(retries=8),
            ) as client:
                assert "Powens sandbox" in client.get("/").text
                assert client.get("/2.0/currencies").status_code == 200
                pfo("sandbox", "state", "101", "bug")
                until = time.monotonic() + 20
                while not kept and time.monotonic() < until:
                    client.get("/2.0/currencies")
        finally:
            served.send_signal(signal.SIGINT)
            assert served.wait(10) == 0
    assert [(event.subject, event.state) for event in kept] == [("101", "bug")]
