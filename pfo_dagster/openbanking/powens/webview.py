"""Powens' webview, where the account holder connects banks: links to it, and what comes back. Pure.

A link holds a code that opens the user's data for half an hour: show it, never log it.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import httpx

from pfo_dagster.openbanking.powens.addresses import address_label, is_loopback
from pfo_dagster.openbanking.powens.privacy import code_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr

_WEBVIEW: Final = "https://webview.powens.com"
_IDS = re.compile(r"\d+(?:,\d+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Webview:
    """The webview of one client application.

    `base_url` is the API's; `redirect_uri` is whitelisted in the Powens console, letter by letter,
    and has no query string.
    """

    base_url: str
    client_id: str
    redirect_uri: str
    language: str = "en"

    def connect_link(self, code: SecretStr, *, state: str) -> str:
        """Where a bank is added; comes back to `redirect_uri` with `state`."""
        return self._link("connect", code, state=state)

    def reconnect_link(self, code: SecretStr, *, connection_id: str) -> str:
        """Where the account holder does what a connection waits for."""
        return self._link("reconnect", code, connection_id=connection_id)

    def _link(self, page: str, code: SecretStr, **more: str) -> str:
        query = {
            "domain": address_label(self.base_url),
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "code": code.get_secret_value(),
            **more,
        }
        return f"{_webview_of(self.base_url)}/{self.language}/{page}?{urlencode(query)}"


class CallbackError(Exception):
    """A request to the callback that is not the answer to our link; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebviewOutcome:
    """What became of the visit: the connections made, or Powens' word for why there are none."""

    connection_ids: tuple[str, ...] = ()
    error: str | None = None

    @property
    def text(self) -> str:
        """The outcome for people."""
        if self.error:
            return _ERRORS.get(self.error, f"the webview ended with the error {self.error}")
        return f"connected: {', '.join(self.connection_ids)}"


def read_callback(query: Mapping[str, str], *, state: str) -> WebviewOutcome:
    """What the webview sent back; raises `CallbackError` unless it is the answer to our `state`."""
    if not hmac.compare_digest(query.get("state", "").encode(), state.encode()):
        raise CallbackError("the state is not the one that this visit began with")
    if "error" in query:
        return WebviewOutcome(error=code_word(query["error"]) or "unknown")
    listed = query.get("connection_ids") or query.get("connection_id") or ""
    if not _IDS.fullmatch(listed):
        raise CallbackError("it names neither a connection nor an error")
    return WebviewOutcome(connection_ids=tuple(listed.split(",")))


_ERRORS: Final = {
    "access_denied": "cancelled: no bank was connected. Start again whenever you like",
    "server_error": "Powens or the bank failed: no bank was connected. Try again later",
    "tos_declined": "the terms of service were declined: no bank was connected",
    "session_expired": "the visit took more than half an hour: start again",
}


def _webview_of(base_url: str) -> str:
    """Powens' webview; that of the sandbox is on the sandbox's own socket."""
    url = httpx.URL(base_url)
    return f"{url.scheme}://{url.netloc.decode()}/webview" if is_loopback(url.host) else _WEBVIEW
