"""The sandbox's calls: the same paths, parameters, answers and refusals as the real API.

`sandbox_app` makes an ASGI app: for httpx's `ASGITransport` in process, for `server` on a socket.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from pfo_dagster.openbanking.powens.fields import PARIS, paris_wall_clock
from pfo_dagster.openbanking.sandbox import wire
from pfo_dagster.openbanking.sandbox.books import Books
from pfo_dagster.openbanking.sandbox.faults import FaultInjector, Faults
from pfo_dagster.openbanking.sandbox.history import History
from pfo_dagster.openbanking.sandbox.onboarding import Onboarding
from pfo_dagster.openbanking.sandbox.query import (
    ApiError,
    TransactionsQuery,
    expands,
    period,
    wants_all,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from starlette.requests import Request

    from pfo_dagster.openbanking.sandbox.state import SandboxState
    from pfo_dagster.openbanking.sandbox.world import AccountPlan, ConnectionPlan, World

SANDBOX_TOKEN: Final = "sandbox-user-token"  # noqa: S105 - opens nothing but made-up data
SYNCED_JUST_NOW: Final = timedelta(minutes=15)
"""For so long after a sync, forcing another one is refused with 409."""


def sandbox_app(
    *,
    world: World,
    clock: Callable[[], datetime],
    state: SandboxState,
    faults: Faults | None = None,
    user_created: Callable[[], None] = lambda: None,
    reconnected: Callable[[int], None] = lambda _: None,
) -> Starlette:
    """The sandbox of one world, whose one user's token is `SANDBOX_TOKEN`.

    `clock` gives an aware time; the same time, world and state give the same bytes. What was
    created by connecting is in `app.state.onboarding`. `user_created` is called when a user is,
    `reconnected` with the id of a connection for which the user did in the webview what was due.
    """
    api = _Api(history=History(world), state=state, clock=clock)
    onboarding = Onboarding(
        world=world,
        token=SANDBOX_TOKEN,
        clock=clock,
        answer=api.answer,
        user_created=user_created,
        reconnected=reconnected,
    )
    user = "/2.0/users/{user}"
    routes = [
        *onboarding.routes(),
        Route("/2.0/currencies", api.currencies),
        Route("/2.0/account_types", api.account_types),
        Route(user, api.user),
        Route(f"{user}/accounts", api.accounts),
        Route(f"{user}/accounts/{{account:int}}", api.account),
        Route(f"{user}/accounts/{{account:int}}/balances", api.balances),
        Route(f"{user}/accounts/{{account:int}}/transactions", api.transactions),
        Route(f"{user}/connections", api.connections),
        Route(f"{user}/connections/{{connection:int}}", api.connection),
        Route(f"{user}/connections/{{connection:int}}", api.sync, methods=["PUT"]),
        Route(f"{user}/connections/{{connection:int}}/accounts", api.accounts),
        Route(f"{user}/connections/{{connection:int}}/transactions", api.transactions),
        Route(f"{user}/transactions", api.transactions),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(FaultInjector, faults)] if faults else [],
        exception_handlers={ApiError: api.refuse, HTTPException: api.refuse_unknown},
    )
    app.state.onboarding = onboarding
    return app


@dataclass(frozen=True, slots=True)
class _Api:
    """The handlers: one method per call, which looks into the `Books` of that instant."""

    history: History
    state: SandboxState
    clock: Callable[[], datetime]

    @property
    def world(self) -> World:
        return self.history.world

    async def currencies(self, request: Request) -> Response:
        listed = [wire.currency(code) for code in wire.CURRENCIES]
        return self.answer(request, {"currencies": listed, "total": len(listed)})

    async def account_types(self, request: Request) -> Response:
        listed = [wire.account_type(place) for place in range(len(wire.ACCOUNT_TYPES))]
        return self.answer(request, {"accounttypes": listed, "total": len(listed)})

    async def user(self, request: Request) -> Response:
        self._books(request)
        signin = paris_wall_clock(self.world.began)
        return self.answer(request, {"id": self.world.user_id, "signin": signin})

    async def accounts(self, request: Request) -> Response:
        books = self._books(request)
        listed = [
            wire.account(account, figures, self.world.user_id)
            for account in self._accounts_of(request)
            for figures in [books.figures(account)]
            if wants_all(request) or figures.is_active
        ]
        content = {"accounts": listed, "balances": books.totals(), "total": len(listed)}
        return self.answer(request, content)

    async def account(self, request: Request) -> Response:
        books = self._books(request)
        account = self._visible_account(request, books)
        return self.answer(
            request, wire.account(account, books.figures(account), self.world.user_id)
        )

    async def balances(self, request: Request) -> Response:
        books = self._books(request)
        account = self._visible_account(request, books)
        today = books.now.astimezone(PARIS).date()
        asked = period(request, today)
        available = (self.world.began.date(), today)
        days = books.daily_balances(account, max(asked[0], available[0]), min(asked[1], today))
        content = wire.balance_groups(account, days, asked, available)
        return self.answer(request, content)

    async def connections(self, request: Request) -> Response:
        books = self._books(request)
        listed = [self._connection(request, books, plan) for plan in self.world.connections]
        return self.answer(request, {"connections": listed, "total": len(listed)})

    async def connection(self, request: Request) -> Response:
        books = self._books(request)
        return self.answer(request, self._connection(request, books, self._plan(request)))

    async def sync(self, request: Request) -> Response:
        """Force a sync. One that waits for its user stays as it is, as at a real bank."""
        books = self._books(request)
        plan = self._plan(request)
        if plan.state_at(books.now) is None:
            timeline = books.timeline(plan)
            age = books.now - timeline.last_update(books.now)
            if timeline.is_syncing(books.now) or age < SYNCED_JUST_NOW:
                raise ApiError(HTTPStatus.CONFLICT, "conflict", "synced just now, or syncing")
            self.state.record(plan.connection_id, books.now)
            books = self._books(request)
        return self.answer(request, self._connection(request, books, plan))

    async def transactions(self, request: Request) -> Response:
        books = self._books(request)
        query = TransactionsQuery.of(request)
        rows = [
            (entry, account, timeline)
            for account in self._accounts_of(request)
            if wants_all(request) or books.figures(account).is_active
            for timeline in [books.timeline_of(account)]
            for entry in books.entries(account)
            if query.wants(entry.day, partial(wire.changed_at, entry, timeline, books.now))
        ]
        rows.sort(key=lambda row: (row[0].day, row[0].entry_id), reverse=True)
        page = rows[query.offset : query.offset + query.limit]
        following = query.offset + query.limit if query.offset + query.limit < len(rows) else None
        content = {
            "transactions": [wire.transaction(*row, books.now) for row in page],
            "first_date": f"{self.world.began.date()}",
            "last_date": f"{books.now.astimezone(PARIS).date()}",
            "result_min_date": query.first and f"{query.first}",
            "result_max_date": query.last and f"{query.last}",
            "total": len(rows),
            "_links": wire.links(request.url.path, request.query_params.multi_items(), following),
        }
        return self.answer(request, content)

    async def refuse(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, ApiError), "registered for it"  # noqa: S101 - narrows
        return self._refusal(request, error)

    async def refuse_unknown(self, request: Request, error: Exception) -> Response:
        """A path or a method that there is not, in Powens' words."""
        assert isinstance(error, HTTPException), "registered for it"  # noqa: S101 - narrows
        status = HTTPStatus(error.status_code)
        code = "methodNotAllowed" if status is HTTPStatus.METHOD_NOT_ALLOWED else "notFound"
        return self._refusal(request, ApiError(status, code, "no such call"))

    def _books(self, request: Request) -> Books:
        """What may be seen now; raises `ApiError` for a wrong token and for another user."""
        known = self.world.user_exists
        if not known or request.headers.get("authorization") != f"Bearer {SANDBOX_TOKEN}":
            raise ApiError(HTTPStatus.UNAUTHORIZED, "unauthorized", "the token is not known")
        if request.path_params["user"] not in {"me", str(self.world.user_id)}:
            raise ApiError(HTTPStatus.FORBIDDEN, "forbidden", "another user's data")
        return Books(self.history, self.state, self._now())

    def _now(self) -> datetime:
        """The time in UTC. Powens' times have whole seconds; so has all that follows from them."""
        return self.clock().astimezone(UTC).replace(microsecond=0)

    def _accounts_of(self, request: Request) -> list[AccountPlan]:
        """The accounts that the path is about: all, those of a connection, or one."""
        if not self.world.accounts:
            raise ApiError(HTTPStatus.BAD_REQUEST, "noAccount", "the user has no account")
        connection = request.path_params.get("connection")
        account = request.path_params.get("account")
        now = self._now()
        return [
            plan
            for plan in self.world.accounts
            if plan.is_listed(now)
            and connection in {None, plan.connection_id}
            and account in {None, plan.account_id}
        ]

    def _visible_account(self, request: Request, books: Books) -> AccountPlan:
        """The account of the path. A disabled or deleted one is not found without `all`."""
        for account in self._accounts_of(request):
            if books.figures(account).is_active or wants_all(request):
                return account
        raise ApiError(HTTPStatus.NOT_FOUND, "notFound", "no such account")

    def _connection(
        self, request: Request, books: Books, plan: ConnectionPlan
    ) -> dict[str, object]:
        return wire.connection(
            plan,
            books.timeline(plan),
            self.world,
            books.now,
            with_connector=expands(request, "connector"),
        )

    def _plan(self, request: Request) -> ConnectionPlan:
        plan = self.world.connection(request.path_params["connection"])
        if plan is None:
            raise ApiError(HTTPStatus.NOT_FOUND, "notFound", "no such connection")
        return plan

    def answer(
        self, request: Request, content: Mapping[str, object], status: int = HTTPStatus.OK
    ) -> Response:
        """An answer as Powens sends it."""
        headers = {"X-Request-Id": self._request_id(request)}
        return Response(wire.dumps(content), status, headers, "application/json")

    def _refusal(self, request: Request, error: ApiError) -> Response:
        request_id = self._request_id(request)
        content = wire.error_envelope(error.code, error.description, request_id=request_id)
        return self.answer(request, content, error.status)

    def _request_id(self, request: Request) -> str:
        """Made up, but the same for the same request at the same time."""
        path = request.url.path + "?" + request.url.query
        at = self._now().isoformat()
        asked = f"{self.world.seed} {at} {request.method} {path}"
        return hashlib.sha256(asked.encode()).hexdigest()[:16]
