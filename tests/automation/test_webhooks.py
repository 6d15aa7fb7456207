"""From a webhook to the runs it starts: a real socket, Dagster's real storage, its sensor."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
import typer
from pydantic import SecretStr

from pfo_dagster.automation.spool import Spool, bringing
from pfo_dagster.automation.webhooks import WEBHOOKS, keep_events, kept_events
from pfo_dagster.cli.receive import serve_webhooks
from pfo_dagster.openbanking.loopback import listening
from pfo_dagster.openbanking.powens.events import BankEvent, EventKind
from pfo_dagster.openbanking.powens.receiver import ReceiverSettings, receiver_app
from pfo_dagster.openbanking.powens.signature import DATE_HEADER, SIGNATURE_HEADER, sign
from pfo_dagster.resources import utc_now
from tests.ledger.builders import balance, connection, record, refresh
from tests.workflows.household import Household

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRET = SecretStr("hook-CANARY-9c")
BALANCES_JOB = "pfo_workflow_refresh_openbanking_balances"
TRANSACTIONS_JOB = "pfo_workflow_sync_openbanking_transactions"
ACCOUNTS_JOB = "pfo_workflow_sync_openbanking_accounts"


def synced(connection: int, minutes: int = 0, state: str | None = None) -> BankEvent:
    return BankEvent(
        kind=EventKind.CONNECTION_SYNCED,
        subject=str(connection),
        state=state,
        last_update=NOON + timedelta(minutes=minutes),
    )


class Automation:
    """The sensor of the real project, with a storage of its own and its cursor."""

    def __init__(self, home: Household, instance: dg.DagsterInstance) -> None:
        self.project = home.project().definitions
        self.ledger = home.ledger
        self.instance = instance
        self.cursor: str | None = None
        self.stored = threading.Event()

    def keep(self, *events: BankEvent) -> None:
        self.store(events)

    def store(self, events: Sequence[BankEvent]) -> None:
        keep_events(self.instance, events)
        self.stored.set()

    def look(self) -> list[dg.RunRequest]:
        sensor = self.project.resolve_sensor_def("powens_webhooks")
        with dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            repository_def=self.project.get_repository_def(),
            resources={"ledger": self.ledger},
        ) as context:
            result = sensor.evaluate_tick(context)
        self.cursor = result.cursor
        return list(result.run_requests or ())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Household:
    """One with a single bank, whose connection is 101."""
    home = Household(tmp_path_factory.mktemp("home") / "data")
    with home.ledger.writer() as writer:
        record(writer, refresh(), [balance()], connections=[connection(connection_id="101")])
    return home


@pytest.fixture
def automation(home: Household, tmp_path: Path) -> Generator[Automation]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield Automation(home, instance)


def jobs(requests: Sequence[dg.RunRequest]) -> list[str]:
    return sorted(request.job_name or "" for request in requests)


def test_a_sync_is_read_without_forcing_another(automation: Automation) -> None:
    automation.keep(synced(101))
    requests = automation.look()
    assert jobs(requests) == [BALANCES_JOB, TRANSACTIONS_JOB]
    [balances] = [request for request in requests if request.job_name == BALANCES_JOB]
    assert '"force": "never"' in json.dumps(balances.run_config)
    assert balances.run_key
    assert "101 2026-11-20T12:00:00+00:00" in balances.run_key
    assert automation.look() == []


def test_the_run_that_is_started_forces_nothing(tmp_path: Path) -> None:
    home = Household(tmp_path / "data")
    definitions = home.project().definitions
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        automation = Automation(home, instance)
        automation.keep(synced(101))
        [request] = [one for one in automation.look() if one.job_name == BALANCES_JOB]
        result = definitions.resolve_job_def(BALANCES_JOB).execute_in_process(
            instance=instance, run_config=request.run_config, raise_on_error=False
        )
    assert result.success
    assert home.published("FROM sync_attempts") == []


def test_repetitions_and_latecomers_start_nothing(automation: Automation) -> None:
    automation.keep(synced(101, minutes=5))
    first = automation.look()
    automation.keep(synced(101, minutes=5), synced(101, minutes=3), synced(101))
    assert automation.look() == []
    automation.cursor = None  # A sensor that was reset looks at everything again.
    assert [one.run_key for one in automation.look()] == [one.run_key for one in first]


def test_in_the_hour_that_occurs_twice_no_sync_is_late(automation: Automation) -> None:
    """02:50 in Paris, then 02:10 after the clocks went back: without an offset, an earlier time."""
    night = datetime(2026, 10, 25, tzinfo=UTC)

    def at(hour: int, minute: int) -> BankEvent:
        moment = night.replace(hour=hour, minute=minute)
        return dataclasses.replace(synced(101), last_update=moment)

    automation.keep(at(0, 50))
    automation.look()
    automation.keep(at(0, 10))
    assert jobs(automation.look()) == [BALANCES_JOB, TRANSACTIONS_JOB]
    automation.keep(at(2, 10))
    assert jobs(automation.look()) == [BALANCES_JOB, TRANSACTIONS_JOB]
    automation.keep(at(0, 20))
    assert automation.look() == [], "which is late by either reading"


def test_a_sync_that_needs_the_user_marks_the_connection_and_reads_no_transactions(
    automation: Automation,
) -> None:
    automation.keep(synced(101))
    automation.look()
    automation.keep(synced(101, state="SCARequired"))
    assert jobs(automation.look()) == [BALANCES_JOB]
    wrong = BankEvent(kind=EventKind.CONNECTION_SYNCED, subject="101", state="wrongpass")
    automation.keep(wrong, wrong)
    assert jobs(automation.look()) == [BALANCES_JOB], "also where it does not say as of when"
    automation.keep(wrong)
    assert automation.look() == []


def test_a_state_that_comes_back_starts_a_run_of_its_own(automation: Automation) -> None:
    keys: list[str | None] = []
    for state in ("SCARequired", "websiteUnavailable", "SCARequired"):
        automation.keep(synced(101, state=state))
        keys += [request.run_key for request in automation.look()]
    assert len(set(keys)) == 3, "Dagster starts a key once and for all"


def test_a_deletion_reads_the_accounts_once(automation: Automation) -> None:
    deletion = BankEvent(kind=EventKind.CONNECTION_DELETED, subject="101")
    automation.keep(deletion)
    assert jobs(automation.look()) == [ACCOUNTS_JOB]
    automation.keep(deletion)
    assert automation.look() == []
    automation.keep(synced(101))
    assert jobs(automation.look()) == [BALANCES_JOB, TRANSACTIONS_JOB], "it may be listed again"


def test_a_deletion_elsewhere_in_the_domain_is_none_of_ours(automation: Automation) -> None:
    automation.keep(BankEvent(kind=EventKind.CONNECTION_DELETED, subject="102"))
    assert automation.look() == []
    assert "102" not in (automation.cursor or "")


def test_an_observation_by_hand_is_no_event(automation: Automation) -> None:
    automation.instance.report_runless_asset_event(dg.AssetObservation(WEBHOOKS))
    assert automation.look() == []
    assert kept_events(automation.instance) == []


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


def signed(connection: int, *, minutes: int = 0) -> dict[str, Any]:
    """A request as Powens makes it, as arguments of `post`."""
    # 13:00 in Paris is noon in UTC, in November.
    at = datetime(2026, 11, 20, 13) + timedelta(minutes=minutes)  # noqa: DTZ001 - of Paris
    content = {
        "user": {"id": 1},
        "connection": {"id": connection, "id_user": 1, "state": None, "last_update": f"{at}"},
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


class Process(subprocess.Popen[str]):
    """A receiver, and what it printed until its end."""

    said = ""


@contextmanager
def receiver(folder: Path) -> Generator[tuple[Process, str]]:
    """`pfo webhooks serve` until the block ends, by when it is to have been ended."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = Process(
        [
            sys.executable, "-c", "from pfo_dagster.cli import main; main()",
            "webhooks", "serve", "--port", str(port),
        ],
        env={
            "PATH": os.environ["PATH"],
            "PFO_DATA_DIR": str(folder / "data"),
            "DAGSTER_HOME": str(folder / "dagster"),
            "POWENS_WEBHOOK_SECRET": SECRET.get_secret_value(),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
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
    assert f"127.0.0.1:{port} cannot be listened at: Address already in use" in said.err
    assert "--port" in said.err


def test_without_a_secret_nothing_is_received(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from pfo_dagster.cli import main; main()", "webhooks", "serve"],
        env={"PATH": os.environ["PATH"], "PFO_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "POWENS_WEBHOOK_SECRET is not set" in done.stderr
