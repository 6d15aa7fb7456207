"""Breaking the sandbox on purpose: rules that answer certain calls badly, for a number of times."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Final

import httpx

from pfo_dagster.openbanking.sandbox.unreachable import BEFORE_ANY_ANSWER, is_before_any_answer
from pfo_dagster.openbanking.sandbox.wire import dumps, error_envelope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from pfo_dagster.openbanking.sandbox.controls import Controls, Rule

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
    With `drip`, the answer comes byte by byte, so many seconds apart.
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
    drip: float = 0

    def concerns(self, method: str, path: str) -> bool:
        """Whether the rule is for this call."""
        return fnmatchcase(method, self.method) and fnmatchcase(path, self.path)


CODES: Final[Mapping[str, int]] = {
    "noAccount": 400, "wrongpass": 400, "websiteUnavailable": 503, "tooManySync": 429,
    "connectionLocked": 409, "bankMessage": 400, "actionNeeded": 400, "bug": 500, "dataError": 500,
    "keymanager": 500, "notSupported": 400, "config": 400, "forbidden": 403, "unauthorized": 401,
    "missingParameter": 400, "invalidValue": 400, "methodNotAllowed": 405, "notFound": 404,
}  # fmt: skip
"""Powens' error codes, each with the status that it is sent with here; not all are published."""

BREAKAGES: Final[Mapping[str, tuple[str, Fault]]] = {
    "rate-limit": (
        "429 with Retry-After: 2",
        Fault(status=429, code="tooManyRequests", headers={"Retry-After": "2"}),
    ),
    "server-error": ("500 with Powens' error envelope", Fault(status=500)),
    "bad-gateway": ("502 with no body", Fault(status=502, body=b"")),
    "gateway-timeout": ("504 with no body", Fault(status=504, body=b"")),
    "html-page": (
        "503 with the HTML page of a proxy",
        Fault(status=503, body=HTML_PAGE, headers={"Content-Type": "text/html"}),
    ),
    "truncated": ("200 whose JSON was cut off", Fault(status=200, body=HALF_AN_ANSWER)),
    "wrong-type": (
        "200 with a login page in place of JSON",
        Fault(status=200, body=HTML_PAGE, headers={"Content-Type": "text/html"}),
    ),
    "empty": ("200 with no body", Fault(status=200, body=b"")),
    "gzip-bomb": (
        "200 with 64 kB that unpack to 64 MB",
        Fault(status=200, headers={"Content-Encoding": "gzip"}),
    ),
    "redirect": (
        "302 to another host, which must not get the token",
        Fault(status=302, body=b"", headers={"Location": "http://elsewhere.invalid/2.0/users/me"}),
    ),
    "slow-drip": ("200 that comes byte by byte, one a second", Fault(status=200, drip=1)),
    "slow": ("the right answer, 3 seconds late", Fault(status=None, delay=3)),
    "reset": ("the connection is dropped", Fault(drop=True)),
}
"""What can go wrong, by name, with what is seen of it. An error code is `code:<word>`."""


def breakage(name: str) -> Fault:
    """What a name stands for. Raises `ValueError` that lists what there is."""
    if name in BREAKAGES:
        fault = BREAKAGES[name][1]
        return replace(fault, body=_bomb()) if name == "gzip-bomb" else fault
    code = name.removeprefix("code:")
    if code != name and code in CODES:
        return Fault(status=CODES[code], code=code)
    status = name.removeprefix("status:")
    if status != name and status.isdigit() and 400 <= int(status) <= 599:  # noqa: PLR2004 - errors
        return Fault(status=int(status))
    known = ", ".join([*BREAKAGES, *BEFORE_ANY_ANSWER, *(f"code:{code}" for code in CODES)])
    raise ValueError(
        f"{name!r} is nothing that the sandbox can do. Choose status:<400-599> or one of: {known}."
    )


def rule_added(controls: Controls, rule: Rule) -> Controls:
    """The controls with one rule more. Raises `ValueError` for a breakage that there is not."""
    if not is_before_any_answer(rule):
        breakage(rule.breakage)
    return controls.model_copy(update={"rules": (*controls.rules, rule)})


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
        if fault is None or not await misbehave(fault, send, self._faults.sleep):
            await self._app(scope, receive, send)


async def misbehave(fault: Fault, send: Send, sleep: Callable[[float], Awaitable[None]]) -> bool:
    """Answer a call badly. False where it was only delayed, and is still to be answered."""
    if fault.delay:
        await sleep(fault.delay)
    if fault.drop:
        await _drop(send)
    elif fault.status is not None:
        await _answer(send, fault, fault.status, sleep)
    return fault.drop or fault.status is not None


async def _answer(
    send: Send, fault: Fault, status: int, sleep: Callable[[float], Awaitable[None]]
) -> None:
    body = fault.body
    if body is None:
        code = fault.code or "internalServerError"
        body = dumps(error_envelope(code, "made to fail", request_id="fault"))
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    headers.update({name.lower(): value for name, value in fault.headers.items()})
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    if fault.drip:
        for byte in body:
            await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
            await sleep(fault.drip)
        body = b""
    await send({"type": "http.response.body", "body": body})


async def _drop(send: Send) -> None:
    """Promise a byte and fail: a server closes its socket then; in process the client sees this."""
    headers = [(b"content-length", b"1")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    raise httpx.RemoteProtocolError("the sandbox dropped the connection")


@cache
def _bomb() -> bytes:
    """Made when it is first wanted: it takes longer than all else here."""
    return gzip.compress(bytes(64 * 1024 * 1024), mtime=0)
