"""From page to page: to the end, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from pfo_dagster.openbanking import ErrorKind
from pfo_dagster.openbanking.powens.exchange import Limits
from tests.openbanking.support import Call, Reply, client_of, refused, run, scripted

SINCE, UNTIL = date(2026, 1, 1), date(2026, 3, 31)


def page(number: int, following: object) -> Reply:
    return Reply({"transactions": [{"id": number}], "_links": {"next": following}})


def listing(base_url: str, limits: Limits | None = None) -> tuple[tuple[object, ...], int]:
    client = client_of(base_url, limits=limits)
    found = run(client.transactions(since=SINCE, until=UNTIL))
    return found.rows, found.pages


def rows(*numbers: int) -> tuple[dict[str, int], ...]:
    return tuple({"id": number} for number in numbers)


@pytest.mark.parametrize(
    "address",
    [
        lambda base, path: f"{base}/{path}",
        lambda base, path: f"/2.0/{path}",
        lambda base, path: path.removeprefix("users/me/"),
    ],
    ids=["whole address", "path", "relative"],
)
def test_links_are_followed_in_every_form(address: Callable[[str, str], str]) -> None:
    path = "users/me/transactions?limit=1000&offset="

    def second(call: Call) -> Reply:
        assert call.query.endswith("offset=1")
        assert call.headers["authorization"].startswith("Bearer ")
        return page(2, {"href": address(f"http://{call.headers['host']}/2.0", path + "2")})

    def first(call: Call) -> Reply:
        return page(1, {"href": address(f"http://{call.headers['host']}/2.0", path + "1")})

    with scripted(first, second, page(3, None)) as (base_url, _):
        assert listing(base_url) == (rows(1, 2, 3), 3)


@pytest.mark.parametrize("end", [None, {"href": None}, {}, ""])
def test_every_form_of_an_end(end: object) -> None:
    with scripted(page(1, end)) as (base_url, _):
        assert listing(base_url) == (rows(1), 1)


def test_a_listing_without_links_is_one_page() -> None:
    with scripted(Reply({"transactions": [{"id": 1}]})) as (base_url, _):
        assert listing(base_url) == (rows(1), 1)


@pytest.mark.parametrize(
    "href",
    [
        "https://evil.example/2.0/users/me/transactions",
        "//evil.example/2.0/users/me/transactions",
        "http://127.0.0.1:1/2.0/users/me/transactions",
        "https://127.0.0.1/2.0/users/me/transactions",
        "/admin/users/me/transactions",
        "/2.0/../admin",
        "../../../admin",
        "http://user@127.0.0.1/2.0/x",
        "http://[nonsense",
        "javascript:alert(1)",
    ],
)
def test_trap_10_links_to_other_places_are_not_followed(href: str) -> None:
    with scripted(page(1, {"href": href}), page(2, None)) as (base_url, script):
        error = refused(client_of(base_url).transactions(since=SINCE, until=UNTIL))
    assert error.kind is ErrorKind.FATAL
    assert "next page" in str(error)
    assert len(script.calls) == 1


def test_trap_10_a_page_that_leads_back_is_noticed() -> None:
    to = {"href": "/2.0/users/me/transactions?offset=1"}
    with scripted(page(1, to), page(2, to)) as (base_url, script):
        error = refused(client_of(base_url).transactions(since=SINCE, until=UNTIL))
    assert "lead back" in str(error)
    assert len(script.calls) == 2


def test_trap_10_a_server_that_ignores_the_offset_is_noticed() -> None:
    def same(call: Call) -> Reply:
        return page(1, {"href": f"/2.0/users/me/transactions?offset={len(call.query)}"})

    with scripted(same) as (base_url, script):
        error = refused(client_of(base_url).transactions(since=SINCE, until=UNTIL))
    assert "same page came twice" in str(error)
    assert len(script.calls) == 2


def test_trap_10_a_listing_has_an_end() -> None:
    count = iter(range(1000))

    def more(_: Call) -> Reply:
        number = next(count)
        return page(number, {"href": f"/2.0/users/me/transactions?offset={number + 1}"})

    with scripted(more) as (base_url, script):
        client = client_of(base_url, limits=Limits(pages=3))
        error = refused(client.transactions(since=SINCE, until=UNTIL))
    assert "more than 3 pages" in str(error)
    assert len(script.calls) == 3


def test_a_page_that_fails_fails_the_listing() -> None:
    to = {"href": "/2.0/users/me/transactions?offset=1"}
    with scripted(page(1, to), Reply(status=503)) as (base_url, _):
        error = refused(client_of(base_url).transactions(since=SINCE, until=UNTIL))
    assert error.kind is ErrorKind.RETRYABLE
