"""What several tests of open banking need: a clock, a server with a script, small worlds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import settings
from pydantic import SecretStr

from pfo_dagster.openbanking import ProviderError, open_powens
from pfo_dagster.openbanking.powens.client import PowensClient
from pfo_dagster.openbanking.powens.exchange import Timeouts
from pfo_dagster.openbanking.powens.provider import PowensProvider
from pfo_dagster.openbanking.sandbox import (
    SANDBOX_TOKEN,
    AccountPlan,
    ConnectionPlan,
    Faults,
    SandboxState,
    World,
    sandbox_app,
)
from pfo_dagster.openbanking.sandbox.server import running
from pfo_dagster.openbanking.sandbox.wire import dumps

if TYPE_CHECKING:
    from collections.abc import Generator

    from starlette.types import Receive, Scope, Send

T = TypeVar("T")

NOON = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
KEY = b"an identity key for tests"
TOKEN = "tok-CANARY-7f3a9c"


law = settings(deadline=None, max_examples=60)
"""For properties: no deadline, since the machine may be busy with other things."""

_RUNNER = asyncio.Runner()
"""One event loop for all tests: a provider belongs to the loop that it was first used in."""


def run(work: Coroutine[Any, Any, T]) -> T:
    return _RUNNER.run(work)


def refused(work: Coroutine[Any, Any, object]) -> ProviderError:
    """The error that the work must end with."""
    with pytest.raises(ProviderError) as caught:
        run(work)
    return caught.value


@dataclass
class Clock:
    """A clock that only moves when somebody sleeps."""

    now: datetime = NOON
    slept: list[float] = field(default_factory=list[float])

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Call:
    """A request as the server saw it."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """What the scripted server answers; `content` is sent as JSON unless `body` is given."""

    content: object = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None


class Script:
    """A server on a real socket that gives the replies in turn, the last one for good."""

    def __init__(self, *replies: Reply | Callable[[Call], Reply]) -> None:
        self.calls: list[Call] = []
        self._replies = list(replies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        call = Call(scope["method"], scope["path"], scope["query_string"].decode(), headers)
        self.calls.append(call)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if not isinstance(reply, Reply):
            reply = reply(call)
        body = dumps(reply.content) if reply.body is None else reply.body
        raw = {"content-type": "application/json", "content-length": str(len(body))}
        raw.update(reply.headers)
        pairs = [(name.encode(), value.encode()) for name, value in raw.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
        await send({"type": "http.response.body", "body": body})


@contextmanager
def scripted(*replies: Reply | Callable[[Call], Reply]) -> Generator[tuple[str, Script]]:
    """A scripted server and its base URL."""
    script = Script(*replies)
    with running(script) as base_url:
        yield base_url, script


def client_of(base_url: str, clock: Clock | None = None, **settings: Any) -> PowensClient:
    clock = clock or Clock()
    return PowensClient(
        base_url=base_url, token=SecretStr(TOKEN), clock=clock, sleep=clock.sleep, **settings
    )


def provider_of(
    base_url: str,
    clock: Clock | None = None,
    token: str = TOKEN,
    timeouts: Timeouts | None = None,
) -> PowensProvider:
    clock = clock or Clock()
    return open_powens(
        base_url=base_url,
        token=SecretStr(token),
        identity_key=KEY,
        timeouts=timeouts,
        clock=clock,
        sleep=clock.sleep,
    )


@contextmanager
def sandboxed(
    world: World,
    clock: Clock | None = None,
    faults: Faults | None = None,
    timeouts: Timeouts | None = None,
) -> Generator[PowensProvider]:
    """The sandbox of a world on a real socket, and a provider that speaks to it as to Powens."""
    clock = clock or Clock()
    app = sandbox_app(world=world, clock=clock, state=SandboxState(), faults=faults)
    with running(app) as base_url:
        yield provider_of(base_url, clock, token=SANDBOX_TOKEN, timeouts=timeouts)


def bank(**changes: Any) -> ConnectionPlan:
    plan: dict[str, Any] = {
        "connection_id": 7,
        "connector_id": 40,
        "connector_uuid": "5f0c2f1e-4c3a-5d0b-9a55-0d1f3b6a7c99",
        "institution": "Test Bank",
    }
    return ConnectionPlan(**{**plan, **changes})


def held(account_id: int, amount: str, currency: str = "EUR", **changes: Any) -> AccountPlan:
    """An account on which nothing ever happens."""
    plan: dict[str, Any] = {
        "account_id": account_id,
        "connection_id": 7,
        "name": f"Account {account_id}",
        "kind": "checking",
        "currency": currency,
        "opening": Decimal(amount),
    }
    return AccountPlan(**{**plan, **changes})


def world_of(*accounts: AccountPlan, connections: Iterable[ConnectionPlan] = ()) -> World:
    return World(seed=1, connections=tuple(connections) or (bank(),), accounts=accounts)
