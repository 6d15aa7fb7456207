"""The dashboard's server: marimo runs the notebook, and the first figures stand in the page itself.

A browser has some hundred scripts to load before a notebook shows anything. The figures that people
come for are therefore part of the first answer, as HTML, and give way to the notebook's own once
they are there. Called by `pfo dashboard`.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import marimo
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocketClose

from pfo_dagster.dashboard import sections, tables
from pfo_dagster.dashboard.page import current_page
from pfo_dagster.ledger import Ledger, LedgerError

if TYPE_CHECKING:
    from datetime import timedelta

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
"""The names by which a computer calls itself."""

_NOTEBOOK: Final = Path(__file__).with_name("app.py")
_ROOT: Final = '<div id="root"></div>'
"""Where marimo's page puts the notebook once its scripts are loaded."""
_REFUSED: Final = 403
_OK: Final = 200
_FIRST: Final = """
<div id="first">
<style>
body {{ color-scheme: light dark; background: Canvas; color: CanvasText; }}
#first {{ font-family: system-ui, sans-serif; }}
#first {{ max-width: 740px; margin: 2rem auto; padding: 0 1rem; }}
#first h1 {{ font-size: 2rem; font-weight: 600; }}
</style>
{style}<h1>Household ledger</h1>{shown}
<script>
new MutationObserver((_, observer) => {{
  if (document.querySelector("#root .pfo")) {{
    document.getElementById("first").remove();
    observer.disconnect();
  }}
}}).observe(document.body, {{ childList: true, subtree: true }});
// Marimo's menu is a picture of three dots, of which screen readers would say nothing.
new MutationObserver(() => {{
  const menu = document.querySelector("[data-testid=notebook-actions-dropdown] button");
  if (menu && !menu.ariaLabel) menu.ariaLabel = "Menu of the page";
}}).observe(document.body, {{ childList: true, subtree: true }});
</script>
</div>
"""
"""Shown until the notebook shows anything of its own."""


def dashboard_app(ledger: Ledger, *, stale_after: timedelta, token: str | None) -> ASGIApp:
    """The dashboard of a ledger for any ASGI server.

    Figures of longer ago than `stale_after` are called stale. With a token it answers whoever knows
    it, under any name; without one, only requests that call this computer by a name of its own, so
    that no page of another site can ask in its name.
    """
    notebook = (
        # Marimo's server takes an empty token for "ask for none".
        marimo.create_asgi_app(quiet=True, token=token or "")
        .with_app(path="/", root=str(_NOTEBOOK))
        .build()
    )
    shown = FirstFigures(KeptScripts(notebook), ledger, stale_after)
    return OwnPagesOnly(shown, hosts=None if token else HERE)


def prepare(ledger: Ledger, stale_after: timedelta) -> None:
    """Read and load what the first window would have to wait for."""
    with contextlib.suppress(LedgerError):
        current_page(ledger, stale_after)
    importlib.import_module("pfo_dagster.dashboard.charts")


@dataclass(frozen=True, slots=True)
class OwnPagesOnly:
    """Refuses what pages of other sites ask, since a browser here would hand them the answers.

    `hosts` are the names under which it may be called; None for any.
    """

    app: ASGIApp
    hosts: frozenset[str] | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or connection."""
        if scope["type"] == "lifespan" or self._may_ask(Headers(scope=scope)):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
        else:
            text = "The dashboard answers its own page only, under this computer's own name."
            await PlainTextResponse(text, status_code=_REFUSED)(scope, receive, send)

    def _may_ask(self, headers: Headers) -> bool:
        host = headers.get("host", "")
        if self.hosts is not None and urlsplit(f"//{host}").hostname not in self.hosts:
            return False
        origin = headers.get("origin")
        return origin is None or urlsplit(origin).netloc == host


@dataclass(frozen=True, slots=True)
class KeptScripts:
    """Lets browsers keep marimo's scripts, whose names change when their content does."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or connection."""

        async def send_kept(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == _OK:
                headers = MutableHeaders(raw=message["headers"])
                headers["cache-control"] = "private, max-age=31536000, immutable"
            await send(message)

        is_script = scope["type"] == "http" and scope["path"].startswith("/assets/")
        await self.app(scope, receive, send_kept if is_script else send)


@dataclass(frozen=True, slots=True)
class FirstFigures:
    """Puts the first figures into the notebook's page, for those to whom the server gives it."""

    app: ASGIApp
    ledger: Ledger
    stale_after: timedelta

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or connection."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def keep(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body", False):
                return
            headers = MutableHeaders(raw=start["headers"])
            # Anything else is the way to the page where a token is asked for.
            if start["status"] == _OK and headers.get("content-type", "").startswith("text/html"):
                first = await asyncio.to_thread(first_figures, self.ledger, self.stale_after)
                body = body.replace(_ROOT.encode(), f"{first}{_ROOT}".encode(), 1)
                headers["content-length"] = str(len(body))
                headers["cache-control"] = "no-store"
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, keep)


def first_figures(ledger: Ledger, stale_after: timedelta) -> str:
    """HTML of what is shown before the notebook is: the notices, and what is held per currency."""
    try:
        page = current_page(ledger, stale_after)
    except LedgerError as error:
        shown = tables.notice(f"{error}", "plain")
    else:
        shown = sections.banner(page.publication, page.trust, page.read_at)
        shown += sections.positions(page.positions, page.trust, page.names)
    return _FIRST.format(style=tables.STYLE, shown=shown)
