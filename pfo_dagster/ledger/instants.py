"""Instants as the ledger keeps them: UTC in Python, naive UTC in DuckDB, days in the bank's zone.

DuckDB stores UTC without a zone, because a zone in the file makes every reader need `pytz` or the
ICU extension. The day of a balance is computed here, once, for the same reason.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

BANK_ZONE = ZoneInfo("Europe/Paris")


def utc_now() -> datetime:
    """The current instant, aware and in UTC."""
    return datetime.now(UTC)


def naive_utc(instant: datetime) -> datetime:
    """The instant as DuckDB stores it. Raises `ValueError` for a time without a zone."""
    if instant.tzinfo is None:
        raise ValueError("has no time zone; the ledger takes aware instants only")
    return instant.astimezone(UTC).replace(tzinfo=None)


def bank_day(instant: datetime) -> date:
    """The calendar day in `BANK_ZONE` on which the instant falls."""
    return instant.astimezone(BANK_ZONE).date()
