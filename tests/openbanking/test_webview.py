"""Links to the webview, and the one request that comes back from it."""

from __future__ import annotations

import socket

import httpx
import pytest
from pydantic import SecretStr

from pfo_dagster.openbanking.callback import awaiting_callback, checked_redirect
from pfo_dagster.openbanking.powens.webview import (
    CallbackError,
    Webview,
    WebviewOutcome,
    read_callback,
)

CODE = SecretStr("code/1+2")
WEBVIEW = Webview(
    base_url="https://acme-sandbox.biapi.pro/2.0",
    client_id="123",
    redirect_uri="http://127.0.0.1:8912/callback",
)


def test_a_link_leads_to_powens_with_everything_escaped() -> None:
    url = httpx.URL(WEBVIEW.connect_link(CODE, state="s"))
    assert (url.scheme, url.host, url.path) == ("https", "webview.powens.com", "/en/connect")
    assert dict(url.params) == {
        "domain": "acme-sandbox",
        "client_id": "123",
        "redirect_uri": "http://127.0.0.1:8912/callback",
        "code": "code/1+2",
        "state": "s",
    }
    again = httpx.URL(WEBVIEW.reconnect_link(CODE, connection_id="7"))
    assert again.path == "/en/reconnect"
    assert again.params["connection_id"] == "7"


def test_a_code_is_not_shown_by_accident() -> None:
    assert "code/1+2" not in repr(CODE) + repr(WEBVIEW)


@pytest.mark.parametrize(
    ("query", "outcome"),
    [
        ({"connection_id": "7"}, WebviewOutcome(connection_ids=("7",))),
        ({"connection_ids": "7,8"}, WebviewOutcome(connection_ids=("7", "8"))),
        ({"error": "access_denied"}, WebviewOutcome(error="access_denied")),
        ({"error": "<script>"}, WebviewOutcome(error="unknown")),
    ],
)
def test_what_comes_back_is_read(query: dict[str, str], outcome: WebviewOutcome) -> None:
    assert read_callback({**query, "state": "s"}, state="s") == outcome
    assert outcome.text


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"state": "s"},
        {"connection_id": "7"},
        {"connection_id": "7", "state": "other"},
        {"connection_id": "7", "state": "é"},
        {"connection_id": "seven", "state": "s"},
        {"error": "access_denied", "state": ""},
    ],
)
def test_what_is_not_our_answer_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(CallbackError):
        read_callback(query, state="s")


def test_the_first_answer_with_our_state_counts_and_no_other() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    redirect = f"http://127.0.0.1:{port}/callback"
    with awaiting_callback(redirect, state="s") as callback:
        assert httpx.get(redirect, params={"connection_id": "6", "state": "x"}).status_code == 400
        assert callback.wait(0) is None
        assert httpx.get(redirect, params={"connection_id": "7", "state": "s"}).status_code == 200
        assert httpx.get(redirect, params={"connection_id": "8", "state": "s"}).status_code == 200
        assert callback.wait(5) == WebviewOutcome(connection_ids=("7",))


@pytest.mark.parametrize(
    "redirect",
    [
        "https://127.0.0.1:8912/callback",
        "http://example.org:8912/callback",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:8912/callback?x=1",
        "http://[",
    ],
)
def test_only_an_address_of_this_computer_can_be_listened_at(redirect: str) -> None:
    with pytest.raises(ValueError, match="expected http"):
        checked_redirect(redirect)
