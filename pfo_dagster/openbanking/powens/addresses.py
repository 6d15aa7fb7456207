"""Where Powens is: the base URL of a domain, and whether a base URL may be sent the token."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final

import httpx

from pfo_dagster.openbanking.errors import ErrorKind, ProviderError

_SUFFIX: Final = ".biapi.pro"
_DOMAIN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HOST = re.compile(r"[a-z0-9.-]+|[0-9a-f:]+")
_EXPECTED_URL: Final = (
    "Expected https://<domain>.biapi.pro/2.0 (http only on this computer, for tests)."
)


def powens_base_url(domain: str) -> str:
    """The base URL of a Powens domain, e.g. of `acme-sandbox`; the suffix may be there already.

    Raises `ProviderError` for what is no domain: lowercase letters and digits, in parts joined by
    single hyphens.
    """
    name = domain.strip().removesuffix(_SUFFIX)
    if not _DOMAIN.fullmatch(name):
        raise _misconfigured(
            "POWENS_DOMAIN is no Powens domain. Expected its name alone, in lowercase letters, "
            "digits and single hyphens, e.g. acme-sandbox; the Powens console shows it."
        )
    return f"https://{name}{_SUFFIX}/2.0"


def validate_base_url(url: str) -> str:
    """The base URL without a slash at its end, if the token may be sent there.

    It must be https, or http on this computer, end in `/2.0` and hold nothing else. Raises
    `ProviderError`, which does not quote the URL: somebody may have put a password into it.
    """
    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL:
        raise _misconfigured("POWENS_BASE_URL is no address. " + _EXPECTED_URL) from None
    if not _HOST.fullmatch(parsed.host) or parsed.userinfo or parsed.query or parsed.fragment:
        raise _misconfigured("POWENS_BASE_URL is not a plain address. " + _EXPECTED_URL)
    if parsed.scheme != "https" and not (parsed.scheme == "http" and is_loopback(parsed.host)):
        raise _misconfigured("POWENS_BASE_URL is not encrypted. " + _EXPECTED_URL)
    if not parsed.path.rstrip("/").endswith("/2.0"):
        raise _misconfigured("POWENS_BASE_URL does not end in /2.0. " + _EXPECTED_URL)
    return str(parsed).rstrip("/")


def address_label(address: str) -> str:
    """What tells a base URL from others: its domain at Powens, else its host and port."""
    parsed = httpx.URL(address)
    if parsed.host.endswith(_SUFFIX):
        return parsed.host.removesuffix(_SUFFIX)
    return parsed.netloc.decode()


def is_sandbox(address: str) -> bool:
    """Whether a base URL is that of one of Powens' sandboxes, which take few calls."""
    return address_label(address).endswith("-sandbox")


def is_loopback(host: str) -> bool:
    """Whether a host is this computer itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _misconfigured(message: str) -> ProviderError:
    return ProviderError(message, kind=ErrorKind.FATAL)
