"""pandas on Parquet files by month, with amounts as whole cents, which is kind to pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pandas as pd

from benchmarks.contenders import frames

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

AS_CENTS = """
    SELECT account_id, day::TIMESTAMP AS day, (amount * 100)::BIGINT AS cents, currency,
        day + TIME '10:00' AS recorded_at
    FROM read_parquet('{}')
"""
"""The observations of a file, or of all that a pattern matches."""


class PandasContender:
    """Appends by writing the month's file anew; reads all files for each question."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fill(self, source: Path) -> None:
        """Write the months as pandas likes them."""
        self._folder.mkdir(parents=True)
        for file in sorted((source / "history").glob("*.parquet")):
            duckdb.execute(
                f"COPY ({AS_CENTS.format(file)}) TO '{self._folder / file.name}' (COMPRESSION zstd)"
            )

    def append(self, file: Path) -> None:
        """Add a day's rows to the file of its month, replaced by one rename."""
        rows = duckdb.execute(AS_CENTS.format(file)).df()
        month = self._folder / f"{rows['day'][0]:%Y-%m}.parquet"
        if month.exists():
            rows = pd.concat([pd.read_parquet(month), rows])
        draft = month.with_suffix(".tmp")
        rows.to_parquet(draft, compression="zstd")
        draft.replace(month)

    def latest(self) -> pd.DataFrame:
        """The last balance of each account."""
        return frames.newest(self._read("account_id", "day", "cents", "currency"))

    def at_date(self, day: date) -> pd.DataFrame:
        """The balance of each account at the end of a day."""
        return frames.at_date(self._read("account_id", "day", "cents", "currency"), day)

    def as_known_at(self, instant: datetime) -> pd.DataFrame:
        """What was the last balance of each account when less was known."""
        return frames.as_known_at(self._read(), instant)

    def gap_filled_year(self, first: date, last: date) -> pd.DataFrame:
        """The sum per day and currency, the last balance of each account carried forward."""
        frame = self._read("account_id", "day", "cents", "currency")
        return frames.gap_filled_year(frame, first, last)

    def _read(self, *columns: str) -> pd.DataFrame:
        return pd.read_parquet(self._folder, columns=list(columns) or None)
