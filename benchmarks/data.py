"""The observations that every contender holds: 10,000 accounts on each day of five years.

One in fifty is missing, so that there are gaps to fill. Made by DuckDB from a hash, hence the same
everywhere, and written as Parquet files by month that any contender can read.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

FIRST_DAY: Final = date(2021, 11, 1)
DAYS: Final = 5 * 365 + 1
LAST_DAY: Final = FIRST_DAY + timedelta(days=DAYS - 1)
APPENDED: Final = 7
"""Days after the last one that contenders append, one at a time."""

_OBSERVATIONS: Final = """
    SELECT
        'account-' || lpad(account::VARCHAR, 5, '0') AS account_id,
        DATE '{first}' + day::INTEGER AS day,
        (((hash(account * 10000 + day) % 2000000)::BIGINT - 500000) * 0.01)::DECIMAL(38, 12)
            AS amount,
        ['EUR', 'EUR', 'EUR', 'USD', 'CHF'][1 + account % 5] AS currency
    FROM range({start}, {stop}) AS days(day), range({accounts}) AS accounts(account)
    WHERE hash(account * 10000 + day + 1) % 50 != 0
    ORDER BY day, account
"""


def observations(accounts: int, start: int, stop: int) -> str:
    """A query for the observations of the days from number `start` to before `stop`."""
    return _OBSERVATIONS.format(first=FIRST_DAY, start=start, stop=stop, accounts=accounts)


def make(folder: Path, accounts: int) -> None:
    """Write the five years by month to `folder/history`, and the days to append beside it."""
    (folder / "history").mkdir(parents=True)
    with duckdb.connect() as db:
        starts = [
            number
            for number in range(DAYS)
            if number == 0 or (FIRST_DAY + timedelta(days=number)).day == 1
        ]
        for start, stop in zip(starts, [*starts[1:], DAYS], strict=True):
            month = f"{FIRST_DAY + timedelta(days=start):%Y-%m}"
            db.execute(
                f"COPY ({observations(accounts, start, stop)})"
                f" TO '{folder}/history/{month}.parquet' (COMPRESSION zstd)"
            )
        for number in range(DAYS, DAYS + APPENDED):
            db.execute(
                f"COPY ({observations(accounts, number, number + 1)})"
                f" TO '{folder}/day-{number - DAYS}.parquet'"
            )
