"""Webhooks as Powens sends them, signed: about the connections and the user of the sandbox.

`connection_synced`, `connection_deleted` and `user_deleted` write what an event says, `past_syncs`
any number of different ones; `send` posts them. `announcements` sends by itself what came to be.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle
from typing import TYPE_CHECKING, Final

import httpx

from pfo_dagster.openbanking.powens.addresses import is_loopback
from pfo_dagster.openbanking.powens.events import EventKind
from pfo_dagster.openbanking.powens.signature import DATE_HEADER, SIGNATURE_HEADER, sign
from pfo_dagster.openbanking.sandbox import wire
from pfo_dagster.openbanking.sandbox.interventions import require_connection
from pfo_dagster.openbanking.sandbox.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from pydantic import SecretStr

    from pfo_dagster.openbanking.sandbox.stage import Stage

RECEIVER: Final = "http://127.0.0.1:8913/webhooks"
"""Where `pfo webhooks serve` listens; the event's kind is the last part of the path."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An event: its kind, which the path tells, and its body, which does not."""

    kind: EventKind
    body: bytes


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back: how many answers of each status, and the seconds that the slowest took."""

    by_status: Mapping[int, int]
    slowest: float

    @property
    def are_good(self) -> bool:
        """Whether all were taken."""
        return set(self.by_status) <= {200}


def connection_synced(stage: Stage, connection_id: int, *, days_ago: int = 0) -> Webhook:
    """A sync of the connection ended, as it is now, or as it was some days ago.

    Raises `ValueError` for a connection that there is not.
    """
    return _synced(stage, connection_id, stage.clock() - timedelta(days=days_ago))


def previous_sync(stage: Stage, connection_id: int) -> Webhook:
    """The sync before the last one ended: what comes late where webhooks overtake each other.

    Raises `ValueError` for a connection that there is not.
    """
    last = _timeline(stage, connection_id).last_update(stage.clock())
    return _synced(stage, connection_id, last - timedelta(seconds=1))


def past_syncs(stage: Stage) -> Iterator[Webhook]:
    """All syncs of all connections, without end, newest first, in turn; no two are the same.

    Raises `ValueError` where there is no connection.
    """
    if not stage.world.connections:
        raise ValueError("There is no connection left in the sandbox that could be synced.")
    now = stage.clock()
    looked_at = {plan.connection_id: now for plan in stage.world.connections}
    for connection_id in cycle(list(looked_at)):
        moment = looked_at[connection_id]
        yield _synced(stage, connection_id, moment)
        synced = _timeline(stage, connection_id).last_update(moment)
        looked_at[connection_id] = synced - timedelta(seconds=1)


def connection_deleted(connection_id: int) -> Webhook:
    """A connection was deleted."""
    return Webhook(EventKind.CONNECTION_DELETED, wire.dumps({"id": connection_id}))


def user_deleted(user_id: int) -> Webhook:
    """The user was deleted, with all connections."""
    return Webhook(EventKind.USER_DELETED, wire.dumps({"id": user_id}))


def checked_receiver(address: str) -> str:
    """The address before the event's kind, if it is on this computer; else `ValueError`."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme != "http" or not is_loopback(url.host) or url.query or url.fragment:
        raise ValueError(
            f"{address!r} is no receiver. The sandbox sends to this computer alone: "
            "http://127.0.0.1:<port>/<path>, to which it adds the event, as /connection-synced."
        )
    return address.rstrip("/")


async def send(
    address: str,
    webhooks: Sequence[Webhook],
    *,
    secret: SecretStr,
    at: datetime,
    at_once: int = 1,
) -> Answers:
    """Post webhooks, signed at the instant `at`, to a receiver on this computer.

    One after the other, or so many at once, in any order. Raises `ValueError` for an address
    elsewhere, and `ConnectionError` where nobody answers.
    """
    receiver = checked_receiver(address)
    left = iter(webhooks)
    by_status: dict[int, int] = {}
    slowest = 0.0

    async def post(client: httpx.AsyncClient) -> None:
        nonlocal slowest
        for webhook in left:
            url = httpx.URL(f"{receiver}/{webhook.kind}")
            began = time.perf_counter()
            headers = _signed(secret, url.path, webhook.body, at)
            status = (await client.post(url, content=webhook.body, headers=headers)).status_code
            slowest = max(slowest, time.perf_counter() - began)
            by_status[status] = by_status.get(status, 0) + 1

    try:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            await asyncio.gather(*(post(client) for _ in range(at_once)))
    except httpx.TransportError as error:
        problem = f"Nobody answers at {receiver} ({type(error).__name__})."
        raise ConnectionError(f"{problem} Start `pfo webhooks serve`.") from None
    return Answers(by_status, slowest)


def _synced(stage: Stage, connection_id: int, moment: datetime) -> Webhook:
    world = stage.world
    plan = require_connection(world, connection_id)
    timeline = _timeline(stage, connection_id)
    now = moment.replace(microsecond=0)
    connection = wire.connection(plan, timeline, world, now, with_connector=True)
    accounts: list[object] = []
    body = {"user": {"id": world.user_id}, "connection": {**connection, "accounts": accounts}}
    return Webhook(EventKind.CONNECTION_SYNCED, wire.dumps(body))


def _timeline(stage: Stage, connection_id: int) -> Timeline:
    plan = require_connection(stage.world, connection_id)
    return Timeline(plan, stage.state.forced_syncs(connection_id))


def _signed(secret: SecretStr, path: str, body: bytes, at: datetime) -> dict[str, str]:
    date = at.isoformat(timespec="seconds")
    signature = sign(secret, path=path, date=date, body=body)
    return {DATE_HEADER: date, SIGNATURE_HEADER: signature}
