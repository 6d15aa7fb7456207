"""The sandbox answers like the real API: shapes, refusals, pages, memory."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from pfo_dagster.openbanking import ErrorKind, ProviderError, open_sandbox
from pfo_dagster.openbanking.powens.json_text import decode
from pfo_dagster.openbanking.powens.models import (
    WireAccount,
    WireConnection,
    WireModel,
    WireTransaction,
)
from pfo_dagster.openbanking.records import ConnectionState, Transaction
from pfo_dagster.openbanking.sandbox import (
    SANDBOX_TOKEN,
    Fault,
    Faults,
    SandboxState,
    household,
    sandbox_app,
)
from pfo_dagster.openbanking.sandbox.faults import HALF_AN_ANSWER, HTML_PAGE
from pfo_dagster.openbanking.sandbox.server import running
from tests.openbanking.support import NOON, Clock, bank, held, refused, run, sandboxed, world_of

ALL_CALLS = (
    "/users/me",
    "/users/1",
    "/users/me/connections?expand=connector",
    "/users/me/connections/101",
    "/users/me/connections/101/accounts",
    "/users/me/accounts?all",
    "/users/me/accounts/201",
    "/users/me/accounts/201/balances",
    "/users/me/accounts/201/transactions?limit=10",
    "/users/me/transactions?limit=1000&all",
    "/currencies",
    "/account_types",
)


@pytest.fixture(scope="module")
def api() -> Iterator[httpx.Client]:
    """The household's sandbox at noon, on a socket, with the right token."""
    app = sandbox_app(world=household(2026), clock=lambda: NOON, state=SandboxState())
    headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
    with running(app) as base_url, httpx.Client(base_url=base_url, headers=headers) as client:
        yield client


def content(api: httpx.Client, path: str) -> dict[str, Any]:
    response = api.get(path)
    assert response.status_code == 200, response.text
    decoded = decode(response.content)
    assert isinstance(decoded, dict)
    return decoded


PRINT_ANSWERS = """
import asyncio, hashlib, sys
from datetime import datetime
import httpx
from pfo_dagster.openbanking.sandbox import SANDBOX_TOKEN, SandboxState, household, sandbox_app

async def main(at, *paths):
    clock = lambda: datetime.fromisoformat(at)
    app = sandbox_app(world=household(2026), clock=clock, state=SandboxState())
    headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, headers=headers) as client:
        for path in paths:
            response = await client.get("http://localhost/2.0" + path)
            print(hashlib.sha256(response.content).hexdigest())

asyncio.run(main(*sys.argv[1:]))
"""


def test_another_process_gives_the_same_bytes(api: httpx.Client) -> None:
    command = [sys.executable, "-c", PRINT_ANSWERS, NOON.isoformat(), *ALL_CALLS]
    environment = {"PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo", "PATH": ""}
    there = subprocess.run(  # noqa: S603 - our own code
        command, capture_output=True, text=True, check=True, env=environment,
        cwd=Path(__file__).parents[2],
    ).stdout.split()  # fmt: skip
    here = [hashlib.sha256(api.get(path).content).hexdigest() for path in ALL_CALLS]
    assert there == here


def test_answers_a_few_seconds_apart_are_the_same() -> None:
    async def figures(at: datetime) -> object:
        async with open_sandbox(seed=2026, clock=lambda: at) as provider:
            since = date(2026, 1, 1)
            listing = await provider.accounts()
            return (
                listing.accounts,
                listing.totals,
                await provider.connections(),
                await provider.transactions(since=since),
            )

    assert run(figures(NOON)) == run(figures(NOON + timedelta(seconds=9)))


def test_the_sandbox_is_named_so_in_every_record() -> None:
    async def names() -> set[str]:
        async with open_sandbox(seed=2026, clock=lambda: NOON) as provider:
            listing = await provider.accounts()
            transactions = await provider.transactions(since=date(2026, 3, 1))
            known = await provider.connections()
            records = (*listing.accounts, *known.connections, *transactions.transactions)
            return {provider.name, *(record.provider for record in records)}

    assert run(names()) == {"sandbox"}


@pytest.mark.parametrize(
    ("path", "key", "model"),
    [
        ("/users/me/accounts?all", "accounts", WireAccount),
        ("/users/me/connections?expand=connector", "connections", WireConnection),
        ("/users/me/transactions?limit=200", "transactions", WireTransaction),
    ],
)
def test_rows_have_every_field_that_we_read(
    api: httpx.Client, path: str, key: str, model: type[WireModel]
) -> None:
    rows = content(api, path)[key]
    assert rows
    for row in rows:
        model.model_validate(row)
        assert set(model.model_fields) <= set(row)


def test_the_connector_comes_only_when_it_is_asked_for(api: httpx.Client) -> None:
    assert content(api, "/users/me/connections/101")["connector"] is None
    expanded = content(api, "/users/me/connections/101?expand=sources,connector")
    assert expanded["connector"]["name"] == "Banque des Lilas"


def test_deleted_and_disabled_accounts_come_only_with_all(api: httpx.Client) -> None:
    shown = {row["id"] for row in content(api, "/users/me/accounts")["accounts"]}
    every = {row["id"] for row in content(api, "/users/me/accounts?all")["accounts"]}
    assert every - shown == {206, 222}


def test_totals_leave_out_what_is_not_active(api: httpx.Client) -> None:
    answer = content(api, "/users/me/accounts?all")
    sums: dict[str, Decimal] = {}
    for row in answer["accounts"]:
        if row["display"] and not row["deleted"] and not row["disabled"] and row["balance"]:
            code = row["currency"]["id"]
            sums[code] = sums.get(code, Decimal(0)) + row["balance"]
    assert answer["balances"] == sums


def test_trap_18_hidden_accounts_are_not_in_totals() -> None:
    hidden, unknown = held(2, "5", display=False), held(3, "1", balance_known=False)
    world = world_of(held(1, "10.01"), hidden, unknown)
    with sandboxed(world) as provider:
        assert run(provider.accounts()).totals == {"EUR": Decimal("10.01")}


def test_a_currency_whose_balances_are_all_unknown_has_a_null_total() -> None:
    with sandboxed(world_of(held(1, "1", "CHF", balance_known=False))) as provider:
        assert run(provider.accounts()).totals == {"CHF": None}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/users/2", 403, "forbidden"),
        ("GET", "/users/me/connections/999", 404, "notFound"),
        ("PUT", "/users/me/connections/999", 404, "notFound"),
        ("GET", "/users/me/accounts/999", 404, "notFound"),
        ("GET", "/users/me/accounts/222", 404, "notFound"),
        ("GET", "/no/such/call", 404, "notFound"),
        ("DELETE", "/users/me/connections/101", 405, "methodNotAllowed"),
        ("GET", "/users/me/transactions", 400, "missingParameter"),
        ("GET", "/users/me/transactions?limit=1001", 400, "invalidValue"),
        ("GET", "/users/me/transactions?limit=-1", 400, "invalidValue"),
        ("GET", "/users/me/transactions?limit=1&min_date=soon", 400, "invalidValue"),
        ("GET", "/users/me/transactions?limit=1&last_update=soon", 400, "invalidValue"),
    ],
)
def test_refusals(api: httpx.Client, method: str, path: str, status: int, code: str) -> None:
    response = api.request(method, path)
    envelope = json.loads(response.content)
    assert (response.status_code, envelope["code"]) == (status, code)
    assert envelope["request_id"] == response.headers["x-request-id"]
    assert envelope["message"] is None


def test_trap_15_a_disabled_account_is_found_with_all(api: httpx.Client) -> None:
    assert content(api, "/users/me/accounts/222?all")["disabled"] == "2025-02-03 10:00:00"


@pytest.mark.parametrize("token", ["", "Bearer wrong", SANDBOX_TOKEN])
def test_a_wrong_token_is_refused(api: httpx.Client, token: str) -> None:
    response = api.get("/users/me/accounts", headers={"Authorization": token})
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")


def test_pages_are_the_listing_in_pieces(api: httpx.Client) -> None:
    whole = content(api, "/users/me/transactions?limit=1000&min_date=2026-01-01")["transactions"]
    pieces: list[object] = []
    path: str | None = "/users/me/transactions?limit=37&min_date=2026-01-01"
    while path is not None:
        page = content(api, path)
        pieces += page["transactions"]
        following = page["_links"]["next"]
        path = following["href"].removeprefix("/2.0") if following else None
    assert len(whole) > 37
    assert pieces == whole


def test_the_client_reads_all_pages() -> None:
    async def listing() -> tuple[int, int, int]:
        async with open_sandbox(seed=2026, clock=lambda: NOON) as provider:
            found = await provider.transactions(since=date(2025, 1, 1))
            ids = {transaction.transaction_id for transaction in found.transactions}
            return len(found.transactions), len(ids), found.pages

    count, distinct, pages = run(listing())
    assert count == distinct > 1000
    assert pages == 2


def test_dates_are_inclusive(api: httpx.Client) -> None:
    period = "min_date=2026-02-02&max_date=2026-02-06"
    rows = content(api, f"/users/me/accounts/202/transactions?limit=1000&{period}")["transactions"]
    days = {row["date"] for row in rows}
    assert "2026-02-02" in days
    assert all("2026-02-02" <= day <= "2026-02-06" for day in days)


def test_fetching_changes_again_and_again_gives_the_whole() -> None:
    """Incremental fetches, put together by id, are what one full fetch gives in the end."""
    clock = Clock(now=NOON)
    since = date(2026, 3, 1)

    async def work() -> tuple[dict[str, Transaction], dict[str, Transaction]]:
        known: dict[str, Transaction] = {}
        last_fetch = None
        async with open_sandbox(seed=2026, clock=clock) as provider:
            for hours in (5, 20, 31, 3, 50, 24, 17, 90):
                clock.now += timedelta(hours=hours)
                found = await provider.transactions(since=since, changed_after=last_fetch)
                known.update((row.transaction_id, row) for row in found.transactions)
                last_fetch = clock.now
            full = await provider.transactions(since=since)
        return known, {row.transaction_id: row for row in full.transactions}

    known, full = run(work())
    assert len(full) > 50
    assert known == full


def test_what_is_coming_is_booked_later_under_the_same_id() -> None:
    clock = Clock(now=NOON)

    async def work() -> tuple[set[str], set[str]]:
        async with open_sandbox(seed=2026, clock=clock) as provider:
            first = await provider.transactions(since=date(2026, 3, 1))
            clock.now += timedelta(days=4)
            second = await provider.transactions(since=date(2026, 3, 1))
        coming = {row.transaction_id for row in first.transactions if row.coming}
        return coming, {row.transaction_id for row in second.transactions if not row.coming}

    coming, booked = run(work())
    assert coming
    assert coming <= booked


def test_the_sum_of_new_transactions_is_the_change_of_the_balance() -> None:
    clock = Clock(now=NOON)

    async def work() -> None:
        async with open_sandbox(seed=2026, clock=clock) as provider:
            before = {row.account_id: row for row in (await provider.accounts()).accounts}
            old = await provider.transactions(since=date(2025, 1, 1))
            clock.now += timedelta(days=5)
            after = {row.account_id: row for row in (await provider.accounts()).accounts}
            new = await provider.transactions(since=date(2025, 1, 1))
        for account_id, account in after.items():
            then = before[account_id].balance
            if then is None or account.balance is None:
                continue
            assert account.balance - then == booked(new, account_id) - booked(old, account_id)

    def booked(listing: Any, account_id: str) -> Decimal:
        return sum(
            (
                row.value
                for row in listing.transactions
                if row.account_id == account_id and not row.coming
            ),
            Decimal(0),
        )

    run(work())


def test_trap_19_computed_balances_end_at_the_balance(api: httpx.Client) -> None:
    history = content(api, "/users/me/accounts/201/balances?min_date=2026-03-01")
    days = history["balances"][0]["daily_balances"]
    balance = content(api, "/users/me/accounts/201")["balance"]
    assert days[0]["date"] == "2026-03-01"
    assert days[-1] == {"date": "2026-03-18", "balance": balance}
    assert (history["first_date"], history["last_date"]) == ("2025-01-01", "2026-03-18")


def test_currencies_and_account_types_need_no_token(api: httpx.Client) -> None:
    bare = {"Authorization": ""}
    currencies = api.get("/currencies", headers=bare).json()["currencies"]
    types = api.get("/account_types", headers=bare).json()["accounttypes"]
    precisions = {currency["id"]: currency["precision"] for currency in currencies}
    assert precisions == {"EUR": 2, "USD": 2, "CHF": 2, "JPY": 0, "BTC": 8}
    assert {kind["id"]: kind["name"] for kind in types}[1] == "checking"


def test_trap_26_a_connection_that_needs_its_user_does_not_move_when_it_is_synced() -> None:
    world = world_of(held(1, "5"), connections=[bank(state="SCARequired")])
    clock = Clock()
    app = sandbox_app(world=world, clock=clock, state=SandboxState())
    headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
    path = "/users/me/connections/7"
    with running(app) as base_url, httpx.Client(base_url=base_url, headers=headers) as client:
        before = client.get(path).json()
        answer = client.put(f"{path}?psu_requested=false")
        assert answer.status_code == 200
        assert answer.json() == client.get(path).json() == before


def put(state: SandboxState, at: datetime) -> int:
    async def work() -> int:
        app = sandbox_app(world=world_of(held(1, "5")), clock=lambda: at, state=state)
        headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, headers=headers) as client:
            url = "http://localhost/2.0/users/me/connections/7?psu_requested=false"
            return (await client.put(url)).status_code

    return run(work())


def test_a_second_sync_within_a_quarter_of_an_hour_is_a_conflict(tmp_path: Path) -> None:
    path = tmp_path / "data" / "sandbox.json"
    assert put(SandboxState(path), NOON) == 200
    assert put(SandboxState(path), NOON + timedelta(minutes=14)) == 409
    assert put(SandboxState(path), NOON + timedelta(minutes=16)) == 200


def test_a_forced_sync_is_remembered_for_later_processes(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.json"

    async def last_update(*, sync: bool) -> datetime | None:
        async with open_sandbox(seed=2026, clock=lambda: NOON, state_path=path) as provider:
            connection = (await provider.connections()).connections[1]
            if sync:
                connection = (await provider.sync(connection)).connection
            return connection.last_update

    before = run(last_update(sync=False))
    assert run(last_update(sync=True)) == NOON
    assert run(last_update(sync=False)) == NOON != before
    assert [found.name for found in tmp_path.iterdir() if ".tmp" in found.name] == []


def test_a_clock_that_is_set_back_does_not_see_syncs_to_come(tmp_path: Path) -> None:
    state = SandboxState(tmp_path / "sandbox.json")
    assert put(state, NOON) == 200
    assert put(state, NOON - timedelta(days=2)) == 200


def test_a_memory_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.json"
    for rubbish in ("{", "[]", '{"forced_syncs": {"101": ["soon"]}}'):
        path.write_text(rubbish)
        error = refused(open_sandbox(seed=1, clock=lambda: NOON, state_path=path).connections())
        assert error.kind is ErrorKind.FATAL
        assert "Delete the file" in str(error)


def test_a_memory_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    state = SandboxState(tmp_path / "data" / "sandbox.json")
    with pytest.raises(ProviderError, match="Make its folder writable"):
        state.record(101, NOON)


def test_two_processes_remember_both_their_syncs(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.json"
    one, other = SandboxState(path), SandboxState(path)
    one.record(101, NOON)
    other.record(102, NOON)
    one.record(101, NOON + timedelta(hours=1))
    assert other.forced_syncs(101) == [NOON, NOON + timedelta(hours=1)]
    assert one.forced_syncs(102) == [NOON]


def test_faults_are_taken_in_order_and_used_up() -> None:
    faults = Faults(
        Fault(path="/users/me/accounts", times=2, status=503, body=HTML_PAGE),
        Fault(path="/users/*", status=429, code="tooManySync", headers={"Retry-After": "7"}),
        Fault(path="/users/me/accounts", status=200, body=HALF_AN_ANSWER),
    )
    with sandboxed(world_of(held(1, "5")), faults=faults) as provider:
        errors = [refused(provider.accounts()) for _ in range(4)]
        assert len(run(provider.accounts()).accounts) == 1
    assert [error.kind for error in errors] == [
        ErrorKind.RETRYABLE, ErrorKind.RETRYABLE, ErrorKind.RATE_LIMITED, ErrorKind.RETRYABLE,
    ]  # fmt: skip
    assert errors[2].retry_after == timedelta(seconds=7)


def test_a_fault_may_only_delay() -> None:
    clock = Clock()
    faults = Faults(Fault(status=None, delay=4), sleep=clock.sleep)
    with sandboxed(world_of(held(1, "5")), clock, faults) as provider:
        assert len(run(provider.accounts()).accounts) == 1
    assert clock.slept == [4]


def test_faults_work_in_process_too() -> None:
    faults = Faults(Fault(drop=True, times=None))
    clock = Clock()
    provider = open_sandbox(seed=1, clock=clock, faults=faults, sleep=clock.sleep)
    assert "closed the connection" in str(refused(provider.accounts()))


def test_an_account_may_fail_on_its_own() -> None:
    with sandboxed(world_of(held(1, "5", error="actionNeeded"))) as provider:
        (account,) = run(provider.accounts()).accounts
        (connection,) = run(provider.connections()).connections
    assert account.error == "actionNeeded"
    assert connection.state is ConnectionState.OK


def test_a_world_may_begin_in_the_future() -> None:
    early = datetime(2020, 1, 1, tzinfo=UTC)
    with sandboxed(household(1), Clock(now=early)) as provider:
        listing = run(provider.accounts())
        transactions = run(provider.transactions(since=date(2019, 1, 1)))
    assert listing.accounts[0].balance == Decimal("2450.18")
    assert transactions.transactions == ()
