"""Transactions, sync after sync: only changes are fetched, and nothing is missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.workflows.household import TRANSACTIONS, Household

if TYPE_CHECKING:
    from pathlib import Path

_FACTS = """
    SELECT * EXCLUDE (commit_number, changed_at) FROM transactions
    WHERE booked_on >= '2026-09-01' ORDER BY ALL
"""


def test_a_later_sync_asks_for_changes_only_and_ends_as_if_it_had_asked_for_all(
    tmp_path: Path,
) -> None:
    home = Household(tmp_path / "data")
    for _ in range(3):
        home.run(TRANSACTIONS)
        home.clock.move(days=2)
    home.clock.move(days=-2)
    afresh = Household(tmp_path / "afresh", clock=home.clock)
    afresh.run(TRANSACTIONS)

    first, *later = home.published("FROM syncs ORDER BY commit_number")
    seen = [len(one["changed_records"]) + one["unchanged_records"] for one in (first, *later)]
    assert all(0 < count < seen[0] / 3 for count in seen[1:])
    assert home.published(_FACTS) == afresh.published(_FACTS)
    assert (
        home.published("SELECT transaction_id FROM transactions GROUP BY ALL HAVING count(*) > 1")
        == []
    )


def test_what_is_asked_for_by_hand_is_not_where_the_next_sync_goes_on(tmp_path: Path) -> None:
    home = Household(tmp_path / "data")
    home.run(TRANSACTIONS, {"since": "2026-11-19"})
    home.run(TRANSACTIONS)

    by_hand, full = home.published("FROM syncs ORDER BY commit_number")
    assert (by_hand["full_listing"], full["full_listing"]) == (False, True)
    assert full["unchanged_records"] + len(full["changed_records"]) > 10 * max(
        1, len(by_hand["changed_records"])
    )
