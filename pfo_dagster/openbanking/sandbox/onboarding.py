"""The sandbox's part in connecting: users, temporary codes, and a webview to click through.

What is created is counted, so that a test sees whether somebody creates users twice.
"""

from __future__ import annotations

import html
import json
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import httpx
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from pfo_dagster.openbanking.powens.json_text import as_object
from pfo_dagster.openbanking.sandbox.query import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response

    from pfo_dagster.openbanking.sandbox.world import World

SANDBOX_CLIENT_ID: Final = "10000001"
SANDBOX_CLIENT_SECRET: Final = "sandbox-client-secret"  # noqa: S105 - opens nothing
CODE_IS_GOOD_FOR: Final = timedelta(minutes=30)


@dataclass(slots=True, kw_only=True)
class Onboarding:
    """The users and codes of one sandbox; forgotten with it."""

    world: World
    token: str
    clock: Callable[[], datetime]
    answer: Callable[[Request, Mapping[str, object]], Response]
    user_created: Callable[[], None] = lambda: None
    reconnected: Callable[[int], None] = lambda _: None
    users_created: int = 0
    _codes: dict[str, datetime] = field(default_factory=dict[str, "datetime"])
    _visits: dict[str, _Visit] = field(default_factory=dict[str, "_Visit"])

    def routes(self) -> list[Route]:
        """The calls and pages, beside those of the API."""
        return [
            Route("/2.0/auth/init", self.create_user, methods=["POST"]),
            Route("/2.0/auth/renew", self.renew_token, methods=["POST"]),
            Route("/2.0/auth/token/code", self.temporary_code),
            Route("/webview/done/{visit}", self.done),
            Route("/webview/{language}/{page}", self.webview),
        ]

    async def create_user(self, request: Request) -> Response:
        """Every user that is created is the world's one user: there is only one household."""
        _require_client(await _body(request))
        self.users_created += 1
        self.user_created()
        content = {"type": "permanent", "id_user": self.world.user_id, "auth_token": self.token}
        return self.answer(request, content)

    async def renew_token(self, request: Request) -> Response:
        """Another token of the user; without `id_user`, as at Powens, of a new user."""
        asked = await _body(request)
        _require_client(asked)
        if "id_user" not in asked:
            self.users_created += 1
            self.user_created()
        elif asked["id_user"] != self.world.user_id:
            raise ApiError(HTTPStatus.NOT_FOUND, "notFound", "no such user")
        return self.answer(request, {"access_token": self.token, "token_type": "Bearer"})

    async def temporary_code(self, request: Request) -> Response:
        """A code for one visit to the webview."""
        known = self.world.user_exists
        if not known or request.headers.get("authorization") != f"Bearer {self.token}":
            raise ApiError(HTTPStatus.UNAUTHORIZED, "unauthorized", "the token is not known")
        code = secrets.token_urlsafe(24)
        self._codes[code] = self.clock() + CODE_IS_GOOD_FOR
        content = {"code": code, "type": "temporary", "access": "single", "expires_in": 1800}
        return self.answer(request, content)

    async def webview(self, request: Request) -> Response:
        """A page with a link for each way in which a visit may end."""
        asked = request.query_params
        good_until = self._codes.pop(asked.get("code", ""), None)
        if good_until is None or good_until < self.clock():
            return HTMLResponse("<p>The code is unknown, used or too old.</p>", 403)
        address = asked.get("redirect_uri", "")
        if "?" in address or httpx.URL(address).scheme not in {"http", "https"}:
            return HTMLResponse("<p>redirect_uri is not whitelisted.</p>", 400)
        banks = self.world.connections
        connection = asked.get("connection_id") or str(banks[0].connection_id if banks else 1)
        state = {"state": asked["state"]} if "state" in asked else {}
        waits = request.path_params["page"] == "reconnect" and connection.isdecimal()
        mends = int(connection) if waits else None
        ways = {
            "Connect the made-up bank": _Visit(
                f"{address}?{urlencode({'connection_id': connection, **state})}", mends
            ),
            "Cancel": _Visit(f"{address}?{urlencode({'error': 'access_denied', **state})}"),
        }
        here = f"{request.url.scheme}://{request.url.netloc}/webview/done"
        links = ""
        for label, visit in ways.items():
            ticket = secrets.token_urlsafe(24)
            self._visits[ticket] = visit
            links += f'<p><a href="{html.escape(f"{here}/{ticket}")}">{label}</a></p>'
        return HTMLResponse(f"<h1>Sandbox: nothing here is real</h1>{links}")

    async def done(self, request: Request) -> Response:
        """The end of a visit: a connection that waited for its user works again."""
        visit = self._visits.pop(request.path_params["visit"], None)
        if visit is None:
            return HTMLResponse("<p>This visit is over.</p>", 403)
        if visit.mends and self.world.connection(visit.mends):
            self.reconnected(visit.mends)
        return RedirectResponse(visit.comes_back_to)


@dataclass(frozen=True, slots=True)
class _Visit:
    """How a visit to the webview may end: where to, and which connection works again then."""

    comes_back_to: str
    mends: int | None = None


async def _body(request: Request) -> Mapping[str, object]:
    try:
        content: object = json.loads(await request.body() or b"{}")
    except ValueError:
        raise ApiError(HTTPStatus.BAD_REQUEST, "invalidValue", "the body is no JSON") from None
    return as_object(content) or {}


def _require_client(asked: Mapping[str, object]) -> None:
    known = {"client_id": SANDBOX_CLIENT_ID, "client_secret": SANDBOX_CLIENT_SECRET}
    if any(asked.get(name) != value for name, value in known.items()):
        raise ApiError(HTTPStatus.FORBIDDEN, "forbidden", "the client is not known")
