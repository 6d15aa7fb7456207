"""Everything that the page shows of one publication, read at once."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pfo_dagster.dashboard import figures
from pfo_dagster.dashboard.sources import source_names
from pfo_dagster.dashboard.watching import mark_of
from pfo_dagster.ledger import holdings, positions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import pyarrow as pa

    from pfo_dagster.dashboard.watching import Mark
    from pfo_dagster.ledger import AccountKey, Holding, Ledger, Position, Source

_GOOD_FOR: Final = timedelta(minutes=5)
_last_read: dict[Mark, Page] = {}
"""The last page that was read, by its publication: windows of one server need not each read it."""
_reading: Final = threading.Lock()
"""Windows that are opened meanwhile wait for the page that is being read."""


@dataclass(frozen=True, slots=True)
class Page:
    """The figures of a publication, and what is to be said beside them."""

    read_at: datetime
    publication: figures.Publication
    trust: figures.Trust
    positions: Sequence[Position]
    accounts: Sequence[Holding]
    sparklines: Mapping[AccountKey, Sequence[float]]
    connections: Sequence[figures.WaitingConnection]
    movements: Sequence[figures.Movement]
    month_ends: Sequence[figures.MonthEnd]
    cash: Mapping[tuple[Source, str], pa.Table]
    """By source and currency."""
    instants: Sequence[datetime]
    """When refreshes were recorded, oldest first."""

    @property
    def names(self) -> Mapping[Source, str]:
        """What to write behind a figure of each source."""
        return source_names([*self.accounts, *self.positions, *self.month_ends])


def current_page(ledger: Ledger, stale_after: timedelta) -> Page:
    """The page of the publication that is in place; its ages and checks are of the last minutes.

    Figures of longer ago than `stale_after` are called stale. Raises `LedgerError`, with what to do
    about it.
    """
    with _reading:
        mark = mark_of(ledger.published_path)
        page = _last_read.get(mark)
        if page is None or abs(ledger.now() - page.read_at) > _GOOD_FOR:
            page = read_page(ledger, stale_after)
            # If a newer one was published meanwhile, its mark is another one; it is read again.
            _last_read.clear()
            _last_read[mark] = page
        return page


def read_page(ledger: Ledger, stale_after: timedelta) -> Page:
    """The page as of now by the ledger's clock. Raises `LedgerError`, with what to do about it."""
    now = ledger.now()
    with ledger.reader() as reader:
        return Page(
            read_at=now,
            publication=figures.publication(reader),
            trust=figures.trust(reader, now, stale_after),
            positions=positions(reader),
            accounts=holdings(reader),
            sparklines=figures.sparklines(reader),
            connections=figures.connections(reader, now),
            movements=figures.movements(reader),
            month_ends=figures.month_ends(reader),
            cash=figures.cash_history(reader),
            instants=figures.instants(reader),
        )
