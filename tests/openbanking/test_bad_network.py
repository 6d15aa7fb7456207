"""The client on a network that fails: each failure ends in time, has a kind, says what it is."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from pfo_dagster.config import SettingsError, load_settings
from pfo_dagster.openbanking import ErrorKind, ProviderError
from pfo_dagster.openbanking.powens.exchange import Timeouts
from pfo_dagster.resources import powens_timeouts
from tests.openbanking.support import client_of, refused, run

HASTE = Timeouts(connect=1, read=0.2, answer=0.3, sync=0.3)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def served(answer: Answering, tls: ssl.SSLContext | None = None) -> AsyncGenerator[int]:
    """A server on loopback that answers by hand; gives its port."""
    under_way: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        under_way.add(task)
        try:
            await answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client is gone
        finally:
            under_way.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in under_way:
            task.cancel()


def asked_of(answer: Answering, timeouts: Timeouts = HASTE) -> Coroutine[Any, Any, object]:
    """The accounts, asked of a server that answers so."""

    async def work() -> object:
        async with served(answer) as port:
            return await client_of(f"http://127.0.0.1:{port}/2.0", timeouts=timeouts).accounts()

    return work()


async def says(writer: asyncio.StreamWriter, text: bytes) -> None:
    writer.write(text)
    await writer.drain()


async def drips_its_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await says(writer, HEAD)
    while True:
        await says(writer, b" ")
        await asyncio.sleep(0.01)


async def drips_its_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await says(writer, b"HTTP/1.1 200 OK\r\nx-header: ")
    while True:
        await says(writer, b"x")
        await asyncio.sleep(0.01)


async def says_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def breaks_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await says(writer, HEAD + b'{"accounts": [')


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await says(writer, HEAD + b'{"accounts": [')
    raw: socket.socket = writer.get_extra_info("socket")
    at_once = struct.pack("ii", 1, 0)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.transport.abort()


async def speaks_something_else(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await says(writer, b"220 mail.example ESMTP\r\n")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (drips_its_body, "127.0.0.1 took too long to answer"),
        (drips_its_head, "127.0.0.1 took too long to answer"),
        (says_nothing, "127.0.0.1 took too long to answer"),
        (breaks_off, "closed the connection before it answered"),
        (resets, "closed the connection before it answered"),
        (speaks_something_else, "closed the connection before it answered"),
    ],
)
def test_an_answer_that_does_not_come_whole_is_worth_another_try(
    answer: Answering, words: str
) -> None:
    error = refused(asked_of(answer))
    assert error.kind is ErrorKind.RETRYABLE
    assert str(error).startswith("GET /2.0/users/me/accounts: ")
    assert words in str(error)


def test_an_answer_that_broke_off_once_is_asked_for_again() -> None:
    whole = b'{"accounts": []}'
    answers = [breaks_off]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answers:
            await answers.pop()(reader, writer)
            return
        await reader.readuntil(b"\r\n\r\n")
        await says(writer, b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(whole), whole))

    run(asked_of(answer))
    assert answers == []


def test_a_forced_sync_has_a_patience_of_its_own_and_no_answer_proves_nothing() -> None:
    """A read that is out of patience at once, beside a sync that waits for its answer."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.2)
        if asked.startswith(b"PUT") and b"/7?" in asked:
            body = b'{"id": 7}'
            await says(writer, b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n" + body)
        await reader.read()

    async def work() -> None:
        async with served(answer) as port:
            timeouts = Timeouts(connect=1, read=0.05, answer=0.05, sync=0.6)
            client = client_of(f"http://127.0.0.1:{port}/2.0", timeouts=timeouts)
            answered = await client.sync("7")
            assert answered is not None
            assert answered.content == {"id": 7}
            assert await client.sync("8") is None
            with pytest.raises(ProviderError, match="took too long"):
                await client.user()

    run(work())


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A certificate authority that this computer trusts, for the length of a test."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return made


def asked_over_tls(
    certificate: trustme.LeafCert,
) -> tuple[Coroutine[Any, Any, object], list[bytes]]:
    """The user, asked of a server with that certificate, and what the server was told."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        await says(writer, b'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"id": 1}')

    async def work() -> object:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(tls)
        async with served(answer, tls) as port:
            return await client_of(f"https://localhost:{port}/2.0", timeouts=HASTE).user()

    return work(), heard


def test_a_certificate_of_a_trusted_authority_is_believed(authority: trustme.CA) -> None:
    work, heard = asked_over_tls(authority.issue_cert("localhost"))
    run(work)
    assert len(heard) == 1


def test_a_certificate_for_another_host_is_not_sent_the_token(authority: trustme.CA) -> None:
    work, heard = asked_over_tls(authority.issue_cert("elsewhere.example"))
    error = refused(work)
    assert error.kind is ErrorKind.FATAL
    assert "the identity of localhost could not be verified" in str(error)
    assert heard == []


@pytest.mark.usefixtures("authority")
def test_a_certificate_that_a_server_made_itself_is_not_sent_the_token() -> None:
    work, heard = asked_over_tls(trustme.CA().issue_cert("localhost"))
    error = refused(work)
    assert error.kind is ErrorKind.FATAL
    assert "Check the address, this computer's clock and its certificates" in str(error)
    assert heard == []


def test_a_name_that_nobody_knows() -> None:
    error = refused(client_of("https://acme.biapi.invalid/2.0").accounts())
    assert error.kind is ErrorKind.RETRYABLE
    assert "the name acme.biapi.invalid could not be resolved" in str(error)


def test_how_long_to_wait_is_set_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    assert powens_timeouts(load_settings()) == Timeouts(connect=5, read=30, answer=120, sync=300)
    monkeypatch.setenv("PFO_POWENS_CONNECT_SECONDS", "1.5")
    monkeypatch.setenv("PFO_POWENS_READ_SECONDS", "2")
    monkeypatch.setenv("PFO_POWENS_ANSWER_SECONDS", "3")
    monkeypatch.setenv("PFO_POWENS_SYNC_SECONDS", "4")
    assert powens_timeouts(load_settings()) == Timeouts(connect=1.5, read=2, answer=3, sync=4)


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "soon", "3601"])
def test_a_patience_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PFO_POWENS_READ_SECONDS", value)
    with pytest.raises(SettingsError, match="PFO_POWENS_READ_SECONDS"):
        load_settings()
