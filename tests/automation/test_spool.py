"""What was answered and is not in Dagster's storage yet: it survives, is brought, and then goes."""

from __future__ import annotations

import logging
import stat
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pfo_dagster.automation.spool import Spool, bringing
from pfo_dagster.openbanking.powens.events import BankEvent, EventKind


def event(number: int) -> BankEvent:
    return BankEvent(
        kind=EventKind.CONNECTION_SYNCED,
        subject=str(number),
        state="SCARequired" if number % 2 else None,
        last_update=datetime(2026, 3, 18, 11, tzinfo=UTC),
    )


class Storage:
    """Takes what is brought, unless it refuses; says when it was asked so many times."""

    def __init__(self, *, refusals: int = 0) -> None:
        self.kept: list[BankEvent] = []
        self.asked = 0
        self.refusals = refusals
        self.took = threading.Event()

    def keep(self, events: Sequence[BankEvent]) -> None:
        self.asked += 1
        if self.asked <= self.refusals:
            raise RuntimeError("database is locked")
        self.kept += events
        self.took.set()


def test_what_was_added_is_there_for_the_next_process_too(tmp_path: Path) -> None:
    Spool(tmp_path / "webhooks").add([event(1), event(2)])
    Spool(tmp_path / "webhooks").add([event(3)])
    assert Spool(tmp_path / "webhooks").waiting() == [event(1), event(2), event(3)]


def test_what_was_brought_is_gone(tmp_path: Path) -> None:
    spool, storage = Spool(tmp_path), Storage()
    spool.add([event(1)])
    spool.add([event(2)])
    assert spool.bring(storage.keep) == 2
    assert (storage.kept, storage.asked) == ([event(1), event(2)], 1), "all at once"
    assert spool.bring(storage.keep) == 0
    assert (storage.asked, list(tmp_path.iterdir())) == (1, [])


def test_what_the_storage_refuses_waits(tmp_path: Path) -> None:
    spool, storage = Spool(tmp_path), Storage(refusals=1)
    spool.add([event(1)])
    with pytest.raises(RuntimeError):
        spool.bring(storage.keep)
    assert spool.waiting() == [event(1)]
    assert spool.bring(storage.keep) == 1


def test_a_storage_that_refuses_for_a_while_is_told_once_and_gets_all(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    spool, storage = Spool(tmp_path), Storage(refusals=3)
    with bringing(spool, storage.keep, every=0.01):
        spool.add([event(1)])
        assert storage.took.wait(10)
    assert storage.kept == [event(1)]
    refused, over = [record.getMessage() for record in caplog.records]
    assert "(RuntimeError)" in refused
    assert str(tmp_path) in refused
    assert "none was lost" in over


def test_what_came_last_is_brought_before_the_receiver_ends(tmp_path: Path) -> None:
    spool, storage = Spool(tmp_path), Storage()
    with bringing(spool, storage.keep, every=3600):
        spool.add([event(1)])
    assert storage.kept == [event(1)]


def test_many_threads_may_add_while_it_is_brought(tmp_path: Path) -> None:
    spool, storage = Spool(tmp_path), Storage()

    def add(first: int) -> None:
        for number in range(first, first + 50):
            spool.add([event(number)])

    threads = [threading.Thread(target=add, args=(100 * number,)) for number in range(4)]
    with bringing(spool, storage.keep, every=0.001):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(storage.kept) == len({one.subject for one in storage.kept}) == 200


@pytest.mark.parametrize("content", ["{", "[]\n", '{"kind": "other"}\n', "\x00\n"])
def test_what_we_did_not_write_is_kept_aside_and_holds_nothing_up(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    spool, storage = Spool(tmp_path), Storage()
    (tmp_path / "0.jsonl").write_text(content)
    (tmp_path / "1.part").write_text('{"kind": "connection-sy')
    spool.add([event(1)])
    spool.bring(storage.keep)
    assert storage.kept == [event(1)]
    assert (tmp_path / "0.unreadable").read_text() == content
    assert "0.unreadable" in caplog.text


def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "webhooks")
    spool.folder.rmdir()
    with pytest.raises(OSError, match="webhooks"):
        spool.add([event(1)])
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = Spool(tmp_path / "webhooks").folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
