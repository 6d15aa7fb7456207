"""How often Powens is called: never more than so many times a minute, by all processes together."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from pfo_dagster.openbanking import ErrorKind, open_powens
from pfo_dagster.openbanking.powens.onboarding import PowensOnboarding
from pfo_dagster.openbanking.powens.pacing import Pace, Quota
from tests.openbanking.support import (
    KEY,
    TOKEN,
    Call,
    Clock,
    Reply,
    client_of,
    refused,
    run,
    scripted,
)


def test_calls_keep_to_a_number_a_minute() -> None:
    clock = Clock()
    begun: list[float] = []

    def answer(_: Call) -> Reply:
        begun.append(clock.now.timestamp())
        return Reply({"id": 1})

    with scripted(answer) as (base_url, _):
        client = client_of(base_url, clock, quota=Quota(3))
        for _ in range(8):
            run(client.user())
    assert [later - begun[0] for later in begun] == [0, 0, 0, 61, 61, 61, 122, 122]


def test_calls_that_have_to_wait_are_served_in_turn() -> None:
    clock = Clock()
    served_in_turn: list[int] = []

    async def work() -> None:
        pace = Pace(Quota(2), clock=clock, sleep=clock.sleep)

        async def call(number: int) -> None:
            await pace.turn()
            served_in_turn.append(number)

        await asyncio.gather(*(call(number) for number in range(5)))

    run(work())
    assert served_in_turn == [0, 1, 2, 3, 4]
    assert clock.slept == [61, 61]


def test_a_clock_that_is_put_back_holds_nobody_up() -> None:
    clock = Clock()

    async def work() -> None:
        pace = Pace(Quota(1), clock=clock, sleep=clock.sleep)
        await pace.turn()
        clock.now -= timedelta(days=1)
        await pace.turn()

    run(work())
    assert clock.slept == []


@pytest.mark.parametrize(
    ("address", "asked_for", "most"),
    [
        ("https://acme-sandbox.biapi.pro/2.0", None, 30),
        ("https://acme-sandbox.biapi.pro/2.0", 12, 12),
        ("https://acme.biapi.pro/2.0", 45, 45),
        ("https://acme.biapi.pro/2.0", None, 99),
    ],
)
def test_a_sandbox_of_powens_is_asked_thirty_times_a_minute(
    address: str, asked_for: int | None, most: int
) -> None:
    clock = Clock()
    whole = httpx.MockTransport(lambda _: httpx.Response(200, content=b'{"id": 1}'))
    bank = open_powens(
        base_url=address,
        token=SecretStr(TOKEN),
        identity_key=KEY,
        quota=Quota(asked_for),
        transport=whole,
        clock=clock,
        sleep=clock.sleep,
    )

    async def work() -> int:
        calls = 0
        while not clock.slept and calls < 99:
            await bank.user_id()
            calls += 1
        return calls - len(clock.slept)

    assert run(work()) == most


def test_links_for_many_connections_are_asked_for_as_slowly_as_all_else(tmp_path: Path) -> None:
    clock = Clock()
    quota = Quota(2, tmp_path / "calls.json")
    code = Reply({"code": "a code"})
    with scripted(code, code, code) as (base_url, _):

        async def work() -> None:
            for _ in range(3):
                async with PowensOnboarding(
                    base_url, token=SecretStr(TOKEN), quota=quota, clock=clock, sleep=clock.sleep
                ) as onboarding:
                    await onboarding.temporary_code()

        run(work())
    assert clock.slept == [61]


def test_processes_that_share_a_file_count_together(tmp_path: Path) -> None:
    clock = Clock()
    file = tmp_path / "data" / "calls.json"

    def pace() -> Pace:
        return Pace(Quota(3, file), clock=clock, sleep=clock.sleep)

    for _ in range(3):
        run(pace().turn())
    assert clock.slept == []
    run(pace().turn())
    assert clock.slept == [61]
    assert (file.stat().st_mode & 0o777) == 0o600


@pytest.mark.parametrize("text", ["", "[1.0, 2", "{}", "[null]", "7", "no JSON"])
def test_a_file_that_a_killed_process_left_half_written_holds_nobody_up(
    tmp_path: Path, text: str
) -> None:
    clock = Clock()
    file = tmp_path / "calls.json"
    file.write_text(text)
    run(Pace(Quota(1, file), clock=clock, sleep=clock.sleep).turn())
    assert clock.slept == []
    assert file.read_text() == f"[{clock.now.timestamp()}]"


def test_where_calls_cannot_be_counted_none_is_made(tmp_path: Path) -> None:
    (tmp_path / "calls.json").mkdir()
    with scripted(Reply({"id": 1})) as (base_url, script):
        client = client_of(base_url, quota=Quota(1, tmp_path / "calls.json"))
        error = refused(client.user())
    assert error.kind is ErrorKind.FATAL
    assert "PFO_DATA_DIR" in str(error)
    assert script.calls == []
