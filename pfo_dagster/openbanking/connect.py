"""Where a provider comes from: the real Powens, or the built-in sandbox in its place.

The one module that puts a client and a mapping together; everything else is handed the result.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from pfo_dagster.openbanking.powens.addresses import address_label, validate_base_url
from pfo_dagster.openbanking.powens.client import PowensClient
from pfo_dagster.openbanking.powens.exchange import Timeouts
from pfo_dagster.openbanking.powens.pacing import Quota
from pfo_dagster.openbanking.powens.provider import PowensProvider
from pfo_dagster.openbanking.sandbox import (
    SANDBOX_TOKEN,
    UNKNOWN_HOST,
    InProcessTransport,
    SandboxState,
    Stage,
    WithoutAnswer,
    household,
    sandbox_app,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import httpx
    from starlette.types import ASGIApp

    from pfo_dagster.openbanking.sandbox import ControlPanel, Faults, World

SANDBOX: Final = "sandbox"
"""The name of the made-up provider, in every record that comes from it."""

# Nobody may take a message about it for one about a server.
_SANDBOX_ADDRESS: Final = f"http://{UNKNOWN_HOST}/2.0"
_SANDBOX_KEY: Final = b"made-up accounts, made-up identities"
_SHORTEST_KEY: Final = 16


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


def open_powens(
    *,
    base_url: str,
    token: SecretStr,
    identity_key: bytes,
    timeouts: Timeouts | None = None,
    quota: Quota | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> PowensProvider:
    """Powens at `base_url` (see `powens_base_url`), for the user of a permanent user token.

    Calls nothing yet. `identity_key` (16 secret bytes or more, the same for good) keys the hashes
    by which accounts are recognised. The data is named `powens:<domain>`, after the address.
    Calls keep to `quota`, by default to what one of Powens' sandboxes takes, at such an address.
    `clock` gives the time in UTC, `sleep` waits (seconds). Raises `ProviderError` for an address or
    a token that cannot be right.
    """
    address = validate_base_url(base_url)
    if len(identity_key) < _SHORTEST_KEY:
        raise ValueError(f"identity_key must have at least {_SHORTEST_KEY} bytes")
    timeouts = timeouts or Timeouts()
    client = PowensClient(
        base_url=address,
        token=token,
        clock=clock,
        timeouts=timeouts,
        quota=(quota or Quota()).at(address),
        transport=transport,
        sleep=sleep,
    )
    return PowensProvider(
        name=f"powens:{address_label(address)}",
        client=client,
        timeouts=timeouts,
        identity_key=identity_key,
        clock=clock,
        sleep=sleep,
    )


def open_sandbox(
    *,
    seed: int,
    clock: Callable[[], datetime] = utc_now,
    state_path: Path | None = None,
    world: World | None = None,
    faults: Faults | None = None,
    panel: ControlPanel | None = None,
    timeouts: Timeouts | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> PowensProvider:
    """The built-in sandbox, in this process, through the client of the real API.

    Its household is made from `seed`, or given as `world`. Forced syncs are remembered in the file
    `state_path`, or until the provider is closed. With a `panel`, its controls decide the clock,
    the scenario and what is broken, and `faults` are not used; where there is a `state_path` too,
    time does not go back behind what was read. The data is named `sandbox`.
    """
    state = SandboxState(state_path)
    app: ASGIApp
    if panel is not None:
        app = Stage(
            seed=seed,
            panel=panel,
            state=state,
            true_clock=clock,
            world=world,
            keeps_figures=state_path is not None,
            sleep=sleep,
        )
        clock = app.clock
    else:
        app = sandbox_app(world=world or household(seed), clock=clock, state=state, faults=faults)
    timeouts = timeouts or Timeouts()
    transport = InProcessTransport(app=app)
    client = PowensClient(
        base_url=_SANDBOX_ADDRESS,
        token=SecretStr(SANDBOX_TOKEN),
        clock=clock,
        timeouts=timeouts,
        transport=WithoutAnswer(transport, panel) if panel else transport,
        sleep=sleep,
    )
    return PowensProvider(
        name=SANDBOX,
        client=client,
        timeouts=timeouts,
        identity_key=_SANDBOX_KEY,
        clock=clock,
        sleep=sleep,
    )
