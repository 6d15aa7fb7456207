"""Noticing a new publication, for as long as somebody looks."""

from __future__ import annotations

from pathlib import Path

from pfo_dagster.dashboard.watching import Mark, mark_of, watch


def test_each_new_publication_is_told_until_the_window_has_ended(tmp_path: Path) -> None:
    published = tmp_path / "balances.duckdb"
    told: list[Mark] = []
    steps = iter(["first", "", "second", "closed", "third"])
    state = ""

    def next_step() -> None:
        nonlocal state
        state = next(steps)
        if state in {"first", "second", "third"}:
            published.unlink(missing_ok=True)
            published.write_text(state * len(told or "x"))
            (tmp_path / state).hardlink_to(published)

    watch(published, told.append, lambda: state == "closed", wait=next_step)
    assert len(told) == 2
    assert told[-1] == mark_of(tmp_path / "second")
