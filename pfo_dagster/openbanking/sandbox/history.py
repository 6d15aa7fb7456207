"""What happened on a made-up account: the same for the same seed, in any process, at any time.

A balance is always the opening one plus the sum of what was booked, so sums can be checked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from pfo_dagster.openbanking.powens.fields import PARIS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfo_dagster.openbanking.sandbox.world import AccountPlan, Habit, World

_SETTLEMENT_DAY = 4
_PER_MONTH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An operation: the bank knows of it from `seen_at` on, its balance from `booked_at` on."""

    entry_id: int
    day: date
    """On which it is booked, in Paris; while it is coming, on which it will be."""
    seen_at: datetime
    booked_at: datetime
    value: Decimal
    wording: str
    kind: str


@dataclass(frozen=True, slots=True)
class History:
    """The operations of all accounts of a world, made month by month as they are asked for."""

    world: World
    _months: dict[tuple[int, int], tuple[Entry, ...]] = field(
        default_factory=dict[tuple[int, int], "tuple[Entry, ...]"]
    )

    def entries(self, account: AccountPlan, until: datetime) -> list[Entry]:
        """What the bank knew of at `until`, oldest first."""
        ends = (account.deleted_at, account.idle_from)
        until = min([until, *(end for end in ends if end is not None)])
        last = _month_number(until)
        first = _month_number(self.world.began)
        return [
            entry
            for number in range(first, last + 1)
            for entry in self._month(account, number)
            if entry.seen_at <= until
        ]

    def balance(self, account: AccountPlan, at: datetime) -> Decimal:
        """The balance at an instant: the opening one and everything booked until then."""
        entries = self.entries(account, at)
        return account.opening + sum(
            (entry.value for entry in entries if entry.booked_at <= at), Decimal(0)
        )

    def coming(self, account: AccountPlan, at: datetime) -> Decimal:
        """The sum of what the bank knew of at an instant but had not booked."""
        entries = self.entries(account, at)
        return sum((entry.value for entry in entries if entry.booked_at > at), Decimal(0))

    def _month(self, account: AccountPlan, number: int) -> tuple[Entry, ...]:
        key = (account.account_id, number)
        if key not in self._months:
            self._months[key] = tuple(self._make_month(account, number))
        return self._months[key]

    def _make_month(self, account: AccountPlan, number: int) -> list[Entry]:
        drafts = [*self._habits(account, number), *self._settlements(account, number)]
        drafts.sort(key=lambda draft: draft.seen_at)
        months = number - _month_number(self.world.began)
        base = (account.account_id * _PER_MONTH + months) * _PER_MONTH
        return [draft.numbered(base + place) for place, draft in enumerate(drafts)]

    def _habits(self, account: AccountPlan, number: int) -> Iterator[_Draft]:
        same = account.formerly or account.account_id
        for place, habit in enumerate(account.habits):
            chance = Random(f"{self.world.seed}/{same}/{place}/{number}")  # noqa: S311 - made-up data
            for _ in range(habit.times):
                yield _draw(habit, chance, number)

    def _settlements(self, account: AccountPlan, number: int) -> Iterator[_Draft]:
        """Last month's spending of a card, taken off it and debited from its parent."""
        spent = [(card, -1, "RELEVE CARTE") for card in self.world.cards_of(account)]
        if account.parent_id is not None and account.kind == "card":
            spent.append((account, 1, "PRELEVEMENT SUR COMPTE"))
        for card, sign, wording in spent:
            total = sum((draft.value for draft in self._habits(card, number - 1)), Decimal(0))
            if total and number > _month_number(self.world.began):
                moment = _moment(number, _SETTLEMENT_DAY, time(7, 30))
                yield _Draft(moment, timedelta(0), -sign * total, wording, "summary_card")


@dataclass(frozen=True, slots=True)
class _Draft:
    """An operation before it has an id."""

    seen_at: datetime
    pending: timedelta
    value: Decimal
    wording: str
    kind: str

    def numbered(self, entry_id: int) -> Entry:
        booked_at = self.seen_at + self.pending
        return Entry(
            entry_id=entry_id,
            day=booked_at.astimezone(PARIS).date(),
            seen_at=self.seen_at,
            booked_at=booked_at,
            value=self.value,
            wording=self.wording,
            kind=self.kind,
        )


def _draw(habit: Habit, chance: Random, number: int) -> _Draft:
    """One operation of a habit; the amount has as many decimals as the habit's `low`."""
    day = habit.day or chance.randint(1, 28)
    at = time(chance.randint(7, 21), chance.randint(0, 59), chance.randint(0, 59))
    step = Decimal((0, (1,), min(0, int(habit.low.as_tuple().exponent))))
    value = chance.randint(int(habit.low / step), int(habit.high / step)) * step
    wording = chance.choice(habit.wordings)
    return _Draft(_moment(number, day, at), habit.pending, value, wording, habit.kind)


def _month_number(moment: datetime) -> int:
    """The month of an instant in Paris, counted from year 0."""
    day = moment.astimezone(PARIS).date()
    return day.year * 12 + day.month - 1


def _moment(number: int, day: int, at: time) -> datetime:
    year, month = divmod(number, 12)
    return datetime.combine(date(year, month + 1, day), at, PARIS).astimezone(UTC)
