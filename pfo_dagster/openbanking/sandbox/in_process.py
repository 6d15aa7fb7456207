"""Calls to the sandbox in its caller's own process, as patient as calls over a network are."""

from __future__ import annotations

import asyncio

import httpx


class InProcessTransport(httpx.ASGITransport):
    """Hands requests to an ASGI app, and keeps to their time limit for reading.

    Here an answer comes all at once: one that is sent byte by byte is silence until it is whole.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raise `httpx.ReadTimeout` where the app takes longer than the request waits."""
        patience = request.extensions.get("timeout", {}).get("read")
        try:
            async with asyncio.timeout(patience):
                return await super().handle_async_request(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer from the sandbox", request=request) from error
