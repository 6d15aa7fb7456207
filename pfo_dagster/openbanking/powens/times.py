"""Which times of a row can be believed. Pure; called by `mapping` and `connections`.

Some banks write the year 1 or 9999 for "never". Taken at its word, an account that is deleted in
9999 would be out of the totals today, and a balance of that year would be carried forward to it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pfo_dagster.openbanking.powens.models import WireModel

_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD: Final = timedelta(days=1)
"""How far ahead of us Powens' clock may be, whatever zone it is set to."""
_PLANNED_WITHIN: Final = timedelta(days=366)
"""How far ahead a next try is one: a bank that is not asked before 9999 would never be asked."""

_WHAT_HAPPENED: Final = ("last_update", "disabled", "deleted")
_WHAT_IS_PLANNED: Final = ("next_try",)


def impossible_times(wire: WireModel, now: datetime) -> dict[str, str]:
    """The fields of which it is not known when they happened, or will, each with the reason."""
    late = "in the future or before the year 2000, so it is left out"
    distant = "in more than a year or before the year 2000, so it is left out"
    return {
        **dict.fromkeys(_outside(wire, _WHAT_HAPPENED, now + _AHEAD), late),
        **dict.fromkeys(_outside(wire, _WHAT_IS_PLANNED, now + _PLANNED_WITHIN), distant),
    }


def _outside(wire: WireModel, names: Iterable[str], latest: datetime) -> Iterator[str]:
    """Those of the names that the row has, with a time that is not between `_EARLIEST` and that."""
    for name in names:
        time = getattr(wire, name, None)
        if time is not None and not _EARLIEST <= time <= latest:
            yield name
