"""The client against a server that notes whatever a careful client would not send.

What operations send over days, in all scenarios, is in `tests/operations/test_careful.py`.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

import httpx
import pytest
from pydantic import SecretStr

from pfo_dagster.openbanking import ProviderError, open_powens
from pfo_dagster.openbanking.sandbox import (
    SANDBOX_TOKEN,
    ControlPanel,
    Controls,
    SandboxState,
    Stage,
    scenario_set,
)
from tests.openbanking.strict_server import StrictServer
from tests.openbanking.support import KEY, NOON, Clock, run


def strict_of(name: str, clock: Clock) -> StrictServer:
    panel = ControlPanel(controls=scenario_set(Controls(), name, NOON))
    stage = Stage(seed=7, panel=panel, state=SandboxState(), true_clock=clock, sleep=clock.sleep)
    return StrictServer(stage, token=SANDBOX_TOKEN, host="localhost", clock=clock)


async def read_everything(strict: StrictServer, clock: Clock) -> None:
    """All that the client can ask, with one forced sync; refusals are the scenario's own."""
    async with open_powens(
        base_url="http://localhost/2.0",
        token=SecretStr(SANDBOX_TOKEN),
        identity_key=KEY,
        transport=httpx.ASGITransport(app=strict),
        clock=clock,
        sleep=clock.sleep,
    ) as provider:
        for _ in range(2):  # as the scenario of rate limits refuses two calls
            with suppress(ProviderError):
                await provider.user_id()
            await clock.sleep(60)
        connections = (await provider.connections()).connections
        accounts = (await provider.accounts()).accounts
        await provider.transactions(since=date(2026, 1, 1), changed_after=NOON - timedelta(days=9))
        await provider.computed_balances(
            accounts[0].account_id, since=date(2026, 3, 1), until=date(2026, 3, 18)
        )
        healthy = [each for each in connections if each.state_detail is None]
        for connection in healthy[:1]:
            await provider.sync(connection)


@pytest.mark.parametrize("name", ["household", "rate-limits"])
def test_nothing_careless_is_sent_by_any_call_of_the_client(name: str) -> None:
    clock = Clock()
    strict = strict_of(name, clock)
    run(read_everything(strict, clock))
    assert strict.violations == []
    assert strict.calls >= 6


@pytest.mark.parametrize(
    ("method", "address", "problem"),
    [
        ("GET", "/2.0/users/me/transactions", "limit is missing"),
        ("GET", "/2.0/users/me/transactions?limit=1001&filter=date", "above 1000"),
        ("PUT", "/2.0/users/me/connections/101", "psu_requested"),
        ("DELETE", "/2.0/users/me/connections/101", "changes something"),
        ("GET", "/2.0/nowhere", "no such call"),
    ],
)
def test_what_is_careless_is_noted(method: str, address: str, problem: str) -> None:
    strict = strict_of("household", Clock())

    async def call() -> None:
        transport = httpx.ASGITransport(app=strict)
        headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await client.request(method, address, headers=headers)

    run(call())
    assert any(problem in violation for violation in strict.violations)


def test_a_fifth_sync_a_31st_call_and_a_wrong_token_are_noted() -> None:
    strict = strict_of("household", Clock())

    async def call() -> None:
        transport = httpx.ASGITransport(app=strict)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            for _ in range(31):
                await client.put("/2.0/users/me/connections/101?psu_requested=false")

    run(call())
    said = " ".join(strict.violations)
    assert "a fifth forced sync" in said
    assert "more than 30 calls" in said
    assert "the token is missing" in said
