"""An ASGI app on a socket of this computer, for as long as a block runs."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from starlette.types import ASGIApp


@contextlib.contextmanager
def listening(app: ASGIApp, *, port: int = 0, certificate: Path | None = None) -> Generator[str]:
    """Serve on 127.0.0.1, on a free port unless one is given; gives `http://127.0.0.1:<port>`.

    With a `certificate` (a PEM file that has its key too), over TLS, and gives an https address.
    Raises `OSError` where the port is taken.
    """
    # A call that takes its time does not keep the server from ending.
    config = uvicorn.Config(
        app,
        log_level="critical",
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=1,
        ssl_certfile=certificate,
    )
    server = uvicorn.Server(config)
    # Listens before the server runs, so that the first call waits instead of being refused.
    with socket.create_server(("127.0.0.1", port)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            scheme = "https" if certificate else "http"
            yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
