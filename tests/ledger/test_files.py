"""The ledger's files: who may see them, who holds them, and what is said when they are no good."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest

from pfo_dagster.ledger import (
    Ledger,
    LedgerBusyError,
    NotPublishedError,
    PublishError,
    StorageError,
)
from tests.ledger.builders import NOON, balance, in_another_process, published, record, refresh

if TYPE_CHECKING:
    from pathlib import Path

OPEN_FOR_WRITING = "import duckdb, sys; duckdb.connect(sys.argv[1])"


def test_making_a_ledger_touches_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "data")
    ledger.catch_up()
    assert not ledger.data_dir.exists()


def test_nothing_is_published_before_something_is_recorded(ledger: Ledger) -> None:
    with ledger.writer():
        pass
    with pytest.raises(NotPublishedError, match="make run"), ledger.reader():
        pass


def test_all_files_are_the_owners_alone_even_while_they_are_written(ledger: Ledger) -> None:
    os.umask(0o022)
    with ledger.writer() as writer:
        record(writer, refresh(), [balance()])
        files = [path for path in ledger.data_dir.rglob("*") if path.is_file()]
        modes = {path.name: path.stat().st_mode & 0o777 for path in files}
    assert set(modes) >= {"warehouse.duckdb", "balances.duckdb", ".writer.lock"}
    assert set(modes.values()) == {0o600}
    assert ledger.data_dir.stat().st_mode & 0o777 == 0o700
    assert os.umask(0o022) == 0o022


def test_a_directory_open_to_everybody_is_closed_and_one_open_to_a_group_is_left(
    tmp_path: Path,
) -> None:
    for given, kept in ((0o755, 0o700), (0o750, 0o750)):
        data = tmp_path / oct(given)
        data.mkdir()
        data.chmod(given)
        with Ledger(data).writer():
            pass
        assert data.stat().st_mode & 0o777 == kept


def test_a_second_writer_waits_and_then_names_the_first(ledger: Ledger) -> None:
    naps: list[float] = []
    second = Ledger(ledger.data_dir, sleep=naps.append)
    holder = f"process {os.getpid()}"
    with (
        ledger.writer(),
        pytest.raises(LedgerBusyError, match=holder),
        second.writer(timeout=2),
    ):
        pass
    assert sum(naps) == pytest.approx(2, abs=0.06)
    with second.writer(timeout=0):
        pass


def test_the_lock_holds_against_other_processes(ledger: Ledger) -> None:
    code = """
import sys; from pathlib import Path
from pfo_dagster.ledger import Ledger, LedgerBusyError
try:
    with Ledger(Path(sys.argv[1])).writer(timeout=0): print("got it")
except LedgerBusyError: print("busy")
"""
    with ledger.writer():
        assert in_another_process(code, ledger.data_dir).stdout == "busy\n"
    assert in_another_process(code, ledger.data_dir).stdout == "got it\n"


def test_publishing_does_not_drop_duckdbs_own_lock_on_the_warehouse(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh(), [balance()])
        opened = in_another_process(OPEN_FOR_WRITING, ledger.warehouse_path)
        assert "Conflicting lock" in opened.stderr
    assert in_another_process(OPEN_FOR_WRITING, ledger.warehouse_path).returncode == 0


def test_a_reader_that_stays_never_hinders_the_writer_and_a_new_one_sees_the_news(
    ledger: Ledger,
) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [balance("1")])
    with ledger.reader() as early:
        with ledger.writer(timeout=0) as writer:
            record(writer, refresh("r2"), [balance("2")])
            [row] = published(ledger, "latest_balances")
        assert row["amount"] == 2
        assert early.rows("SELECT amount FROM latest_balances") == [{"amount": 1}]


def test_a_writer_opened_later_publishes_what_was_not(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [balance("1")])
        behind = ledger.published_path.read_bytes()
        record(writer, refresh("r2"), [balance("2")])
    leftover = ledger.published_path.with_name("balances.duckdb.tmp.4711")
    for damage in (behind, b"not a database", None):
        if damage is None:
            ledger.published_path.unlink()
        else:
            ledger.published_path.write_bytes(damage)
        leftover.write_bytes(b"half a copy")
        ledger.catch_up()
        assert len(published(ledger, "refreshes")) == 2
        assert not leftover.exists()


def test_a_publication_that_is_current_is_left_alone(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh(), [balance()])
    before = ledger.published_path.stat().st_ino
    ledger.catch_up()
    assert ledger.published_path.stat().st_ino == before


def test_when_publishing_fails_the_record_is_kept_and_readers_see_the_one_before(
    ledger: Ledger,
) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [balance("1")])
        held = ledger.published_path.rename(ledger.data_dir / "held")
        ledger.published_path.mkdir()  # a directory cannot be replaced by a file
        with pytest.raises(PublishError, match="the next run will catch up"):
            record(writer, refresh("r2"), [balance("2")])
        ledger.published_path.rmdir()
        held.rename(ledger.published_path)
    assert [row["refresh_id"] for row in published(ledger, "refreshes")] == ["r1"]
    assert not list(ledger.published_path.parent.glob("*.tmp*"))
    ledger.catch_up()
    assert len(published(ledger, "refreshes")) == 2


def test_a_full_disk_is_a_clear_message_and_leaves_the_publication(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [balance("1")])
    limit = ledger.warehouse_path.stat().st_size
    code = f"""
import resource, sys; from pathlib import Path
from pfo_dagster.ledger import Ledger, LedgerError
from tests.ledger.builders import account, balance, record, refresh
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {resource.RLIM_INFINITY}))
many = [balance(str(n), account_id=str(n)) for n in range(20_000)]
try:
    with Ledger(Path(sys.argv[1])).writer() as writer: record(writer, refresh("r2"), many)
except LedgerError as error: print("LedgerError", error)
"""
    done = in_another_process(code, ledger.data_dir)
    assert done.stdout.startswith("LedgerError"), done.stderr
    assert "raise it, then run again" in done.stdout or "make room" in done.stdout
    assert [row["refresh_id"] for row in published(ledger, "refreshes")] == ["r1"]
    with ledger.writer() as writer:
        record(writer, refresh("r3"), [balance("3")])
    assert published(ledger, "latest_balances")[0]["amount"] == 3


def test_a_directory_without_the_right_to_write_is_a_clear_message(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    code = """
import os, sys; from pathlib import Path
from pfo_dagster.ledger import Ledger, StorageError
if os.geteuid() == 0: os.setuid(65534)  # root may write everywhere
try:
    with Ledger(Path(sys.argv[1])).writer(): pass
except StorageError as error: print(error)
"""
    printed = in_another_process(code, tmp_path / "data").stdout
    assert "Permission denied. Give this user the right to do so" in printed


def test_a_path_that_cannot_be_a_directory_is_a_clear_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StorageError, match="a part of the path is a file"),
        Ledger(tmp_path / "file" / "data").writer(),
    ):
        pass


def test_files_that_are_no_ledger_are_refused_and_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    warehouse = data / "warehouse.duckdb"
    warehouse.write_bytes(b"something else" * 1000)
    with pytest.raises(StorageError, match=r"Move it and its \.wal away"), Ledger(data).writer():
        pass
    assert warehouse.read_bytes().startswith(b"something else")
    warehouse.unlink()
    with duckdb.connect(str(warehouse)) as foreign:
        foreign.execute("CREATE TABLE recipes (name VARCHAR)")
    with (
        pytest.raises(StorageError, match=r"something else .*main\.recipes"),
        Ledger(data).writer(),
    ):
        pass


def test_a_damaged_warehouse_is_reported_and_the_published_file_can_take_its_place(
    ledger: Ledger,
) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [balance("1")])
    damaged = bytearray(ledger.warehouse_path.read_bytes())
    damaged[4096:8192] = bytes(4096)
    ledger.warehouse_path.write_bytes(damaged)
    with pytest.raises(StorageError, match="pfo restore"):
        ledger.catch_up()
    ledger.warehouse_path.unlink()
    ledger.restore(ledger.published_path)
    with ledger.writer() as writer:
        record(writer, refresh("r2"), [balance("2", as_of=NOON, fetched_at=NOON)])
    assert [row["amount"] for row in published(ledger, "balances", "commit_number")] == [1, 2]


def test_a_warehouse_that_somebody_has_open_says_so(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh(), [balance()])
    held = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    with subprocess.Popen(  # noqa: S603 our own code
        [sys.executable, "-c", held, str(ledger.warehouse_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as analyst:
        assert analyst.stdout is not None
        assert analyst.stdout.readline() == "open\n"
        with pytest.raises(StorageError, match="Another program has it open"), ledger.writer():
            pass
        analyst.communicate("\n")


def test_the_meta_relation_says_how_current_the_file_is(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [balance()])
        record(writer, refresh("r2"), [balance()])
    [meta] = published(ledger, "meta")
    assert meta["commit_number"] == 2
    assert meta["published_at"] == NOON
    assert meta["last_commit_at"] == NOON
    assert meta["sources"] == ["sandbox"]
    assert meta["refreshed_at"] == NOON
    assert meta["lag_seconds"] == 0
