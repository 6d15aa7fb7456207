"""The client on real sockets: what it sends, what it takes, and where it stops."""

from __future__ import annotations

import asyncio
import gzip
import socket
from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import parse_qsl

import httpx
import pytest

from pfo_dagster.openbanking import ErrorKind
from pfo_dagster.openbanking.powens import client as client_module
from pfo_dagster.openbanking.powens.exchange import Limits, Timeouts
from pfo_dagster.openbanking.sandbox import Fault, Faults
from pfo_dagster.openbanking.sandbox.faults import HALF_AN_ANSWER, HTML_PAGE
from tests.openbanking.support import (
    TOKEN,
    Call,
    Clock,
    Reply,
    client_of,
    held,
    provider_of,
    refused,
    run,
    sandboxed,
    scripted,
    world_of,
)

EMPTY = Reply({"accounts": [], "connections": [], "transactions": [], "id": 1})
SINCE, UNTIL = date(2026, 1, 1), date(2026, 3, 31)


def asked(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.query, keep_blank_values=True))


def test_every_call_has_the_token_and_honest_headers() -> None:
    with scripted(EMPTY) as (base_url, script):
        run(client_of(base_url).user())
    headers = script.calls[0].headers
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["accept"] == "application/json"
    assert headers["user-agent"].startswith("pfo-dagster/")


def test_trap_9_the_base_path_is_kept() -> None:
    with scripted(EMPTY) as (base_url, script):
        run(client_of(base_url).user())
        run(client_of(base_url + "/").user())
    assert [call.path for call in script.calls] == ["/2.0/users/me"] * 2


def test_trap_14_and_15_accounts_are_asked_for_with_the_disabled_ones() -> None:
    with scripted(EMPTY) as (base_url, script):
        run(client_of(base_url).accounts())
    assert (script.calls[0].path, script.calls[0].query) == ("/2.0/users/me/accounts", "all")


def test_connections_come_with_the_names_of_their_banks() -> None:
    with scripted(EMPTY) as (base_url, script):
        run(client_of(base_url).connections())
    assert script.calls[0].query == "expand=connector"


def test_trap_3_the_user_is_never_said_to_be_there() -> None:
    with scripted(EMPTY) as (base_url, script):
        run(client_of(base_url).sync("7"))
    call = script.calls[0]
    assert (call.method, call.path) == ("PUT", "/2.0/users/me/connections/7")
    assert call.query == "psu_requested=false"


def test_ids_cannot_change_the_path() -> None:
    with scripted(EMPTY) as (base_url, script):
        run(client_of(base_url).sync("../accounts?x=1"))
    assert script.calls[0].path == "/2.0/users/me/connections/../accounts?x=1"
    assert script.calls[0].query == "psu_requested=false"


def test_traps_11_and_12_transactions_are_asked_for_by_bank_date_and_a_thousand_at_a_time() -> None:
    with scripted(EMPTY) as (base_url, script):
        run(client_of(base_url).transactions(since=SINCE, until=UNTIL))
    assert asked(script.calls[0]) == {
        "all": "",
        "limit": "1000",
        "filter": "date",
        "min_date": "2026-01-01",
        "max_date": "2026-03-31",
    }


def test_trap_8_changes_are_asked_for_in_paris_time_with_an_hours_overlap() -> None:
    with scripted(EMPTY) as (base_url, script):
        after = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
        run(client_of(base_url).transactions(since=SINCE, until=UNTIL, changed_after=after))
    assert asked(script.calls[0])["last_update"] == "2026-07-01 13:00:00"


def test_computed_balances_are_asked_for_by_period_and_a_bad_day_is_refused_alone() -> None:
    days = [
        {"date": "2026-03-01", "balance": Decimal("10.10")},
        {"date": "2026-03-02", "balance": "NaN"},
        {"date": "2026-03-03", "balance": None},
        {"date": "2026-04-30", "balance": Decimal(1)},
    ]
    answer = Reply({"balances": [{"daily_balances": days}]})
    since, until = date(2026, 3, 1), date(2026, 3, 31)
    with scripted(answer) as (base_url, script):
        work = provider_of(base_url).computed_balances("4", since=since, until=until)
        listing = run(work)
    assert script.calls[0].path == "/2.0/users/me/accounts/4/balances"
    assert asked(script.calls[0])["min_date"] == "2026-03-01"
    assert [(one.day, one.amount) for one in listing.balances] == [(since, Decimal("10.10"))]
    assert [one.reason for one in listing.rejected] == ["balance: the amount is NaN or infinite"]


def test_trap_5_no_account_is_an_empty_listing() -> None:
    with sandboxed(world_of()) as provider:
        listing = run(provider.accounts())
        transactions = run(provider.transactions(since=SINCE))
    assert (listing.accounts, listing.rejected, listing.totals) == ((), (), {})
    assert transactions.transactions == ()


def test_trap_6_amounts_arrive_as_they_were_sent() -> None:
    amounts = ["12345678901234.56", "0.30", "-0.00000001", "1250000", "-7.10"]
    world = world_of(*(held(place, amount) for place, amount in enumerate(amounts, 1)))
    with sandboxed(world) as provider:
        listing = run(provider.accounts())
    arrived = [account.balance for account in listing.accounts]
    assert [format(balance, "f") for balance in arrived if balance is not None] == amounts


@pytest.mark.parametrize("body", [b"", HTML_PAGE, HALF_AN_ANSWER, b"[]", b"null", b'{"x": 1}'])
def test_an_answer_that_makes_no_sense_is_worth_another_try(body: bytes) -> None:
    with scripted(Reply(body=body)) as (base_url, _):
        error = refused(client_of(base_url).accounts())
    assert error.kind is ErrorKind.RETRYABLE
    assert "the answer cannot be used" in str(error)
    assert error.__cause__ is None, "a decoder's error would carry the body along"


def test_an_answer_that_is_too_large_is_not_read_to_its_end() -> None:
    with scripted(Reply({"accounts": ["x" * 5_000]})) as (base_url, _):
        error = refused(client_of(base_url, limits=Limits(answer_bytes=1_000)).accounts())
    assert "larger than 1,000 bytes" in str(error)


def test_a_compressed_answer_is_not_unpacked() -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    reply = Reply(body=bomb, headers={"content-encoding": "gzip"})
    with scripted(reply) as (base_url, script):
        error = refused(client_of(base_url).accounts())
    assert "compressed" in str(error)
    assert script.calls[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with scripted(EMPTY) as (elsewhere, other):
        reply = Reply(status=status, headers={"location": f"{elsewhere}/users/me"})
        with scripted(reply) as (base_url, script):
            error = refused(client_of(base_url).user())
    assert error.kind is ErrorKind.FATAL
    assert "redirected" in str(error)
    assert len(script.calls) == 1
    assert other.calls == []


def test_a_get_on_a_dropped_connection_is_repeated_twice_within_a_second() -> None:
    clock = Clock()
    with sandboxed(world_of(held(1, "5")), clock, Faults(Fault(drop=True, times=2))) as provider:
        assert len(run(provider.accounts()).accounts) == 1
    assert clock.slept == [0.1, 0.4]


def test_a_get_is_not_repeated_for_ever() -> None:
    clock = Clock()
    with sandboxed(world_of(held(1, "5")), clock, Faults(Fault(drop=True, times=3))) as provider:
        error = refused(provider.accounts())
    assert error.kind is ErrorKind.RETRYABLE
    assert "closed the connection" in str(error)
    assert len(clock.slept) == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_nothing_but_a_dropped_connection_is_repeated_inside(status: int) -> None:
    with scripted(Reply(status=status)) as (base_url, script):
        refused(client_of(base_url).accounts())
    assert len(script.calls) == 1


def test_a_dropped_sync_is_not_repeated() -> None:
    clock = Clock()
    faults = Faults(Fault(method="PUT", drop=True, times=None))
    with sandboxed(world_of(held(1, "5")), clock, faults) as provider:
        connection = run(provider.connections()).connections[0]
        outcome = run(provider.sync(connection))
    assert not outcome.moved


def test_a_slow_server_is_not_waited_for() -> None:
    """A server that takes the call and then says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base_url = f"http://127.0.0.1:{silent.getsockname()[1]}/2.0"
        error = refused(client_of(base_url, timeouts=Timeouts(read=0.05)).accounts())
    assert error.kind is ErrorKind.RETRYABLE
    assert "took too long" in str(error)


def test_a_server_that_drips_is_not_waited_for() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    async def work() -> None:
        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            timeouts = Timeouts(answer=0.2)
            await client_of(f"http://127.0.0.1:{port}/2.0", timeouts=timeouts).accounts()

    assert "took too long" in str(refused(work()))


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = refused(client_of(f"http://127.0.0.1:{port}/2.0").accounts())
    assert error.kind is ErrorKind.RETRYABLE
    assert "127.0.0.1 could not be reached" in str(error)


def test_no_such_host() -> None:
    error = refused(client_of("https://no-such-host.invalid/2.0").accounts())
    assert error.kind is ErrorKind.RETRYABLE
    assert "no-such-host.invalid could not be resolved" in str(error)


def test_a_server_that_speaks_no_tls_is_never_sent_the_token() -> None:
    with scripted(EMPTY) as (base_url, script):
        error = refused(client_of(base_url.replace("http:", "https:")).accounts())
    assert error.kind is ErrorKind.RETRYABLE
    assert script.calls == []


def test_calls_under_way_are_bounded() -> None:
    """With two allowed, a third call starts only after one of them ended."""
    most = 0
    under_way = 0
    ready = asyncio.Event()

    async def app(request: httpx.Request) -> httpx.Response:
        nonlocal most, under_way
        under_way += 1
        most = max(most, under_way)
        if under_way == 2:
            ready.set()
        await ready.wait()
        await asyncio.sleep(0)
        under_way -= 1
        return httpx.Response(200, content=b'{"id": 1}')

    async def work() -> None:
        client = client_of(
            "https://a.biapi.pro/2.0",
            transport=httpx.MockTransport(app),
            limits=Limits(concurrency=2),
        )
        await asyncio.gather(*(client.user() for _ in range(9)))

    run(work())
    assert most == 2


def test_the_client_can_neither_erase_nor_create() -> None:
    public = {name for name in vars(client_module.PowensClient) if not name.startswith("_")}
    assert public == {
        "accounts", "close", "computed_balances", "connection", "connections", "sync",
        "transactions", "user",
    }  # fmt: skip


def test_a_refused_token_over_the_wire() -> None:
    with sandboxed(world_of(held(1, "5"))) as provider:
        assert run(provider.user_id()) == "1"
    with scripted(Reply({"code": "unauthorized"}, status=401)) as (base_url, _):
        error = refused(provider_of(base_url).user_id())
    assert "POWENS_USER_TOKEN" in str(error)


def test_an_answer_that_names_no_user() -> None:
    with scripted(Reply({})) as (base_url, _):
        error = refused(provider_of(base_url).user_id())
    assert "names no user" in str(error)
