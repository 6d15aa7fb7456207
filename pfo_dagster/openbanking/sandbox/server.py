"""The sandbox on a socket: for other programs that speak to Powens, and for tests."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from pfo_dagster.openbanking.loopback import listening

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

    from starlette.types import ASGIApp


def serve(
    app: ASGIApp,
    *,
    host: str = "127.0.0.1",
    port: int = 8700,
    beside: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve until interrupted. The base URL for clients is `http://<host>:<port>/2.0`.

    `beside` runs meanwhile, and is cancelled in the end. Raises `OSError` where the port is taken.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        task = asyncio.ensure_future(beside()) if beside else None
        yield
        if task:
            task.cancel()

    served = Starlette(routes=[Mount("/", app)], lifespan=lifespan)
    # uvicorn's own log of calls has their queries, which may hold a token or a code; the page lists
    # the calls without.
    config = uvicorn.Config(served, log_level="warning", access_log=False, server_header=False)
    with socket.create_server((host, port)) as listener, contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


@contextlib.contextmanager
def running(app: ASGIApp) -> Generator[str]:
    """Serve on a free port of this computer while the block runs; gives the base URL."""
    with listening(app) as address:
        yield f"{address}/2.0"
