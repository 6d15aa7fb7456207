"""What is said when a disk lets us down: in words, of Dagster's storage and of any other file."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from pfo_dagster.cli.errors import explain
from pfo_dagster.cli.exit_codes import FAILED
from pfo_dagster.config import load_settings
from pfo_dagster.dagster_home import DagsterHomeError, open_instance, use_dagster_home


def test_a_full_disk_is_told_as_such_and_not_by_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'runs.db'}")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE TABLE runs (run VARCHAR)"))
        # A database of so many pages is as full as one on a full disk.
        connection.execute(sa.text("PRAGMA max_page_count = 2"))
        with pytest.raises(DBAPIError) as caught:
            connection.execute(sa.text("INSERT INTO runs VALUES (zeroblob(100000))"))
    engine.dispose()
    explained = explain(caught.value)
    assert explained is not None
    message, status = explained
    assert status == FAILED
    assert message == (
        f"Dagster's storage in {tmp_path} cannot be used: database or disk is full."
        " Its disk is full, or failing: make room, then run again."
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A storage folder that was never used."""
    monkeypatch.setenv("PFO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    return use_dagster_home(load_settings())


def test_a_storage_that_may_not_be_opened_is_not_to_be_moved_away(home: Path) -> None:
    (home / "history" / "runs.db").mkdir(parents=True)
    with pytest.raises(DagsterHomeError, match="the right to write there") as caught:
        open_instance(home)
    assert str(home) in str(caught.value)
    assert "without the history" not in str(caught.value)


def test_settings_that_dagster_cannot_read_are_to_be_mended(home: Path) -> None:
    (home / "dagster.yaml").write_text("concurrency: 7\n", encoding="utf-8")
    with pytest.raises(DagsterHomeError, match=r"Mend its dagster\.yaml"):
        open_instance(home)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "x.csv: Permission denied. Give this user the right to it, or choose"),
        (errno.EROFS, "x.csv: Read-only file system. Give this user the right to it"),
        (errno.ENOSPC, "x.csv: No space left on device. The disk is full: make room"),
        (errno.EISDIR, "x.csv: Is a directory"),
    ],
)
def test_a_file_that_cannot_be_used_comes_with_what_to_do(number: int, said: str) -> None:
    explained = explain(OSError(number, os.strerror(number), "x.csv"))
    assert explained is not None
    assert explained[0].startswith(said)
