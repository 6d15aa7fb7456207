"""A few kills of the harness, so that it and what it proves stay true; the 300 are run by hand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from tests.crashes.invariants import Watch
from tests.crashes.killing import FIRST_DAY, kill_many
from tests.crashes.refreshing import refresh_run
from tests.crashes.tracing import AVAILABLE


def test_refreshes_killed_anywhere_leave_the_ledger_whole(tmp_path: Path) -> None:
    tally = kill_many(tmp_path, kills=5, seed=4, tell=print)
    assert tally.kills == 5


@pytest.mark.skipif(not AVAILABLE, reason="needs Linux's ptrace, on a processor that it knows")
def test_the_same_point_is_met_again(tmp_path: Path) -> None:
    met: set[str] = set()
    for attempt in ("first", "second"):
        data_dir = tmp_path / attempt / "data"
        data_dir.parent.mkdir()
        ended = refresh_run(data_dir, FIRST_DAY, deadly_call=30)
        assert (ended.exit_code, ended.calls) == (None, 30)
        met.add(ended.last.replace(str(data_dir), ""))
    assert len(met) == 1


@pytest.mark.parametrize(
    ("damage", "noticed"),
    [
        ("DELETE FROM balances WHERE account_id = (SELECT min(account_id) FROM balances)", "part"),
        ("INSERT INTO balances FROM balances LIMIT 1", "twice"),
        ("UPDATE balances SET amount = amount + 1", "commit 2 was"),
        ("DELETE FROM history.commits", "a commit that is not there"),
    ],
)
def test_the_harness_sees_what_it_is_there_to_see(ruined: Path, damage: str, noticed: str) -> None:
    watch = Watch(ruined)
    watch.after_kill()
    with duckdb.connect(str(ruined / "warehouse.duckdb")) as warehouse:
        warehouse.execute("BEGIN")
        warehouse.execute(damage)
        warehouse.execute("COMMIT")
    with pytest.raises(AssertionError, match=noticed):
        watch.after_kill()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data_dir = tmp_path_factory.mktemp("whole") / "data"
    assert refresh_run(data_dir, FIRST_DAY + timedelta(days=1)).exit_code == 0
    return data_dir


@pytest.fixture
def ruined(whole: Path, tmp_path: Path) -> Path:
    """A ledger of one's own to damage."""
    (tmp_path / "warehouse.duckdb").write_bytes((whole / "warehouse.duckdb").read_bytes())
    return tmp_path
