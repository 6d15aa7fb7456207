"""The page's addresses, and who may use them: a browser on this computer, from this page.

Any web page that somebody visits could post forms to this server, or read it under a host name of
its own (DNS rebinding). So the host must be this computer, and a form must come from this origin.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from pfo_dagster.openbanking.errors import ProviderError
from pfo_dagster.openbanking.powens.addresses import is_loopback
from pfo_dagster.openbanking.sandbox.page.forms import FORMS
from pfo_dagster.openbanking.sandbox.page.markup import STYLE_HASH, Message, page
from pfo_dagster.openbanking.sandbox.page.overview import overview
from pfo_dagster.openbanking.sandbox.webhooks import RECEIVER, connection_synced, send

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from pfo_dagster.openbanking.sandbox.stage import Stage

_MOST_BYTES: Final = 8_192
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src '{STYLE_HASH}'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'"
    ),
    # Not `no-referrer`, with which a browser does not say where a form comes from.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def with_page(stage: Stage, *, secret: SecretStr | None) -> ASGIApp:
    """The sandbox with its page at `/`. Without the `secret`, the page sends no webhooks."""
    pages = _Pages(stage, secret)
    return Starlette(
        routes=[
            Route("/", pages.show),
            Route("/_sandbox/{form}", pages.submit, methods=["POST"]),
            Mount("/", stage),
        ]
    )


@dataclass(slots=True)
class _Pages:
    stage: Stage
    secret: SecretStr | None
    _said: Message | None = None

    async def show(self, request: Request) -> Response:
        """The page, with what the last form did."""
        if not _is_here(request):
            return _refused()
        said, self._said = self._said, None
        return self._page(said)

    async def submit(self, request: Request) -> Response:
        """Do what a form asks for, and show the page again."""
        if not (_is_here(request) and _is_from_this_page(request)):
            return _refused()
        fields = await _fields(request)
        try:
            done = await self._do(request.path_params["form"], fields)
        except (ValueError, ConnectionError) as error:
            return self._page(Message(str(error), failed=True), HTTPStatus.BAD_REQUEST)
        except ProviderError as error:
            return PlainTextResponse(f"{error}\n", HTTPStatus.INTERNAL_SERVER_ERROR, _HEADERS)
        self._said = Message(done)
        return RedirectResponse("/", HTTPStatus.SEE_OTHER, _HEADERS)

    async def _do(self, form: str, fields: Mapping[str, str]) -> str:
        if form == "webhook":
            return await self._send(fields)
        if form not in FORMS:
            raise ValueError("There is no such form.")
        return FORMS[form](self.stage, fields)

    async def _send(self, fields: Mapping[str, str]) -> str:
        if self.secret is None:
            raise ValueError("POWENS_WEBHOOK_SECRET is not set for this server.")
        connection = fields.get("connection", "")
        if not (connection.isascii() and connection.isdigit()):
            raise ValueError("A webhook is about a connection.")
        notify = self.stage.panel.read().notify
        to = notify.to if notify else RECEIVER
        webhook = connection_synced(self.stage, int(connection))
        answers = await send(to, [webhook], secret=self.secret, at=self.stage.true_now())
        (status,) = answers.by_status
        return f"The webhook about connection {connection} was answered with {status}."

    def _page(self, said: Message | None, status: int = HTTPStatus.OK) -> Response:
        try:
            shown = overview(self.stage, sends_webhooks=self.secret is not None)
        except ProviderError as error:
            return PlainTextResponse(f"{error}\n", HTTPStatus.INTERNAL_SERVER_ERROR, _HEADERS)
        return HTMLResponse(page(shown, said), status, _HEADERS)


def _is_here(request: Request) -> bool:
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:
        return False
    return host is not None and is_loopback(host)


def _is_from_this_page(request: Request) -> bool:
    return request.headers.get("origin") == f"http://{request.headers.get('host')}"


def _refused() -> Response:
    problem = "This page is for a browser on this computer: open http://127.0.0.1 with its port.\n"
    return PlainTextResponse(problem, HTTPStatus.FORBIDDEN, _HEADERS)


async def _fields(request: Request) -> Mapping[str, str]:
    """The form's fields; none of a body that no form of the page makes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
