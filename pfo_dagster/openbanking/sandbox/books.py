"""What the provider would answer at one instant: figures, totals and operations. Called by `app`.

A bank's figures are those of its connection's last update, however late it is now.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from pfo_dagster.openbanking.powens.fields import PARIS
from pfo_dagster.openbanking.sandbox.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from pfo_dagster.openbanking.sandbox.history import Entry, History
    from pfo_dagster.openbanking.sandbox.state import SandboxState
    from pfo_dagster.openbanking.sandbox.world import AccountPlan, ConnectionPlan


@dataclass(frozen=True, slots=True)
class Books:
    """The made-up world as the provider sees it at `now`."""

    history: History
    state: SandboxState
    now: datetime
    _timelines: dict[int, Timeline] = field(default_factory=dict[int, Timeline])
    _figures: dict[int, Figures] = field(default_factory=dict[int, "Figures"])

    def timeline(self, plan: ConnectionPlan) -> Timeline:
        """The syncs of a connection, as they were when this was first asked."""
        key = plan.connection_id
        if key not in self._timelines:
            self._timelines[key] = Timeline(plan, self.state.forced_syncs(key))
        return self._timelines[key]

    def timeline_of(self, account: AccountPlan) -> Timeline:
        """The syncs of an account's connection."""
        plan = self.history.world.connection(account.connection_id)
        assert plan is not None, "a world's accounts belong to its connections"  # noqa: S101
        return self.timeline(plan)

    def figures(self, account: AccountPlan) -> Figures:
        """An account's figures, as they were when this was first asked.

        A disabled one is not synced and has none.
        """
        key = account.account_id
        if key not in self._figures:
            self._figures[key] = self._figures_of(account)
        return self._figures[key]

    def totals(self) -> dict[str, Decimal | None]:
        """Per currency, the sum over the active and displayed accounts whose balance is known."""
        totals: dict[str, Decimal | None] = {}
        for account in self.history.world.accounts:
            figures = self.figures(account)
            listed = account.is_listed(self.now) and account.display
            if not (listed and figures.is_active):
                continue
            total = totals.setdefault(account.currency, None)
            if figures.balance is not None:
                totals[account.currency] = (total or Decimal(0)) + figures.balance
        return totals

    def entries(self, account: AccountPlan) -> Sequence[Entry]:
        """The operations that the provider knows of, oldest first."""
        if _if_past(account.disabled_at, self.now):
            return []
        return self.history.entries(account, self._updated(account))

    def daily_balances(self, account: AccountPlan, first: date, last: date) -> list[DailyBalance]:
        """The balance at the end of each day in Paris, up to the last update; computed."""
        updated = self._updated(account)
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return [
            DailyBalance(day, self.history.balance(account, min(_end_of(day), updated)))
            for day in days
            if day <= updated.astimezone(PARIS).date()
        ]

    def _figures_of(self, account: AccountPlan) -> Figures:
        updated = self._updated(account)
        disabled = _if_past(account.disabled_at, self.now)
        shown = account.balance_known and disabled is None
        return Figures(
            balance=self.history.balance(account, updated) if shown else None,
            coming=self.history.coming(account, updated) if shown else None,
            last_update=None if disabled else updated,
            deleted_at=_if_past(account.deleted_at, self.now),
            disabled_at=disabled,
        )

    def _updated(self, account: AccountPlan) -> datetime:
        updated = self.timeline_of(account).last_update(self.now)
        return min(updated, account.deleted_at) if account.deleted_at else updated


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What changes with time about an account; as of the last update of its connection."""

    balance: Decimal | None
    coming: Decimal | None
    last_update: datetime | None
    deleted_at: datetime | None
    disabled_at: datetime | None

    @property
    def is_active(self) -> bool:
        """Whether the account is neither deleted nor disabled."""
        return self.deleted_at is None and self.disabled_at is None


@dataclass(frozen=True, slots=True)
class DailyBalance:
    """The balance at the end of a day."""

    day: date
    balance: Decimal


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), PARIS)


def _if_past(moment: datetime | None, now: datetime) -> datetime | None:
    return moment if moment is not None and moment <= now else None
