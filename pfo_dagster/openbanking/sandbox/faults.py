"""Breaking the sandbox on purpose: rules that answer certain calls badly, for a number of times."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import httpx

from pfo_dagster.openbanking.sandbox.wire import dumps, error_envelope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

HTML_PAGE: Final = b"<html><body><h1>503 Service Unavailable</h1></body></html>"
"""A body as a proxy in front of Powens sends it."""
HALF_AN_ANSWER: Final = b'{"accounts": [{"id": 20'
"""A body that was cut off."""

_VERSION: Final = "/2.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One rule: calls of `method` to paths like `path` go wrong, `times` times (None: always).

    `path` is a glob after `/2.0`, e.g. `/users/me/connections/*`. The answer has `status`,
    `headers`, and either `body` or Powens' error envelope with `code`. With `status` None the call
    is only delayed by `delay` seconds; with `drop` the connection is closed in place of an answer.
    """

    method: str = "*"
    path: str = "*"
    times: int | None = 1
    status: int | None = 503
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None
    delay: float = 0
    drop: bool = False

    def concerns(self, method: str, path: str) -> bool:
        """Whether the rule is for this call."""
        return fnmatchcase(method, self.method) and fnmatchcase(path, self.path)


class Faults:
    """The rules of one sandbox, each good for its number of times. The first that fits is taken."""

    def __init__(
        self, *rules: Fault, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.sleep = sleep
        self._left = [(rule, rule.times) for rule in rules]

    def take(self, method: str, path: str) -> Fault | None:
        """The rule for this call, used up by one; None for a call that goes well."""
        for place, (rule, left) in enumerate(self._left):
            if left != 0 and rule.concerns(method, path):
                self._left[place] = (rule, None if left is None else left - 1)
                return rule
        return None


class FaultInjector:
    """ASGI middleware that lets calls go wrong by the rules."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on, or answer it badly."""
        fault = None
        if scope["type"] == "http":
            path = str(scope["path"]).removeprefix(_VERSION)
            fault = self._faults.take(str(scope["method"]), path)
        if fault is not None and fault.delay:
            await self._faults.sleep(fault.delay)
        if fault is not None and fault.drop:
            await _drop(send)
        elif fault is not None and fault.status is not None:
            await _answer(send, fault, fault.status)
        else:
            await self._app(scope, receive, send)


async def _answer(send: Send, fault: Fault, status: int) -> None:
    body = fault.body
    if body is None:
        code = fault.code or "internalServerError"
        body = dumps(error_envelope(code, "made to fail", request_id="fault"))
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    headers.update({name.lower(): value for name, value in fault.headers.items()})
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def _drop(send: Send) -> None:
    """Promise a byte and fail: a server closes its socket then; in process the client sees this."""
    headers = [(b"content-length", b"1")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    raise httpx.RemoteProtocolError("the sandbox dropped the connection")
