"""The receiver of webhooks, on a real socket: who is believed, what is kept, what is answered."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from pfo_dagster.openbanking.loopback import listening
from pfo_dagster.openbanking.powens.events import BankEvent, EventKind
from pfo_dagster.openbanking.powens.receiver import ReceiverSettings, receiver_app
from pfo_dagster.openbanking.powens.signature import DATE_HEADER, SIGNATURE_HEADER, sign
from tests.openbanking.support import Clock

SECRET = SecretStr("hook-CANARY-44")
IBAN = "FR7630006000011234567890189"
DATE = "2026-03-18T12:00:00Z"


@dataclass
class Hooks:
    """A receiver that runs, what it kept, and a way to send it things."""

    address: str = ""
    kept: list[BankEvent] = field(default_factory=list[BankEvent])
    commits: list[int] = field(default_factory=list[int])
    broken: bool = False
    slow: threading.Event = field(default_factory=threading.Event)

    def keep(self, events: Sequence[BankEvent]) -> None:
        if self.broken:
            raise RuntimeError(f"the disk is full, and this was lost: {IBAN}")
        self.slow.wait(5)
        self.kept += events
        self.commits.append(len(events))

    def send(
        self,
        content: Any,
        event: str = "connection-synced",
        *,
        signed_path: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        path = f"/webhooks/{event}"
        signature = sign(SECRET, path=signed_path or path, date=DATE, body=body)
        sent = {SIGNATURE_HEADER: signature, DATE_HEADER: DATE, **(headers or {})}
        return httpx.post(self.address + path, content=body, headers=sent)


@contextmanager
def receiving(*, known: Sequence[BankEvent] = (), **changes: Any) -> Generator[Hooks]:
    hooks = Hooks()
    hooks.slow.set()
    settings = ReceiverSettings(**{"secret": SECRET, "user_id": "1", **changes})
    app = receiver_app(settings, keep=hooks.keep, known=known, clock=Clock())
    with listening(app) as hooks.address:
        yield hooks


def synced(**changes: Any) -> dict[str, Any]:
    connection = {
        "id": 7, "id_user": 1, "state": None, "last_update": "2026-03-18 12:00:00",
        "error_message": "https://bank.example/?state=LINK-CANARY",
        "accounts": [{"id": 1, "iban": IBAN, "transactions": []}],
    }  # fmt: skip
    return {"user": {"id": 1}, "connection": {**connection, **changes}}


def test_a_sync_is_kept_as_a_signal_without_its_data(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with receiving() as hooks:
        answer = hooks.send(synced())
    assert (answer.status_code, answer.json()) == (200, {"outcome": "kept"})
    assert hooks.kept == [
        BankEvent(
            kind=EventKind.CONNECTION_SYNCED,
            subject="7",
            last_update=datetime(2026, 3, 18, 11, tzinfo=UTC),
        )
    ]
    everything = caplog.text + repr(hooks.kept)
    assert not any(canary in everything for canary in (IBAN, "LINK-CANARY", "hook-CANARY"))


def test_trap_25_a_failed_sync_without_accounts_is_kept_with_its_state() -> None:
    with receiving() as hooks:
        hooks.send(synced(state="SCARequired", accounts=[]))
    assert [event.state for event in hooks.kept] == ["SCARequired"]


@pytest.mark.parametrize("event", ["connection-deleted", "user-deleted"])
def test_deletions_are_kept(event: str) -> None:
    with receiving() as hooks:
        assert hooks.send({"id": 1}, event).json() == {"outcome": "kept"}
    assert [(one.kind, one.subject) for one in hooks.kept] == [(EventKind(event), "1")]


@pytest.mark.parametrize(
    ("content", "event"),
    [
        ({**synced(), "user": {"id": 2}}, "connection-synced"),
        ({"connection": synced()["connection"] | {"id_user": 2}}, "connection-synced"),
        ({"id": 2}, "user-deleted"),
    ],
)
def test_what_is_of_another_user_is_thanked_for_and_forgotten(content: Any, event: str) -> None:
    with receiving() as hooks:
        answer = hooks.send(content, event)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "of another user"})
    assert hooks.kept == []


def test_where_the_user_is_not_known_yet_everybodys_is_kept_to_be_compared_later() -> None:
    with receiving(user_id=None) as hooks:
        for user in (1, 2):
            assert hooks.send({**synced(), "user": {"id": user}}).json() == {"outcome": "kept"}
        hooks.send({"id": 9}, "connection-deleted")
    assert [event.user_id for event in hooks.kept] == ["1", "2", None]
    assert [event.may_be_of("1") for event in hooks.kept] == [True, False, True]


def test_a_body_that_does_not_arrive_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    head = b"POST /webhooks/user-deleted HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    with receiving(body_seconds=0.05) as hooks:
        place = httpx.URL(hooks.address)
        for hangs_up in (False, True):
            with socket.create_connection((place.host, place.port or 0), timeout=5) as sender:
                sender.sendall(head + b"{")
                if hangs_up:
                    continue
                assert sender.recv(1000).startswith(b"HTTP/1.1 408")
        assert hooks.send(synced()).status_code == 200
    assert "did not arrive" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_first_sync_with_a_whole_history_is_as_small_a_signal() -> None:
    rows = [{"id": number, "value": 1.5, "wording": "w" * 60} for number in range(20_000)]
    history = synced(accounts=[{"id": 1, "iban": IBAN, "transactions": rows}])
    with receiving() as hooks:
        assert hooks.send(history).json() == {"outcome": "kept"}
        assert [event.subject for event in hooks.kept] == ["7"]


def test_a_repetition_is_known_also_after_a_restart() -> None:
    with receiving() as hooks:
        assert [hooks.send(synced()).json()["outcome"] for _ in range(3)] == [
            "kept", "known", "known",
        ]  # fmt: skip
        assert hooks.send(synced(last_update="2026-03-18 12:00:01")).json() == {"outcome": "kept"}
    with receiving(known=hooks.kept) as later:
        again = later.send(synced(last_update="2026-03-18 12:00:01"))
        assert again.json() == {"outcome": "known"}


def test_a_state_that_came_back_is_no_repetition() -> None:
    states = ["SCARequired", "websiteUnavailable", "SCARequired", "SCARequired"]
    with receiving() as hooks:
        for state in states:
            hooks.send(synced(state=state))
    assert [event.state for event in hooks.kept] == states[:3]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"content": synced(), "headers": {SIGNATURE_HEADER: "AAAA"}}, 401),
        ({"content": synced(), "headers": {DATE_HEADER: "now"}}, 401),
        ({"content": synced(), "signed_path": "/webhooks/user-deleted"}, 401),
        ({"content": synced(), "event": "account-synced"}, 404),
        ({"content": b"{"}, 400),
        ({"content": b"[]"}, 400),
        ({"content": {"user": {"id": 1}}}, 400),
        ({"content": {"user": {"id": 1}, "connection": {"state": None}}}, 400),
        ({"content": {}, "event": "connection-deleted"}, 400),
        ({"content": {"connection": {"id": 7}}}, 400),
        ({"content": b'{"connection": {"id": 1e99999999999999999999}}'}, 400),
        ({"content": synced(), "event": "connection-synced/"}, 404),
        ({"content": b"x" * 2000}, 413),
    ],
)
def test_what_cannot_be_taken_is_refused(sent: dict[str, Any], status: int) -> None:
    with receiving(most_bytes=1000) as hooks:
        assert hooks.send(**sent).status_code == status
        assert httpx.get(hooks.address + "/webhooks/connection-synced").status_code == 405
        assert httpx.get(hooks.address + "/health").json() == {"status": "ok", "known_subjects": 0}
    assert hooks.kept == []


def test_an_old_signature_is_refused_where_age_matters() -> None:
    with receiving(max_age=timedelta(minutes=5)) as hooks:
        assert hooks.send(synced()).status_code == 200
        late = sign(SECRET, path="/webhooks/user-deleted", date="0", body=b"{}")
        headers = {SIGNATURE_HEADER: late, DATE_HEADER: "0"}
        assert hooks.send(b"{}", "user-deleted", headers=headers).status_code == 401


def test_behind_a_proxy_the_path_is_the_one_that_powens_knows() -> None:
    with receiving(signed_prefix="/hooks") as hooks:
        path = "/hooks/webhooks/connection-synced"
        assert hooks.send(synced(), signed_path=path).status_code == 200
        assert hooks.send(synced()).status_code == 401


def test_what_could_not_be_kept_is_asked_for_again(caplog: pytest.LogCaptureFixture) -> None:
    with receiving() as hooks:
        hooks.broken = True
        assert hooks.send(synced()).status_code == 503
        hooks.broken = False
        assert hooks.send(synced()).json() == {"outcome": "kept"}
    assert "not kept: RuntimeError" in caplog.text
    assert IBAN not in caplog.text


def test_what_arrives_while_the_store_is_busy_is_kept_in_one_go() -> None:
    with receiving() as hooks:
        hooks.slow.clear()
        senders = [
            threading.Thread(target=hooks.send, args=(synced(id=number),)) for number in range(20)
        ]
        for sender in senders:
            sender.start()
        hooks.slow.set()
        for sender in senders:
            sender.join()
    assert sorted(int(event.subject) for event in hooks.kept) == list(range(20))
    assert sum(hooks.commits) == 20


def test_an_event_survives_being_written_down() -> None:
    with receiving() as hooks:
        hooks.send(synced(state="wrongpass"))
        hooks.send({"id": 9}, "connection-deleted")
    for event in hooks.kept:
        assert BankEvent.from_json(json.loads(json.dumps(event.as_json()))) == event
