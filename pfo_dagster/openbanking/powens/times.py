"""Which times of a row can be believed. Pure; called by `mapping` and `connections`.

Some banks write the year 1 or 9999 for "never". Taken at its word, an account that is deleted in
9999 would be out of the totals today, and a balance of that year would be carried forward to it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pfo_dagster.openbanking.powens.models import WireModel

_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD: Final = timedelta(days=1)
"""How far ahead of us Powens' clock may be, whatever zone it is set to."""
IMPOSSIBLE: Final = "in the future or before the year 2000, so it is left out"
"""What to say of such a time, after the name of its field."""

_WHAT_HAPPENED: Final = ("last_update", "disabled", "deleted")


def impossible_times(wire: WireModel, now: datetime) -> list[str]:
    """The fields that say when something happened, and cannot be right: it is not known when."""
    fields = type(wire).model_fields
    times = {name: getattr(wire, name) for name in _WHAT_HAPPENED if name in fields}
    return [
        name
        for name, time in times.items()
        if time is not None and not _EARLIEST <= time <= now + _AHEAD
    ]
