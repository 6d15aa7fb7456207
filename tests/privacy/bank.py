"""A bank behind Powens' API whose answers are full of what must never be kept."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pfo_dagster.openbanking.sandbox import SANDBOX_TOKEN, SandboxState, household, sandbox_app
from pfo_dagster.openbanking.sandbox.server import running

TOKEN: Final = "tok-CANARY-q7Zr2XvB8mN4"
HOOK_SECRET: Final = "hook-CANARY-Kd93LwPs5T"
IBAN: Final = "FR7630006000019876543210182"
NUMBER: Final = "19876543210"
HOLDER: Final = "Philippine Canaryvert"
LINK: Final = "https://bank.example/auth?state=LINKCANARY77"
CANARIES: Final = (TOKEN, HOOK_SECRET, IBAN, NUMBER, HOLDER, "LINKCANARY77")

REFUSAL: Final = {"code": "actionNeeded", "message": LINK, "description": f"{HOLDER} {IBAN}"}


@dataclass
class Bank:
    """Where it is, and whether it refuses everything."""

    base_url: str = ""
    refuses: bool = False


@contextmanager
def bank_full_of_canaries() -> Generator[Bank]:
    """The sandbox on a socket, with canaries in each answer, for the token of the same kind."""
    bank = Bank()
    app = sandbox_app(
        world=household(2026), clock=lambda: datetime.now(UTC), state=SandboxState(None)
    )

    async def answer(request: Request) -> Response:
        if bank.refuses or request.headers.get("authorization") != f"Bearer {TOKEN}":
            said = REFUSAL | {"seen": request.headers.get("authorization")}
            return JSONResponse(said, 403, {"X-Request-Id": IBAN})
        transport = httpx.ASGITransport(app=app)
        headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
        async with httpx.AsyncClient(transport=transport, headers=headers) as sandbox:
            url = f"http://localhost{request.url.path}?{request.url.query}"
            reply = await sandbox.request(request.method, url)
        if not reply.is_success:
            return Response(reply.content, reply.status_code)
        # As text, because a JSON decoder would turn amounts into floats.
        planted = json.loads(reply.content, parse_float=str, object_hook=plant)
        for listing, amount in (("accounts", "balance"), ("transactions", "value")):
            if rows := planted.get(listing):
                # Whatever stands in an amount's place, the row is rejected, and its values with it.
                rows.append({**rows[0], "id": 999_000, amount: IBAN, "name": HOLDER})
                rows.append({**rows[0], "id": IBAN})
        return JSONResponse(planted, reply.status_code)

    route = Route("/{path:path}", answer, methods=["GET", "PUT", "POST"])
    with running(Starlette(routes=[route])) as bank.base_url:
        yield bank


def plant(row: dict[str, Any]) -> dict[str, Any]:
    """The row of an answer with something in it that it must not tell."""
    row["error_message"] = LINK
    row["holder"] = {"name": HOLDER, "iban": IBAN}
    if "iban" in row:
        row |= {"iban": IBAN, "number": NUMBER, "owner_name": HOLDER}
    return row
