"""`pfo webhooks serve`: bursts over HTTP, its death at a bad moment, and how it starts."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
import typer
from pydantic import SecretStr

from pfo_dagster.automation.spool import Spool, bringing
from pfo_dagster.automation.webhooks import kept_events
from pfo_dagster.cli.receive import OurStorage, serve_webhooks
from pfo_dagster.openbanking.errors import AccessRefusedError, ErrorKind, ProviderError
from pfo_dagster.openbanking.loopback import listening
from pfo_dagster.openbanking.powens.events import BankEvent, EventKind
from pfo_dagster.openbanking.powens.receiver import ReceiverSettings, receiver_app
from pfo_dagster.openbanking.powens.signature import DATE_HEADER, SIGNATURE_HEADER, sign
from pfo_dagster.openbanking.sandbox.for_tests import PowensSandbox
from pfo_dagster.resources import utc_now
from tests.automation.hooks import (
    ACCOUNTS_JOB,
    BALANCES_JOB,
    TRANSACTIONS_JOB,
    Automation,
    jobs,
    synced,
)
from tests.processes import PFO
from tests.workflows.household import Household

SECRET = SecretStr("hook-CANARY-9c")


def test_a_burst_of_a_thousand_loses_none_and_starts_one_run_of_each_for_a_look(
    automation: Automation, tmp_path: Path
) -> None:
    """In any order and some twice, while the storage is written to and the sensor looks."""
    spool = Spool(tmp_path / "webhooks")
    numbers = [*range(1000), *range(0, 1000, 5)]
    random.Random(4).shuffle(numbers)  # noqa: S311 - no secret
    app = receiver_app(ReceiverSettings(secret=SECRET, user_id="1"), keep=spool.add, clock=utc_now)
    with listening(app) as address, bringing(spool, automation.store, every=0.1):
        assert asyncio.run(burst(address, numbers[:700])) == {200}
        automation.stored.wait(10)
        during = automation.look()
        assert asyncio.run(burst(address, numbers[700:])) == {200}
    assert spool.waiting() == []
    assert len({event.key for event in kept_events(automation.instance, entries=2000)}) == 1000
    assert jobs(during) == jobs(automation.look()) == [BALANCES_JOB, TRANSACTIONS_JOB]
    assert automation.look() == []


async def burst(address: str, numbers: Sequence[int]) -> set[int]:
    """Send so many events, fifty at a time; the statuses of the answers."""
    gate = asyncio.Semaphore(50)
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:

        async def send(number: int) -> int:
            async with gate:
                event = signed(number % 50, minutes=number // 50)
                return (await client.post(**event)).status_code

        return set(await asyncio.gather(*(send(number) for number in numbers)))


def test_what_a_crash_brings_twice_starts_nothing_twice(
    automation: Automation, tmp_path: Path
) -> None:
    spool = Spool(tmp_path / "webhooks")
    spool.add([synced(101), BankEvent(kind=EventKind.USER_DELETED, subject="1")])

    def keep_and_die(events: Sequence[BankEvent]) -> None:
        automation.keep(*events)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spool.bring(keep_and_die)
    assert jobs(automation.look()) == [BALANCES_JOB, ACCOUNTS_JOB, TRANSACTIONS_JOB]
    assert spool.bring(automation.store) == 2
    assert automation.look() == []


def signed(connection: int, *, minutes: int = 0, user: int = 1) -> dict[str, Any]:
    """A request as Powens makes it, as arguments of `post`."""
    # 13:00 in Paris is noon in UTC, in November.
    at = datetime(2026, 11, 20, 13) + timedelta(minutes=minutes)  # noqa: DTZ001 - of Paris
    content = {
        "user": {"id": user},
        "connection": {"id": connection, "id_user": user, "state": None, "last_update": f"{at}"},
    }
    body, path = json.dumps(content).encode(), "/webhooks/connection-synced"
    signature = sign(SECRET, path=path, date="0", body=body)
    headers = {SIGNATURE_HEADER: signature, DATE_HEADER: "0"}
    return {"url": path, "content": body, "headers": headers}


def test_a_receiver_that_is_killed_after_its_answer_has_lost_nothing(
    home: Household, tmp_path: Path
) -> None:
    """In processes of their own: one is killed, the next one brings what the first one answered."""
    with receiver(tmp_path) as (process, address):
        hook = {**signed(101), "url": f"{address}/webhooks/connection-synced"}
        assert httpx.post(**hook).json() == {"outcome": "kept"}
        process.kill()
    assert "Receiving for user 1" in process.said
    with receiver(tmp_path) as (process, address):
        hook["url"] = f"{address}/webhooks/connection-synced"
        assert httpx.post(**hook).json() == {"outcome": "known"}
        process.terminate()
    assert SECRET.get_secret_value() not in process.said
    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as instance:
        assert [event.subject for event in kept_events(instance)] == ["101"]
        assert jobs(Automation(home, instance).look()) == [BALANCES_JOB, TRANSACTIONS_JOB]


def test_a_receiver_that_starts_while_powens_is_down_keeps_all_and_compares_later(
    tmp_path: Path,
) -> None:
    spool = Spool(tmp_path / "data" / "webhooks")
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/2.0"
    powens = {"POWENS_BASE_URL": closed, "POWENS_USER_TOKEN": "token"}
    with receiver(tmp_path, **powens) as (process, address):
        for user in (1, 2):
            hook = signed(100 + user, user=user)
            sent = {**hook, "url": f"{address}/webhooks/connection-synced"}
            assert httpx.post(**sent).json() == {"outcome": "kept"}
        process.terminate()
    assert "could not be reached" in process.said
    assert "kept, and none is acted on" in process.said
    assert [event.user_id for event in spool.waiting()] == ["1", "2"]

    asked: list[float] = []
    now = 0.0

    def ask() -> str:
        asked.append(now)
        if now < 60:
            raise ProviderError("down", kind=ErrorKind.RETRYABLE)
        return "1"

    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as instance:
        storage = OurStorage(instance, ask, clock=lambda: now)
        for now in (0.0, 1.0, 29.0, 31.0):  # noqa: B007 - read by the clock
            with pytest.raises(ProviderError):
                spool.bring(storage.keep)
        now = 61.0
        assert spool.bring(storage.keep) == 2
        assert [event.subject for event in kept_events(instance)] == ["101"]
    assert asked == [0.0, 31.0, 61.0], "Powens is not asked each second"


def test_a_receiver_whose_token_is_refused_still_brings_what_another_one_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, powens_sandbox: PowensSandbox
) -> None:
    """Such as that the user was deleted, whose token opens nothing any more."""
    deletion = BankEvent(kind=EventKind.USER_DELETED, subject="1")
    Spool(tmp_path / "data" / "webhooks").add([deletion])
    powens_sandbox.delete_user()
    where = {"POWENS_BASE_URL": powens_sandbox.base_url, "POWENS_USER_TOKEN": powens_sandbox.token}
    for name, value in {**environment(tmp_path), **where}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with pytest.raises(AccessRefusedError):
        serve_webhooks(host="127.0.0.1", port=0, max_age_seconds=0, signed_prefix="")
    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as instance:
        assert kept_events(instance) == [deletion]


def environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PFO_DATA_DIR": str(folder / "data"),
        "DAGSTER_HOME": str(folder / "dagster"),
        "POWENS_WEBHOOK_SECRET": SECRET.get_secret_value(),
    }


class Process(subprocess.Popen[str]):
    """A receiver, and what it printed until its end."""

    said = ""


@contextmanager
def receiver(folder: Path, **settings: str) -> Generator[tuple[Process, str]]:
    """`pfo webhooks serve` until the block ends, by when it is to have been ended."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = Process(
        [*PFO, "webhooks", "serve", "--port", str(port)],
        env={**environment(folder), **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address)
        yield process, address
        process.said = process.communicate(timeout=30)[0]
    finally:
        process.kill()


def wait_for(address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{address}/health").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the receiver did not start")


def test_an_address_that_is_taken_is_said_before_anybody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PFO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("POWENS_WEBHOOK_SECRET", SECRET.get_secret_value())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(typer.Exit) as stopped:
            serve_webhooks(host="127.0.0.1", port=port, max_age_seconds=0, signed_prefix="")
    assert stopped.value.exit_code == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert f"cannot listen at 127.0.0.1, port {port}: Address already in use." in said.err
    assert "--port" in said.err


def test_without_a_secret_nothing_is_received(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        [*PFO, "webhooks", "serve"],
        env={"PATH": os.environ["PATH"], "PFO_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "POWENS_WEBHOOK_SECRET is not set" in done.stderr
