"""A server in front of the sandbox that notes each request which a careful client would not send.

Its rules were written from the API's documentation, and share nothing with our client.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

KNOWN = {
    "GET": (
        r"/2\.0/users/me",
        r"/2\.0/users/me/connections(/\d+)?",
        r"/2\.0/users/me/accounts(/\d+)?",
        r"/2\.0/users/me/accounts/\d+/balances",
        r"/2\.0/users/me(/(accounts|connections)/\d+)?/transactions",
    ),
    "PUT": (r"/2\.0/users/me/connections/\d+",),
}
SYNCS_A_DAY = 4
"""Of a connection, within any 24 hours: what PSD2 allows without the account holder."""
CALLS_A_MINUTE = 30


class StrictServer:
    """ASGI middleware; what was wrong is in `violations`, as text. `clock` gives the time in UTC.

    `host` is the only one that calls may go to.
    """

    def __init__(
        self, app: ASGIApp, *, token: str, host: str, clock: Callable[[], datetime]
    ) -> None:
        self.violations: list[str] = []
        self.calls = 0
        self.syncs = 0
        self._app = app
        self._token = token
        self._host = host
        self._clock = clock
        self._times: list[datetime] = []
        self._synced: dict[str, list[datetime]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        asked = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        self.calls += 1
        for problem in (
            *self._form(method, path, asked),
            *self._manners(headers),
            *self._rate(method, path),
        ):
            self.violations.append(f"{method} {path}: {problem}")
        await self._app(scope, receive, send)

    def _form(self, method: str, path: str, asked: dict[str, list[str]]) -> list[str]:
        problems: list[str] = []
        if not any(re.fullmatch(known, path) for known in KNOWN.get(method, ())):
            problems.append("there is no such call, or it changes something")
        if path.endswith("/transactions"):
            limit = asked.get("limit", [""])[0]
            if not (limit.isdigit() and 0 < int(limit) <= 1000):
                problems.append("limit is missing or above 1000")
            if asked.get("filter") != ["date"]:
                problems.append("dates are compared with one that the user may edit")
        if method == "PUT" and asked.get("psu_requested") != ["false"]:
            problems.append("psu_requested is not false, and nobody is there")
        return problems

    def _manners(self, headers: dict[str, str]) -> list[str]:
        problems: list[str] = []
        if headers.get("authorization") != f"Bearer {self._token}":
            problems.append("the token is missing or another one")
        if headers.get("host") != self._host:
            problems.append("sent to another host")
        if not headers.get("user-agent", "").strip():
            problems.append("no User-Agent")
        return problems

    def _rate(self, method: str, path: str) -> list[str]:
        now = self._clock()
        problems: list[str] = []
        self._times = [at for at in self._times if at > now - timedelta(minutes=1)] + [now]
        if len(self._times) > CALLS_A_MINUTE:
            problems.append("more than 30 calls within a minute")
        if method == "PUT":
            earlier = [at for at in self._synced.get(path, []) if at > now - timedelta(days=1)]
            if len(earlier) >= SYNCS_A_DAY:
                problems.append("a fifth forced sync within 24 hours")
            self._synced[path] = [*earlier, now]
            self.syncs += 1
        return problems
