"""What goes wrong before there is any answer: the server's name, or its identity.

No server can do that by a rule. So a rule for it acts in the transport of the built-in sandbox
(`WithoutAnswer`), and whoever calls a served one is pointed at an address where it is so.
"""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

from pfo_dagster.openbanking.loopback import listening

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from starlette.types import ASGIApp

    from pfo_dagster.openbanking.sandbox.controls import ControlPanel, Rule

BEFORE_ANY_ANSWER: Final[Mapping[str, str]] = {
    "dns": "the name cannot be resolved",
    "tls": "the TLS handshake fails",
    "certificate": "a certificate that nobody trusts",
}
"""By the name that a rule has as its breakage."""

UNKNOWN_HOST: Final = "sandbox.invalid"
"""A name that is reserved never to exist (RFC 2606)."""
UNRESOLVED: Final = f"https://{UNKNOWN_HOST}/2.0"
"""The base URL of a server whose name cannot be resolved."""


class WithoutAnswer(httpx.AsyncBaseTransport):
    """A transport whose calls end before an answer where a rule of the panel says so.

    Nothing leaves the process: the errors are those of a real network, without waiting for one.
    """

    def __init__(self, reached: httpx.AsyncBaseTransport, panel: ControlPanel) -> None:
        self._reached = reached
        self._panel = panel

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a call on, or raise `httpx.ConnectError` with the cause that it has by the rule."""
        path = request.url.path
        rule = self._panel.take_rule(
            lambda rule: is_before_any_answer(rule) and rule.concerns(request.method, path)
        )
        if rule is None:
            return await self._reached.handle_async_request(request)
        cause = _cause(rule.breakage)
        raise httpx.ConnectError(str(cause), request=request) from cause

    async def aclose(self) -> None:
        """Close what is behind."""
        await self._reached.aclose()


def is_before_any_answer(rule: Rule) -> bool:
    """Whether no server can do what the rule says."""
    return rule.breakage in BEFORE_ANY_ANSWER


def without_tls(base_url: str) -> str:
    """The base URL at which the TLS handshake with a server of plain HTTP fails."""
    return base_url.replace("http://", "https://", 1)


@contextlib.contextmanager
def distrusted(app: ASGIApp) -> Generator[str]:
    """Serve on a free port of this computer with a certificate that nobody trusts; the base URL.

    A client that answers come to does not look at certificates.
    """
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder) / "certificate.pem"
        pem.write_text(_CERTIFICATE + _KEY, encoding="ascii")
        with listening(app, certificate=pem) as address:
            yield f"{address}/2.0"


def _cause(breakage: str) -> OSError:
    """What the operating system, or OpenSSL, says in this case."""
    if breakage == "dns":
        return socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if breakage == "tls":
        return ssl.SSLError(1, "[SSL] record layer failure")
    return ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")


def _pem(what: str, der: bytes) -> str:
    lines = base64.encodebytes(der).decode()
    return f"-----BEGIN {what}-----\n{lines}-----END {what}-----\n"


# An Ed25519 key is any 32 bytes, behind the fixed head of its file format (RFC 8410).
_KEY: Final = _pem(
    "PRIVATE KEY",
    bytes.fromhex("302e020100300506032b657004220420") + b"the sandbox's key, and no secret",
)
# Signed by that key itself, for localhost and 127.0.0.1, until 2126.
_CERTIFICATE: Final = _pem(
    "CERTIFICATE",
    base64.b64decode(
        "MIHyMIGloAMCAQICAQEwBQYDK2VwMBIxEDAOBgNVBAMMB3NhbmRib3gwIBcNMjYwMTAxMDAwMDAwWhgPMjEyNjAx"
        "MDEwMDAwMDBaMBIxEDAOBgNVBAMMB3NhbmRib3gwKjAFBgMrZXADIQCAkHdYuPrT0EM5vOO6YzfjRwbiyI/NqJVE"
        "MlFo3WMq56MeMBwwGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMAUGAytlcANBABSgGHmPq1OmedqYyZ1hEpMV"
        "5X3HUbeNH4uVLV1nz8EEdWw8x6ccgZEELeNcSs/fXcRqYgo1JvWF6Plmhw7fTQ0="
    ),
)
