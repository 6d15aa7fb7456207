"""The one request that the webview sends the browser back with, caught on this computer.

Listens on loopback for as long as somebody waits. A request that does not carry the state of our
own link is refused and changes nothing: any page in the browser could have made it.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import httpx
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pfo_dagster.openbanking.loopback import listening
from pfo_dagster.openbanking.powens.webview import CallbackError, WebviewOutcome, read_callback

if TYPE_CHECKING:
    from collections.abc import Generator

    from starlette.requests import Request
    from starlette.responses import Response

_HEADERS: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@dataclass(slots=True)
class Callback:
    """Waits for the answer to the link that was made with `state`."""

    state: str
    _arrived: threading.Event = field(default_factory=threading.Event)
    _outcome: WebviewOutcome | None = None

    def wait(self, seconds: float) -> WebviewOutcome | None:
        """The outcome once it is there; None after `seconds` without one."""
        self._arrived.wait(seconds)
        return self._outcome

    async def receive(self, request: Request) -> Response:
        """Take the answer; the first one counts."""
        try:
            outcome = read_callback(request.query_params, state=self.state)
        except CallbackError as error:
            return PlainTextResponse(f"Refused: {error}.\n", 400, _HEADERS)
        if self._outcome is None:
            self._outcome = outcome
            self._arrived.set()
        return PlainTextResponse(f"{outcome.text}. Go back to the terminal.\n", 200, _HEADERS)


def checked_redirect(redirect_uri: str) -> tuple[int, str]:
    """Port and path, if this can listen there: `http://127.0.0.1:<port>/<path>`; `ValueError`."""
    try:
        url = httpx.URL(redirect_uri)
    except httpx.InvalidURL:
        url = httpx.URL()
    # Of the loopback addresses, `listening` is at this one alone.
    is_here = url.scheme == "http" and url.host in {"127.0.0.1", "localhost"}
    if not is_here or not url.port or url.query or url.fragment or url.userinfo:
        raise ValueError("expected http://127.0.0.1:<port>/<path>, without a query")
    return url.port, url.path


@contextlib.contextmanager
def awaiting_callback(redirect_uri: str, *, state: str) -> Generator[Callback]:
    """Listen at `redirect_uri` while the block runs.

    Raises `ValueError` as `checked_redirect` does, and `OSError` where the port is taken.
    """
    port, path = checked_redirect(redirect_uri)
    callback = Callback(state)
    app = Starlette(routes=[Route(path, callback.receive)])
    with listening(app, port=port):
        yield callback
