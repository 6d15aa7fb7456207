"""What the dashboard's server answers before any script runs, and whom it answers nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
from starlette.types import ASGIApp, Message, Scope

from pfo_dagster.dashboard.serving import OwnPagesOnly, dashboard_app
from pfo_dagster.ledger import Ledger
from tests.ledger.conftest import ledger  # noqa: F401 - a fixture
from tests.ledger.test_trust import filled

A_DAY = timedelta(days=1)
HERE = "http://localhost:2718"
FIGURES = "Cash position at the end of"


def get(app: ASGIApp, *paths: str, base_url: str = HERE, **headers: str) -> httpx.Response:
    """The answer to the last of the paths, asked one after the other as one browser does."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=base_url) as client:
            answers = [await client.get(path, headers=headers) for path in paths]
        return answers[-1]

    return asyncio.run(ask())


def test_the_first_answer_has_the_figures(ledger: Ledger) -> None:  # noqa: F811 - the fixture
    answer = get(dashboard_app(filled(ledger), stale_after=A_DAY, token=None), "/")
    first, _, notebook = answer.text.partition('<div id="root">')
    assert FIGURES in first
    assert "EUR" in first
    assert notebook, "marimo's page is still there"
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_without_a_publication_it_says_what_to_do(ledger: Ledger) -> None:  # noqa: F811 - the fixture
    assert (
        "Run `make run` first"
        in get(dashboard_app(ledger, stale_after=A_DAY, token=None), "/").text
    )


@pytest.mark.parametrize(
    ("base_url", "headers"),
    [
        (HERE, {"origin": "https://evil.example"}),
        ("http://evil.example:2718", {}),
        (HERE, {"origin": "null"}),
    ],
)
def test_pages_of_other_sites_get_no_answer(
    ledger: Ledger,  # noqa: F811 - the fixture
    base_url: str,
    headers: dict[str, str],
) -> None:
    answer = get(
        dashboard_app(filled(ledger), stale_after=A_DAY, token=None),
        "/",
        base_url=base_url,
        **headers,
    )
    assert answer.status_code == 403
    assert FIGURES not in answer.text


@pytest.mark.parametrize(
    ("host", "origin", "accepted"),
    [
        (b"localhost:2718", b"http://localhost:2718", True),
        (b"[::1]:2718", b"http://[::1]:2718", True),
        (b"localhost:2718", b"https://evil.example", False),
        (b"evil.example:2718", b"http://evil.example:2718", False),
    ],
)
def test_only_its_own_page_may_connect(host: bytes, origin: bytes, accepted: bool) -> None:
    reached: list[Scope] = []

    async def app(scope: Scope, receive: object, send: object) -> None:
        reached.append(scope)

    async def nothing() -> Message:
        return {"type": "websocket.connect"}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "headers": [(b"host", host), (b"origin", origin)]}
    asyncio.run(
        OwnPagesOnly(app, frozenset({"localhost", "::1"}))(scope, nothing, send)  # pyright: ignore[reportArgumentType] - an app takes less exactly typed ends
    )
    assert bool(reached) == accepted
    assert [message["type"] for message in sent] == ([] if accepted else ["websocket.close"])


def test_for_others_it_asks_for_the_token(ledger: Ledger) -> None:  # noqa: F811 - the fixture
    app = dashboard_app(filled(ledger), stale_after=A_DAY, token="a-token")
    elsewhere = "http://192.0.2.7:2718"
    for path in ("/", "/?access_token=wrong"):
        answer = get(app, path, base_url=elsewhere)
        assert answer.has_redirect_location
        assert FIGURES not in answer.text
    assert FIGURES in get(app, "/?access_token=a-token", "/", base_url=elsewhere).text


def test_browsers_keep_scripts_and_not_figures(ledger: Ledger) -> None:  # noqa: F811 - the fixture
    app = dashboard_app(filled(ledger), stale_after=A_DAY, token=None)
    script = get(app, "/").text.partition('src="./assets/')[2].partition('"')[0]
    assert "immutable" in get(app, f"/assets/{script}").headers["cache-control"]
    assert "cache-control" not in get(app, "/assets/no-such-script.js").headers
