"""The sandbox on a socket: for other programs that speak to Powens, and for tests."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Generator

    from starlette.types import ASGIApp


def serve(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 8700) -> None:
    """Serve until interrupted. The base URL for clients is `http://<host>:<port>/2.0`."""
    uvicorn.run(app, host=host, port=port, log_level="info", server_header=False)


@contextlib.contextmanager
def running(app: ASGIApp) -> Generator[str]:
    """Serve on a free port of this computer while the block runs; gives the base URL."""
    config = uvicorn.Config(app, log_level="critical", lifespan="off", server_header=False)
    server = uvicorn.Server(config)
    # Listens before the server runs, so that the first call waits instead of being refused.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/2.0"
        finally:
            server.should_exit = True
            thread.join()
