"""The calls of the Powens API that reading needs, made carefully. `provider` is the only caller.

It knows how to ask and what an answer is as a whole; what a row of it means is for `mapping`. There
is no DELETE and no POST on purpose: those erase data, create users or bother the account holder.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import httpx

from pfo_dagster.openbanking.errors import ErrorKind, ProviderError
from pfo_dagster.openbanking.powens.errors import NO_ACCOUNT, no_answer, refusal, unusable
from pfo_dagster.openbanking.powens.exchange import (
    Exchange,
    Limits,
    Reply,
    Timeouts,
    UnusableReplyError,
)
from pfo_dagster.openbanking.powens.fields import paris_wall_clock
from pfo_dagster.openbanking.powens.json_page import decode_page
from pfo_dagster.openbanking.powens.json_text import as_list, as_object, decode
from pfo_dagster.openbanking.powens.pacing import Pace, Quota
from pfo_dagster.openbanking.powens.paging import PageTrail, PagingError
from pfo_dagster.openbanking.powens.privacy import read_request_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import date, datetime

    from pydantic import SecretStr

PAGE_SIZE: Final = 1000
"""Rows per page: the most that Powens allows. Asking without a limit is an error there."""
REDIAL_SECONDS: Final = (0.1, 0.4)
"""Waits before a GET is repeated whose connection was dropped. Nothing else is repeated here."""
CHANGES_OVERLAP: Final = timedelta(hours=1)
"""How much further back changes are asked for: local times are ambiguous by an hour in October."""

_PROVES_NOTHING: Final = frozenset(
    {HTTPStatus.CONFLICT, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT}
)
"""Of a forced sync: it was made just now or is under way, or a proxy did not wait for its end."""

_DROPPED = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError, httpx.CloseError)


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON object of an answer of status 2xx."""

    content: Mapping[str, object]
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of all pages, unless they were taken one by one.

    `head` is the first page's object: totals stand beside its rows.
    """

    rows: tuple[object, ...]
    head: Answer
    pages: int


class PowensClient:
    """The API of one Powens domain, for one user. Belongs to one event loop; close it in the end.

    `base_url` ends in `/2.0` (see `addresses.validate_base_url`), `clock` gives the time in UTC,
    `sleep` waits between calls, which keep to `quota` (by default there is no limit). Each method
    raises `ProviderError` and nothing else.
    """

    def __init__(
        self,
        *,
        base_url: str,
        token: SecretStr,
        clock: Callable[[], datetime],
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        quota: Quota | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._base = httpx.URL(base_url.rstrip("/"))
        self._limits = limits or Limits()
        self._clock = clock
        self._sleep = sleep
        self._pace = Pace(quota or Quota(), clock=clock, sleep=sleep)
        self._exchange = Exchange(
            base_url=self._base,
            token=token,
            timeouts=timeouts or Timeouts(),
            limits=self._limits,
            transport=transport,
        )

    async def close(self) -> None:
        """Close the connections to Powens."""
        await self._exchange.close()

    async def user(self) -> Answer:
        """The user that the token belongs to."""
        return await self._get(self._url("/users/me"))

    async def connections(self) -> Listing:
        """All connections, with the names of their banks."""
        return await self._list("/users/me/connections?expand=connector", rows="connections")

    async def connection(self, connection_id: str) -> Answer:
        """One connection, with the name of its bank."""
        path = f"/users/me/connections/{quote(connection_id, safe='')}?expand=connector"
        return await self._get(self._url(path))

    async def accounts(self, take: Callable[[object], None] | None = None) -> Listing:
        """All accounts, deleted and disabled ones included; having none is an empty listing.

        `take` gets each row as soon as it is decoded, so that they need not be in memory together.
        What it got is worth nothing if this raises.
        """
        return await self._list("/users/me/accounts?all", rows="accounts", take=take)

    async def transactions(
        self, *, since: date, until: date, changed_after: datetime | None = None
    ) -> Listing:
        """The transactions with bank dates from `since` to `until` inclusive, deleted ones too.

        The default filter is a date that the user can edit, hence `filter=date`. `changed_after`
        is asked for with an overlap, so that rows may be listed again.
        """
        query = f"all&limit={PAGE_SIZE}&filter=date&min_date={since}&max_date={until}"
        if changed_after is not None:
            query += f"&last_update={quote(paris_wall_clock(changed_after - CHANGES_OVERLAP))}"
        return await self._list(f"/users/me/transactions?{query}", rows="transactions")

    async def computed_balances(self, account_id: str, *, since: date, until: date) -> Answer:
        """The balances that Powens computes for an account, from `since` to `until` inclusive."""
        path = f"/users/me/accounts/{quote(account_id, safe='')}/balances"
        return await self._get(self._url(f"{path}?all&min_date={since}&max_date={until}"))

    async def sync(
        self, connection_id: str, about_to_ask: Callable[[], None] = lambda: None
    ) -> Answer | None:
        """Force one sync of a connection, saying that the user is not there.

        `about_to_ask` is called when it is this call's turn, so that an account of calls kept there
        has the instants at which they leave.

        None where the answer proves nothing: 409 (just synced, or under way), no whole answer in
        time, be it ours or a proxy's (504). The sync may be running all the same: look at the
        connection.
        """
        path = f"/users/me/connections/{quote(connection_id, safe='')}?psu_requested=false"
        url = self._url(path)
        await self._pace.turn()
        about_to_ask()
        try:
            reply = await self._exchange.send("PUT", url)
        except (httpx.ReadTimeout, httpx.WriteTimeout, TimeoutError, UnusableReplyError, *_DROPPED):
            return None
        except httpx.TransportError as error:
            raise no_answer(call=_call("PUT", url), host=url.host, error=error) from error
        if reply.status in _PROVES_NOTHING:
            return None
        if not httpx.codes.is_success(reply.status):
            raise self._refusal("PUT", url, reply)
        try:
            answer = _answer("PUT", url, reply)
        except ProviderError:
            return None
        return answer if "id" in answer.content else None

    async def _list(
        self, path: str, *, rows: str, take: Callable[[object], None] | None = None
    ) -> Listing:
        """All pages of a listing. Powens says 400 `noAccount` where it means an empty one."""
        trail = PageTrail(self._base, self._limits.pages)
        url: httpx.URL | None = self._url(path)
        found: list[object] = []
        head: Answer | None = None
        pages = 0
        while url is not None:
            try:
                reply = await self._get_reply(url)
                page, identity = _page(url, reply, rows=rows, take=take or found.append)
            except ProviderError as error:
                if error.code == NO_ACCOUNT:
                    page, identity = Answer({rows: []}, error.request_id), ""
                else:
                    raise
            head = head or page
            pages += 1
            url = _next_page(trail, url, page, identity)
        assert head is not None, "there is always a first page"  # noqa: S101 - narrows
        return Listing(tuple(found), head, pages)

    async def _get(self, url: httpx.URL) -> Answer:
        return _answer("GET", url, await self._get_reply(url))

    async def _get_reply(self, url: httpx.URL) -> Reply:
        reply = await self._send_get(url)
        if not httpx.codes.is_success(reply.status):
            raise self._refusal("GET", url, reply)
        return reply

    async def _send_get(self, url: httpx.URL) -> Reply:
        waits = iter(REDIAL_SECONDS)
        while True:
            try:
                await self._pace.turn()
                return await self._exchange.send("GET", url)
            except UnusableReplyError as error:
                raise unusable(call=_call("GET", url), problem=str(error)) from None
            except (httpx.TransportError, TimeoutError) as error:
                wait = next(waits, None) if isinstance(error, _DROPPED) else None
                if wait is None:
                    raise no_answer(call=_call("GET", url), host=url.host, error=error) from error
            await self._sleep(wait)

    def _refusal(self, method: str, url: httpx.URL, reply: Reply) -> ProviderError:
        return refusal(
            call=_call(method, url),
            status=reply.status,
            headers=reply.headers,
            body=reply.body,
            now=self._clock(),
        )

    def _url(self, path: str) -> httpx.URL:
        # Joined as text: resolving `/users` against the base would lose its `/2.0`.
        return httpx.URL(f"{self._base}{path}")


def _next_page(trail: PageTrail, url: httpx.URL, page: Answer, identity: str) -> httpx.URL | None:
    """Where the page after this one is, if there is one."""
    try:
        return trail.follow(url, page.content, identity)
    except PagingError as error:
        raise ProviderError(
            f"{_call('GET', url)}: the listing cannot be read to its end: {error}.",
            kind=ErrorKind.FATAL,
            request_id=page.request_id,
        ) from None


def _page(
    url: httpx.URL, reply: Reply, *, rows: str, take: Callable[[object], None]
) -> tuple[Answer, str]:
    """A page without its rows, which are handed to `take`, and what tells them from another's."""
    identity = ""

    def decoded(body: bytes) -> object:
        nonlocal identity
        content, identity = decode_page(body, rows, take)
        return content

    page = _answer("GET", url, reply, decoded)
    if as_list(page.content.get(rows)) is None:
        problem = f"it has no list of {rows}"
        raise unusable(call=_call("GET", url), problem=problem, request_id=page.request_id)
    return page, identity


def _answer(
    method: str, url: httpx.URL, reply: Reply, decoded: Callable[[bytes], object] = decode
) -> Answer:
    identity = read_request_id(reply.headers.get("x-request-id"))
    try:
        content = as_object(decoded(reply.body))
    except ValueError:
        # The decoder's own error carries the whole body along, hence `from None`.
        problem = "it is no JSON, or was cut off"
        raise unusable(call=_call(method, url), problem=problem, request_id=identity) from None
    if content is None:
        problem = "it is no JSON object"
        raise unusable(call=_call(method, url), problem=problem, request_id=identity)
    return Answer(content, identity)


def _call(method: str, url: httpx.URL) -> str:
    """What was called, for people: without the query, which is ours and of no use to them."""
    return f"{method} {url.path}"
