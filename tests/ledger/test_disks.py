"""Disks that are full or read-only: a message that helps, nothing half there, and no harm done.

The disks are real ones, in memory; who may not mount them is told so by a skip.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from pfo_dagster.ledger import LedgerError, PublishError, StorageError
from tests.ledger.builders import balance, empty_ledger, published, record, refresh

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pfo_dagster.ledger import Ledger

ROOMY_KIB = 40_000
MANY = [balance(str(number), account_id=str(number)) for number in range(3000)]


@dataclass(frozen=True)
class Disk:
    """A disk in memory, mounted at `path`."""

    path: Path

    def remount(self, options: str) -> None:
        mount("-o", f"remount,{options}", str(self.path))

    def leave_free(self, kib: int) -> None:
        """Make the disk so small that only so much is left."""
        self.remount(f"size={shutil.disk_usage(self.path).used // 1024 + kib}k")

    def leave_files(self, number: int) -> None:
        """Allow only so many more files, which is another way of being full."""
        counted = os.statvfs(self.path)
        self.remount(f"nr_inodes={counted.f_files - counted.f_ffree + number}")


def mount(*arguments: str) -> None:
    command = shutil.which("mount")
    if command is None:
        pytest.skip("there is no mount command here")
    done = subprocess.run([command, *arguments], capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.decode().strip()}")


def unmount(path: Path) -> None:
    subprocess.run(["umount", "-l", str(path)], check=True)  # noqa: S603, S607


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    mount("-t", "tmpfs", "-o", f"size={ROOMY_KIB}k", "tmpfs", str(tmp_path))
    yield Disk(tmp_path)
    unmount(tmp_path)


@pytest.fixture
def ledger(disk: Disk) -> Ledger:
    """A ledger with one observation, alone on its disk."""
    ledger = empty_ledger(disk.path / "data")
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [balance("1", account_id="0")])
    return ledger


def seen(ledger: Ledger) -> tuple[int, int]:
    """How many observations readers see, in DuckDB and in Parquet."""
    in_parquet = pq.read_table(ledger.parquet_path / "balances").num_rows
    return len(published(ledger, "balances")), in_parquet


@pytest.mark.parametrize("free_kib", [0, 300, 1200, 2000, 3000, 4000, 5000])
def test_a_full_disk_takes_nothing_away_and_leaves_nothing_half_made(
    disk: Disk, ledger: Ledger, free_kib: int
) -> None:
    disk.leave_free(free_kib)
    with pytest.raises(LedgerError, match="The disk is full: make room") as refused:
        write(ledger)
    assert seen(ledger) == (1, 1)
    assert not list(ledger.published_path.parent.rglob("*.tmp*"))

    disk.remount(f"size={ROOMY_KIB}k")
    ledger.catch_up()
    # What is said to be safe is there without being recorded again, and nothing else is.
    kept = isinstance(refused.value, PublishError)
    assert seen(ledger) == ((3001, 3001) if kept else (1, 1))
    write(ledger)
    assert seen(ledger) == (3001, 3001)


def write(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r2"), MANY)


@pytest.mark.parametrize("files", [1, 3, 6, 9])
def test_a_disk_that_fills_up_amid_the_parquet_files_leaves_those_of_before(
    disk: Disk, ledger: Ledger, files: int
) -> None:
    with ledger.writer() as writer:
        disk.leave_files(files)
        with pytest.raises(PublishError, match="Parquet files are still those of before"):
            record(writer, refresh("r2"), MANY)
        assert seen(ledger) == (3001, 1)
        assert not list(ledger.published_path.parent.rglob("*.tmp*"))
        disk.leave_files(100)
    ledger.catch_up()
    assert seen(ledger) == (3001, 3001)


def test_a_read_only_disk_is_a_clear_message_and_can_be_read(disk: Disk, ledger: Ledger) -> None:
    disk.remount("ro")
    with pytest.raises(StorageError, match="read-only: make it writable, or set another"):
        write(ledger)
    assert seen(ledger) == (1, 1)
    disk.remount("rw")
    write(ledger)
    assert seen(ledger) == (3001, 3001)


def test_a_disk_that_turns_read_only_in_a_run_keeps_what_was_there(ledger: Ledger) -> None:
    folder = str(ledger.published_path.parent)
    with ledger.writer() as writer:
        mount("--bind", folder, folder)
        mount("-o", "remount,bind,ro", folder)
        try:
            with pytest.raises(PublishError, match="The disk is read-only"):
                record(writer, refresh("r2"), MANY)
        finally:
            unmount(ledger.published_path.parent)
    assert seen(ledger) == (1, 1)
    ledger.catch_up()
    assert seen(ledger) == (3001, 3001)
