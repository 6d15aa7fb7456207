"""SQLite with the best key for these questions: one row per account and day, in that order."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

import duckdb

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

_AS_TEXT: Final = """
    SELECT account_id, day::VARCHAR, (amount * 100)::BIGINT, currency, day || ' 10:00'
    FROM read_parquet('{}') ORDER BY account_id, day
"""
_LAST: Final = """
    SELECT accounts.account_id, balances.cents, balances.currency
    FROM accounts JOIN balances ON balances.account_id = accounts.account_id
        AND balances.day = (
            SELECT day FROM balances AS b WHERE b.account_id = accounts.account_id {condition}
            ORDER BY day DESC LIMIT 1
        )
"""
_YEAR: Final = """
    WITH RECURSIVE days(day) AS (
        SELECT :first UNION ALL SELECT date(day, '+1 day') FROM days WHERE day < :last
    )
    SELECT days.day, accounts.currency, sum((
        SELECT cents FROM balances AS b
        WHERE b.account_id = accounts.account_id AND b.day <= days.day
        ORDER BY b.day DESC LIMIT 1
    )) AS cents
    FROM days, accounts GROUP BY 1, 2
"""


class SqliteContender:
    """Amounts are whole cents; a table of accounts saves the search for their ids."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "balances.sqlite"

    def fill(self, source: Path) -> None:
        """Insert everything in the order of the key."""
        with closing(sqlite3.connect(self._file)) as db, db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(
                "CREATE TABLE balances(account_id TEXT, day TEXT, cents INTEGER, currency TEXT,"
                " recorded_at TEXT, PRIMARY KEY (account_id, day)) WITHOUT ROWID"
            )
            history = duckdb.execute(_AS_TEXT.format(source / "history" / "*.parquet"))
            while rows := history.fetchmany(100_000):
                db.executemany("INSERT INTO balances VALUES (?, ?, ?, ?, ?)", rows)
            db.execute(
                "CREATE TABLE accounts AS SELECT account_id, max(currency) AS currency"
                " FROM balances GROUP BY 1"
            )

    def append(self, file: Path) -> None:
        """A day's rows in one transaction."""
        rows = duckdb.execute(_AS_TEXT.format(file)).fetchall()
        with closing(sqlite3.connect(self._file)) as db, db:
            db.executemany("INSERT OR REPLACE INTO balances VALUES (?, ?, ?, ?, ?)", rows)

    def latest(self) -> list[tuple[object, ...]]:
        """The last balance of each account."""
        return self._ask(_LAST.format(condition=""))

    def at_date(self, day: date) -> list[tuple[object, ...]]:
        """The balance of each account at the end of a day."""
        return self._ask(_LAST.format(condition="AND b.day <= :day"), day=str(day))

    def as_known_at(self, instant: datetime) -> list[tuple[object, ...]]:
        """What was the last balance of each account when less was known."""
        condition = "AND b.recorded_at <= :instant"
        return self._ask(_LAST.format(condition=condition), instant=f"{instant:%Y-%m-%d %H:%M}")

    def gap_filled_year(self, first: date, last: date) -> list[tuple[object, ...]]:
        """The sum per day and currency, the last balance of each account carried forward."""
        return self._ask(_YEAR, first=str(first), last=str(last))

    def _ask(self, sql: str, **parameters: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self._file)) as db:
            return db.execute(sql, parameters).fetchall()
