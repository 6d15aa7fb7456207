"""Where the token may be sent, and under which name the data is kept."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from pfo_dagster.openbanking import (
    ErrorKind,
    ProviderError,
    open_powens,
    powens_base_url,
    validate_base_url,
)
from tests.openbanking.support import KEY, TOKEN


@pytest.mark.parametrize("domain", ["acme-sandbox", " acme-sandbox ", "acme-sandbox.biapi.pro"])
def test_the_base_url_of_a_domain(domain: str) -> None:
    assert powens_base_url(domain) == "https://acme-sandbox.biapi.pro/2.0"


@pytest.mark.parametrize(
    "domain", ["", "Acme", "acme--x", "-acme", "acme.example", "acme/2.0", "https://acme", "a b"]
)
def test_what_is_no_domain_is_refused(domain: str) -> None:
    with pytest.raises(ProviderError, match="POWENS_DOMAIN") as caught:
        powens_base_url(domain)
    assert caught.value.kind is ErrorKind.FATAL


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://acme.biapi.pro/2.0", "https://acme.biapi.pro/2.0"),
        ("https://acme.biapi.pro/2.0/", "https://acme.biapi.pro/2.0"),
        ("http://127.0.0.1:8700/2.0", "http://127.0.0.1:8700/2.0"),
        ("http://localhost/2.0", "http://localhost/2.0"),
        ("http://[::1]:8700/2.0", "http://[::1]:8700/2.0"),
    ],
)
def test_base_urls_that_may_be_used(url: str, address: str) -> None:
    assert validate_base_url(url) == address


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://acme.biapi.pro/2.0", "not encrypted"),
        ("ftp://acme.biapi.pro/2.0", "not encrypted"),
        ("http://127.0.0.1.evil.example/2.0", "not encrypted"),
        ("https://acme.biapi.pro", "does not end in /2.0"),
        ("https://acme.biapi.pro/2.0/users", "does not end in /2.0"),
        ("https://user:CANARY@acme.biapi.pro/2.0", "not a plain address"),
        ("https://acme.biapi.pro/2.0?token=CANARY", "not a plain address"),
        ("acme.biapi.pro/2.0", "not a plain address"),
        ("https://[CANARY/2.0", "not a plain address"),
        ("https://acme.biapi.pro:CANARY/2.0", "no address"),
        ("", "not a plain address"),
    ],
)
def test_base_urls_that_may_not_be_used(url: str, problem: str) -> None:
    with pytest.raises(ProviderError, match=problem) as caught:
        validate_base_url(url)
    assert caught.value.kind is ErrorKind.FATAL
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://acme-sandbox.biapi.pro/2.0", "powens:acme-sandbox"),
        ("http://127.0.0.1:8700/2.0", "powens:127.0.0.1:8700"),
    ],
)
def test_the_data_is_named_after_the_domain(url: str, name: str) -> None:
    provider = open_powens(base_url=url, token=SecretStr(TOKEN), identity_key=KEY)
    assert provider.name == name


@pytest.mark.parametrize("token", ["", "   ", "tok CANARY", "tok\nCANARY", "tök-CANARY"])
def test_a_token_that_cannot_be_one_is_refused_without_being_quoted(token: str) -> None:
    with pytest.raises(ProviderError, match="POWENS_USER_TOKEN") as caught:
        open_powens(base_url="https://a.biapi.pro/2.0", token=SecretStr(token), identity_key=KEY)
    assert "CANARY" not in str(caught.value)


def test_a_short_identity_key_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        open_powens(
            base_url="https://a.biapi.pro/2.0", token=SecretStr(TOKEN), identity_key=b"short"
        )
