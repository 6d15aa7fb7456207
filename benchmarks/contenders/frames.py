"""The questions asked of a pandas frame: account_id, day, cents, currency, recorded_at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from datetime import date, datetime

ANSWER = ["account_id", "cents", "currency"]


def newest(frame: pd.DataFrame) -> pd.DataFrame:
    """The last row of each account."""
    return newest_rows(frame)[ANSWER]


def at_date(frame: pd.DataFrame, day: date) -> pd.DataFrame:
    """The last row of each account up to a day."""
    return newest(frame[frame["day"] <= pd.Timestamp(day)])


def as_known_at(frame: pd.DataFrame, instant: datetime) -> pd.DataFrame:
    """The last row of each account of those recorded up to an instant."""
    return newest(frame[frame["recorded_at"] <= pd.Timestamp(instant.replace(tzinfo=None))])


def gap_filled_year(frame: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
    """The sum per day and currency, the last balance of each account carried forward."""
    start, stop = pd.Timestamp(first), pd.Timestamp(last)
    before = newest_rows(frame[frame["day"] < start]).assign(day=start - pd.Timedelta(days=1))
    within = frame[(frame["day"] >= start) & (frame["day"] <= stop)]
    table = pd.concat([before, within]).pivot_table(
        index="day", columns=["currency", "account_id"], values="cents", aggfunc="last"
    )
    filled = table.reindex(pd.date_range(table.index.min(), stop)).ffill()
    return filled.loc[start:].T.groupby(level="currency").sum().T.stack().reset_index(name="cents")


def newest_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """The last row of each account, with all its columns."""
    return frame.loc[frame.groupby("account_id", sort=False)["day"].idxmax()]
