"""Nothing secret is ever shown: not in representations, messages, tracebacks or logs."""

from __future__ import annotations

import logging
import traceback

import pytest

from pfo_dagster.openbanking import ProviderError
from tests.openbanking.support import (
    TOKEN,
    Call,
    Reply,
    client_of,
    provider_of,
    refused,
    run,
    scripted,
)

IBAN = "FR7630006000011234567890189"
SECRET_LINK = "https://bank.example/auth?state=LINK-CANARY"
CANARIES = (TOKEN, IBAN, "1234567890189", "LINK-CANARY", "NAME-CANARY-IN-MESSAGE")

BANK_TEXT = {
    "code": "websiteUnavailable",
    "message": SECRET_LINK,
    "description": "NAME-CANARY-IN-MESSAGE",
    "error_message": SECRET_LINK,
}


def everything_about(error: ProviderError) -> str:
    return "".join([*traceback.format_exception(error), repr(error), repr(vars(error))])


def assert_clean(text: str) -> None:
    for canary in CANARIES:
        assert canary not in text


@pytest.mark.parametrize(
    "reply",
    [
        Reply(BANK_TEXT, status=400),
        Reply(BANK_TEXT, status=401),
        Reply(BANK_TEXT, status=503),
        Reply(BANK_TEXT),
        Reply(body=f'{{"accounts": [{{"iban": "{IBAN}'.encode()),
        Reply(body=f"<html>{SECRET_LINK} {IBAN}</html>".encode(), status=503),
        Reply(status=302, headers={"location": SECRET_LINK}),
        Reply({"accounts": [{"id": 1}], "_links": {"next": {"href": SECRET_LINK}}}),
        Reply({"accounts": [], "error_message": SECRET_LINK}, headers={"content-encoding": "br"}),
    ],
)
def test_trap_20_errors_hold_no_secret_and_no_bank_text(
    reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    # Below that, httpcore logs the headers of answers, whatever they are.
    caplog.set_level(logging.INFO)
    with scripted(reply) as (base_url, _):
        error = refused(client_of(base_url).accounts())
    assert_clean(everything_about(error))
    assert_clean(caplog.text)


def test_the_token_is_not_in_any_representation() -> None:
    provider = provider_of("https://acme.biapi.pro/2.0")
    parts: list[object] = [provider, *vars(provider).values()]
    client = client_of("https://acme.biapi.pro/2.0")
    parts += [client, *vars(client).values()]
    for part in parts:
        assert_clean(f"{part!r} {part!s}")


def test_a_failed_connection_does_not_show_the_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert_clean(everything_about(refused(client_of("http://127.0.0.1:1/2.0").accounts())))
    assert_clean(caplog.text)


def test_records_hold_neither_ibans_nor_numbers_nor_messages(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)

    def answer(call: Call) -> Reply:
        account = {"id": 1, "iban": IBAN, "number": "1234567890189", "name": f"CPT {IBAN}"}
        broken = {**account, "id": 2, "balance": SECRET_LINK, "last_update": IBAN}
        connection = {"id": 7, "state": "webauthRequired", "error_message": SECRET_LINK}
        return Reply({"accounts": [account, broken], "connections": [connection]})

    with scripted(answer) as (base_url, _):
        provider = provider_of(base_url)
        listing = run(provider.accounts())
        connections = run(provider.connections()).connections
    assert listing.accounts[0].iban_masked == "FR76…0189"
    assert len(listing.rejected) == 1
    assert_clean(repr(listing))
    assert_clean(repr(connections))
    assert_clean(caplog.text)
