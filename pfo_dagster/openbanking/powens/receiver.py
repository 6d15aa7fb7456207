"""The web application that Powens calls: believes, reads and hands on, and answers when it is safe.

One path per event, `/webhooks/<event>`. An event is answered with 200 once whoever keeps it has
kept it (in `pfo webhooks serve`: `automation.spool`); until then Powens has it, and sends it again
with the next sync. Nothing of a body is logged.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pfo_dagster.openbanking.powens.events import BankEvent, EventKind, read_event
from pfo_dagster.openbanking.powens.signature import (
    DATE_HEADER,
    SIGNATURE_HEADER,
    SignatureError,
    verify,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from pydantic import SecretStr
    from starlette.requests import Request

MOST_BYTES: Final = 32 * 1024 * 1024
"""The first sync of a connection carries its whole history."""
_LARGE: Final = 256 * 1024
"""From here on, reading a body would keep other webhooks waiting for their answers."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverSettings:
    """Whose webhooks are believed. `signed_prefix` is what a proxy takes off the path."""

    secret: SecretStr
    user_id: str | None
    """Whose are kept; None keeps everybody's, to be compared later (`BankEvent.user_id`)."""
    max_age: timedelta = timedelta(0)
    """How old a signature may be; zero means any age."""
    signed_prefix: str = ""
    most_bytes: int = MOST_BYTES
    body_seconds: float = 60
    """How long a body may take to arrive."""


def receiver_app(
    settings: ReceiverSettings,
    *,
    keep: Callable[[Sequence[BankEvent]], None],
    known: Iterable[BankEvent] = (),
    clock: Callable[[], datetime],
) -> Starlette:
    """The receiver. `keep` stores events for good, off the event loop; it raises if it cannot.

    `known` are events that were kept before, oldest first; `clock` gives the time in UTC.
    """
    receiver = _Receiver(settings, _GroupCommit(keep), clock)
    for event in known:
        receiver.remember(event)
    app = Starlette(
        routes=[
            Route("/webhooks/{event}", receiver.receive, methods=["POST"]),
            Route("/health", receiver.health),
        ]
    )
    # Of another path, the signature would be another one too.
    app.router.redirect_slashes = False
    return app


@dataclass(slots=True)
class _GroupCommit:
    """Stores what arrives while the store is busy all at once: a burst costs few commits."""

    keep: Callable[[Sequence[BankEvent]], None]
    _waiting: list[tuple[BankEvent, asyncio.Future[None]]] = field(
        default_factory=list[tuple[BankEvent, "asyncio.Future[None]"]]
    )
    _work: asyncio.Task[None] | None = None

    async def add(self, event: BankEvent) -> None:
        """Return once the event is kept; raise what `keep` raised."""
        kept = asyncio.get_running_loop().create_future()
        self._waiting.append((event, kept))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._drain())
        await kept

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(self.keep, [event for event, _ in batch])
            except Exception as error:  # noqa: BLE001 - whatever the store says, all callers hear
                for _, kept in batch:
                    if not kept.done():
                        kept.set_exception(error)
            else:
                for _, kept in batch:
                    if not kept.done():
                        kept.set_result(None)


@dataclass(slots=True)
class _Receiver:
    settings: ReceiverSettings
    store: _GroupCommit
    clock: Callable[[], datetime]
    # The last event of each subject. An earlier one may be true again: a state that came back.
    _last: dict[str, BankEvent] = field(default_factory=dict[str, BankEvent])

    def remember(self, event: BankEvent) -> None:
        self._last[f"{event.kind} {event.subject}"] = event

    def knows(self, event: BankEvent) -> bool:
        return self._last.get(f"{event.kind} {event.subject}") == event

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok", "known_subjects": len(self._last)})

    async def receive(self, request: Request) -> Response:
        """Judge one request. Its signature is verified before anything of it is looked into."""
        try:
            kind = EventKind(request.path_params["event"])
        except ValueError:
            return _answer(HTTPStatus.NOT_FOUND, "no such event here")
        try:
            async with asyncio.timeout(self.settings.body_seconds):
                body = await _read(request, self.settings.most_bytes)
        except (TimeoutError, ClientDisconnect):
            _log.warning("%s refused: its body did not arrive", kind)
            return _answer(HTTPStatus.REQUEST_TIMEOUT, "the body did not arrive")
        if body is None:
            return _answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too large")
        try:
            if len(body) < _LARGE:
                event = self._believed(request, kind, body)
            else:
                event = await asyncio.to_thread(self._believed, request, kind, body)
        except SignatureError as error:
            _log.warning("%s refused: %s", kind, error)
            return _answer(HTTPStatus.UNAUTHORIZED, str(error))
        except ValueError:
            # The decoder's own words may quote the body.
            _log.warning("%s refused: it is signed, but not what is sent for this event", kind)
            return _answer(HTTPStatus.BAD_REQUEST, "not a body of this event")
        return await self._take(kind, event)

    async def _take(self, kind: EventKind, event: BankEvent) -> Response:
        if self.settings.user_id is not None:
            if not event.may_be_of(self.settings.user_id):
                return _answer(HTTPStatus.OK, "of another user")
            event = event.compared()
        if self.knows(event):
            return _answer(HTTPStatus.OK, "known")
        try:
            await self.store.add(event)
        except Exception as error:  # noqa: BLE001 - whatever the store says, Powens must hear "no"
            # Without the traceback: it may show what was to be stored.
            _log.error("%s of %s not kept: %s", kind, event.subject, type(error).__name__)
            return _answer(HTTPStatus.SERVICE_UNAVAILABLE, "could not be kept; send it again")
        self.remember(event)
        _log.info("%s of %s kept", kind, event.subject)
        return _answer(HTTPStatus.OK, "kept")

    def _believed(self, request: Request, kind: EventKind, body: bytes) -> BankEvent:
        """The event; raises `SignatureError`, or `ValueError` where it is none."""
        # The path as it came: decoding and encoding it again might change it.
        path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
        verify(
            self.settings.secret,
            path=self.settings.signed_prefix + path.partition("?")[0],
            date=request.headers.get(DATE_HEADER),
            signature=request.headers.get(SIGNATURE_HEADER),
            body=body,
            now=self.clock(),
            max_age=self.settings.max_age,
        )
        return read_event(kind, body)


async def _read(request: Request, most: int) -> bytes | None:
    """The raw body, or None where it is larger than `most` bytes, whatever it said of itself."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def _answer(status: HTTPStatus, outcome: str) -> Response:
    return JSONResponse({"outcome": outcome}, status)
