"""The ledger as plain lists: what its views must show, by rules that a child could check."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pfo_dagster.ledger import AccountRow, BalanceRow, ConnectionRow, Ledger, Refresh

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Views:
    """What readers see of one tenant."""

    refreshes: frozenset[str]
    observations: int
    latest: dict[str, tuple[Decimal | None, str | None]]
    """Amount and currency by account."""
    positions: dict[tuple[date, str], Decimal | None]


@dataclass
class Model:
    """One tenant's refreshes, and what came of them."""

    refreshes: dict[str, int] = field(default_factory=dict[str, int])
    """New observations of each."""
    observations: dict[str, list[BalanceRow]] = field(default_factory=lambda: defaultdict(list))
    accounts: dict[str, AccountRow] = field(default_factory=dict[str, "AccountRow"])
    absent: set[tuple[str, date]] = field(default_factory=set[tuple[str, date]])
    """The days on which accounts were gone that came back."""

    def take(
        self,
        head: Refresh,
        connections: Sequence[ConnectionRow],
        accounts: Sequence[AccountRow],
        balances: Sequence[BalanceRow],
    ) -> None:
        """What one refresh listed; nothing, if it is a repeat."""
        if head.refresh_id in self.refreshes:
            return
        before = self._count()
        for row in accounts:
            self._list(row, head.finished_at.date())
        for row in balances:
            known = self.observations[row.account_id]
            like = [
                other for other in known if row.as_of_basis == "fetched" or other.as_of == row.as_of
            ]
            told = (row.amount, row.currency, row.state)
            if not like or (like[-1].amount, like[-1].currency, like[-1].state) != told:
                known.append(row)
        self.refreshes[head.refresh_id] = self._count() - before
        self._end(head, {row.connection_id for row in connections})

    def views(self) -> Views:
        """What is to be seen."""
        return Views(frozenset(self.refreshes), self._count(), self._latest(), self._positions())

    def _list(self, row: AccountRow, today: date) -> None:
        """An account that was gone and is back was gone on the days in between."""
        before = self.accounts.get(row.account_id)
        if before and before.deleted_at and not row.deleted_at:
            end = before.deleted_at.date()
            gone = range((today - end).days)
            self.absent |= {(row.account_id, end + offset * DAY) for offset in gone}
        self.accounts[row.account_id] = row

    def _end(self, head: Refresh, listed: set[str]) -> None:
        """A connection that a listing lacks is deleted, with the accounts that it had."""
        for name, row in self.accounts.items():
            if row.connection_id not in listed and row.deleted_at is None:
                self.accounts[name] = replace(row, deleted_at=head.finished_at)

    def _count(self) -> int:
        return sum(map(len, self.observations.values()))

    def _latest(self) -> dict[str, tuple[Decimal | None, str | None]]:
        return {
            name: (_newest(known).amount, _newest(known).currency)
            for name, known in self.observations.items()
            if known and not self.accounts[name].deleted_at
        }

    def _positions(self) -> dict[tuple[date, str], Decimal | None]:
        observed = [row.as_of.date() for known in self.observations.values() for row in known]
        totals: dict[tuple[date, str], Decimal | None] = {}
        for offset in range((max(observed) - min(observed)).days + 1 if observed else 0):
            day = min(observed) + offset * DAY
            for name, known in self.observations.items():
                until = [row for row in known if row.as_of.date() <= day]
                end = self.accounts[name].deleted_at
                if not until or (end and end.date() <= day) or (name, day) in self.absent:
                    continue
                newest = _newest(until)
                key = (day, newest.currency or "")
                amount, so_far = newest.amount, totals.get(key)
                totals[key] = so_far if amount is None else (so_far or Decimal(0)) + amount
        return totals


def views_of(ledger: Ledger, tenant: str) -> Views:
    """What readers do see of a tenant now."""
    with ledger.reader() as reader:
        observations, refreshes, latest, positions = (
            reader.rows(f"FROM {relation} WHERE tenant_id = ?", [tenant])
            for relation in ("balances", "refreshes", "latest_balances", "daily_cash_position")
        )
    return Views(
        frozenset(str(row["refresh_id"]) for row in refreshes),
        len(observations),
        {row["account_id"]: (row["amount"], row["currency"]) for row in latest},
        {(row["day"], row["currency"]): row["amount"] for row in positions},
    )


def _newest(rows: list[BalanceRow]) -> BalanceRow:
    _, newest = max(enumerate(rows), key=lambda item: (item[1].as_of, item[1].fetched_at, item[0]))
    return newest
