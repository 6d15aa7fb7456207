"""Webhooks as Powens sends them, signed: about the connections of the sandbox."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import httpx

from pfo_dagster.openbanking.powens.signature import DATE_HEADER, SIGNATURE_HEADER, sign
from pfo_dagster.openbanking.sandbox import wire
from pfo_dagster.openbanking.sandbox.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pydantic import SecretStr

    from pfo_dagster.openbanking.sandbox.stage import Stage


def connection_synced(stage: Stage, connection_id: int, *, days_ago: int = 0) -> bytes:
    """The body of an event: the connection as it is now, or as it was some days ago.

    Raises `ValueError` for a connection that there is not.
    """
    world = stage.world
    plan = world.connection(connection_id)
    if plan is None:
        known = ", ".join(str(each.connection_id) for each in world.connections)
        raise ValueError(f"There is no connection {connection_id} in the sandbox, only {known}.")
    now = stage.clock().replace(microsecond=0) - timedelta(days=days_ago)
    timeline = Timeline(plan, stage.state.forced_syncs(connection_id))
    connection = wire.connection(plan, timeline, world, now, with_connector=True)
    return wire.dumps({"user": {"id": world.user_id}, "connection": {**connection, "accounts": []}})


def deleted(subject: int) -> bytes:
    """The body of an event that tells of a deleted connection or user."""
    return wire.dumps({"id": subject})


def send(url: str, bodies: Sequence[bytes], *, secret: SecretStr, at: datetime) -> dict[int, int]:
    """Post signed bodies in their order to a receiver on this computer; counts answers by status.

    Raises `ValueError` for an address elsewhere, and `ConnectionError` where nobody answers.
    """
    address = httpx.URL(url)
    if address.scheme != "http" or address.host not in {"127.0.0.1", "localhost", "::1"}:
        raise ValueError("The sandbox sends to this computer alone: http://127.0.0.1:<port>/…")
    date = at.isoformat(timespec="seconds")
    counted: dict[int, int] = {}
    try:
        with httpx.Client(timeout=10, trust_env=False) as client:
            for body in bodies:
                signature = sign(secret, path=address.path, date=date, body=body)
                headers = {DATE_HEADER: date, SIGNATURE_HEADER: signature}
                status = client.post(address, content=body, headers=headers).status_code
                counted[status] = counted.get(status, 0) + 1
    except httpx.TransportError as error:
        problem = f"Nobody answers at {url} ({type(error).__name__}). Start `pfo webhooks serve`."
        raise ConnectionError(problem) from None
    return counted
