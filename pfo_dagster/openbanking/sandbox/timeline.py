"""As of when a connection's figures are: a pure function of the clock and of the forced syncs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pfo_dagster.openbanking.powens.fields import PARIS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pfo_dagster.openbanking.sandbox.world import ConnectionPlan, Rhythm

_TRIED_AGAIN: Final = frozenset({None, "websiteUnavailable", "rateLimiting", "validating"})
"""The states in which the provider goes on trying by itself."""
_INSTANTS: Final = 10_000
"""How many are kept: a listing asks the same of all accounts and transactions of a bank."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The syncs of one connection. `forced` are the instants at which one was forced, in order."""

    plan: ConnectionPlan
    forced: Sequence[datetime] = ()

    def last_update(self, now: datetime) -> datetime:
        """The newest sync whose data is there at `now`: a forced one, or one by itself."""
        seen = min(now, self.plan.stops_at) if self.plan.stops_at else now
        ends = [end for end in self._forced_ends() if end <= seen]
        return max([last_slot(self.plan.rhythm, seen), *ends])

    def next_try(self, now: datetime) -> datetime | None:
        """When the provider syncs next by itself; not while it waits for the user."""
        state = self.plan.state_at(now)
        if state not in _TRIED_AGAIN or (state is None and self.plan.has_stopped(now)):
            return None
        return first_slot(self.plan.rhythm, now)

    def is_syncing(self, now: datetime) -> bool:
        """Whether a forced sync is under way."""
        return any(start <= now < start + self.plan.sync_takes for start in self.forced)

    def learnt_at(self, moment: datetime) -> datetime:
        """When the provider came to know what the bank knew at `moment`."""
        rhythm = self.plan.rhythm
        by_itself = first_slot(rhythm, moment) + rhythm.known_after
        return min([by_itself, *(end for end in self._forced_ends() if end >= moment)])

    def _forced_ends(self) -> list[datetime]:
        return [start + self.plan.sync_takes for start in self.forced]


@lru_cache(maxsize=_INSTANTS)
def last_slot(rhythm: Rhythm, now: datetime) -> datetime:
    """The last sync of the rhythm that shows at `now`."""
    return _slot_before(rhythm, now - rhythm.known_after)


@lru_cache(maxsize=_INSTANTS)
def first_slot(rhythm: Rhythm, moment: datetime) -> datetime:
    """The first sync of the rhythm at `moment` or after."""
    slot = _slot_before(rhythm, moment)
    return slot if slot == moment else _slot_on(rhythm, slot, days_later=rhythm.every_days)


def _slot_before(rhythm: Rhythm, moment: datetime) -> datetime:
    """The last sync of the rhythm at `moment` or before."""
    today = moment.astimezone(PARIS).date()
    since_last = today.toordinal() % rhythm.every_days
    slot = _slot_on(rhythm, moment, days_later=-since_last)
    return slot if slot <= moment else _slot_on(rhythm, slot, days_later=-rhythm.every_days)


def _slot_on(rhythm: Rhythm, day_of: datetime, *, days_later: int) -> datetime:
    """The rhythm's time of day in Paris, a number of days after the day of `day_of`."""
    day = day_of.astimezone(PARIS).date() + timedelta(days=days_later)
    return datetime.combine(day, rhythm.at, PARIS).astimezone(UTC)
