"""A bank that lists impossible rows beside good ones: the good are there, the rest is told of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb

from pfo_dagster.openbanking.sandbox import SANDBOX_TOKEN, SandboxState, household, sandbox_app
from pfo_dagster.openbanking.sandbox.server import running
from pfo_dagster.resources import utc_now
from tests.cli.test_pfo import BALANCES, pfo

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

NEVER, HALF_A_PAIR = "9999-12-31 23:59:59", "\ud800"


class OddRows:
    """Spoils the listing of accounts on its way."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not str(scope.get("path")).endswith("/accounts"):
            await self.app(scope, receive, send)
            return
        body = b""

        async def collect(message: Message) -> None:
            nonlocal body
            body += message.get("body", b"")

        await self.app(scope, receive, collect)
        listing = json.loads(body)
        first, second, third, *_ = listing["accounts"]
        first["balance"] = float("nan")
        second["last_update"] = NEVER
        third["name"] = HALF_A_PAIR
        listing["accounts"] += [None, {"name": "nobody's"}, {"name": "nor this one"}, third]
        listing["balances"] = {}
        spoiled = json.dumps(listing).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": spoiled})


def test_impossible_rows_are_told_of_and_the_others_go_on(tmp_path: Path) -> None:
    state = SandboxState()
    bank = OddRows(sandbox_app(world=household(2026), clock=utc_now, state=state))
    with running(bank) as base_url:
        environment = {"POWENS_BASE_URL": base_url, "POWENS_USER_TOKEN": SANDBOX_TOKEN}
        done = pfo("run", BALANCES, data=tmp_path, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left out: 5 rows for ledger/balances" in done.stdout
    assert "check warning: rows_could_be_read: 5 rows of the newest listings" in done.stdout
    with duckdb.connect(str(tmp_path / "published" / "balances.duckdb"), read_only=True) as read:
        reasons = read.execute("SELECT reason FROM rejected ORDER BY ALL").fetchall()
        names = read.execute("SELECT name FROM accounts").fetchall()
        days = read.execute("SELECT max(day) - current_date FROM balances").fetchall()
    assert [reason for (reason,) in reasons] == [
        "balance: the amount is NaN or infinite",
        "id: Field required",
        "id: Field required",
        "last_update: in the future or before the year 2000, so it is left out",
        "row: expected an object",
    ]
    assert ("\ufffd",) in names
    assert days <= [(1,)]
