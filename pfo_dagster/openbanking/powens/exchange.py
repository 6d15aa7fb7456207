"""One HTTP call to one server, with everything bounded: time, size, concurrency, the token's way.

Called by `client` and `onboarding`. Redirects are not followed, and the token goes to the base
URL's server alone.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import httpx
from pydantic import SecretStr

from pfo_dagster.openbanking.errors import ErrorKind, ProviderError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

USER_AGENT: Final = "pfo-dagster/0.1 (read-only open banking; python-httpx)"

_TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long to wait, in seconds."""

    connect: float = 5
    read: float = 30
    """Without hearing anything, while reading."""
    answer: float = 120
    """For a whole answer, so that a server that drips bytes cannot hold us."""
    sync: float = 300
    """For the answer to a forced sync, during which Powens may talk to the bank."""
    poll_every: float = 15
    """Between two looks at a connection after a forced sync; a look is one of 30 calls a minute."""
    poll_for: float = 600
    """For all looks together, before a forced sync is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much to take of a server that might be broken."""

    concurrency: int = 4
    """Calls under way at the same time."""
    answer_bytes: int = 64 * 1024 * 1024
    pages: int = 500
    """Pages of one listing."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered, undecoded. `headers` are looked up whatever their case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class UnusableReplyError(Exception):
    """An answer that was not read to its end; the text says why, as the end of a sentence."""


class Exchange:
    """A connection pool to the server of `base_url`. Belongs to one event loop.

    Raises `ProviderError` for a token that cannot be right.
    """

    def __init__(
        self,
        *,
        base_url: httpx.URL,
        token: SecretStr | None,
        timeouts: Timeouts,
        limits: Limits,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self._timeouts = timeouts
        self._limits = limits
        self._gate = asyncio.Semaphore(limits.concurrency)
        self._http = httpx.AsyncClient(
            auth=None if token is None else _BearerToken(token, base_url),
            # Uncompressed, so that the limit on an answer's size is one on memory.
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": USER_AGENT,
            },
            follow_redirects=False,
            limits=httpx.Limits(max_connections=limits.concurrency),
            transport=transport,
        )

    async def send(
        self,
        method: Literal["GET", "PUT", "POST"],
        url: httpx.URL,
        content: Mapping[str, object] | None = None,
    ) -> Reply:
        """Make one call, once, with `content` as JSON.

        PUT is the forced sync, which has a patience of its own.

        Raises `httpx.TransportError` or `TimeoutError` where no whole answer came, and
        `UnusableReplyError` where it was too large or compressed unasked.
        """
        patience = self._timeouts.sync if method == "PUT" else self._timeouts.read
        whole = self._timeouts.sync if method == "PUT" else self._timeouts.answer
        timeout = httpx.Timeout(patience, connect=self._timeouts.connect, pool=None)
        async with (
            self._gate,
            asyncio.timeout(whole),
            self._http.stream(method, url, json=content, timeout=timeout) as response,
        ):
            body = await self._read(response)
        return Reply(response.status_code, response.headers, body)

    async def close(self) -> None:
        """Close the pool; the exchange cannot be used any more."""
        await self._http.aclose()

    async def _read(self, response: httpx.Response) -> bytes:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise UnusableReplyError("it is compressed, which was not asked for")
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > self._limits.answer_bytes:
                raise UnusableReplyError(f"it is larger than {self._limits.answer_bytes:,} bytes")
        return bytes(body)


class _BearerToken(httpx.Auth):
    """Puts the token on calls to one server only, and keeps it out of every representation."""

    def __init__(self, token: SecretStr, base_url: httpx.URL) -> None:
        self._token = _checked(token)
        self._server = (base_url.scheme, base_url.host, base_url.port)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        url = request.url
        if (url.scheme, url.host, url.port) == self._server:
            request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        yield request


def _checked(token: SecretStr) -> SecretStr:
    """The token without blanks around it.

    One that cannot be sent is refused here: httpx would quote it in its own error.
    """
    text = token.get_secret_value().strip()
    if not _TOKEN.fullmatch(text):
        raise ProviderError(
            "POWENS_USER_TOKEN is empty or has characters that no token has (blanks, line breaks, "
            "accents). Copy it again from where it was stored.",
            kind=ErrorKind.FATAL,
        )
    return SecretStr(text)
