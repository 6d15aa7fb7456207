"""How long a step sleeps, as the workflow devkit writes it: `90s`, `5 minutes`, `1.5h`, `250`.

The words are those of the JavaScript package `ms`, by which the devkit reads them. The check of
specs and the sleeping step itself read them here.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_DAY: Final = 86_400_000
_UNITS_MS: Final = {
    "ms": 1, "msec": 1, "msecs": 1, "millisecond": 1, "milliseconds": 1, "": 1,
    "s": 1000, "sec": 1000, "secs": 1000, "second": 1000, "seconds": 1000,
    "m": 60_000, "min": 60_000, "mins": 60_000, "minute": 60_000, "minutes": 60_000,
    "h": 3_600_000, "hr": 3_600_000, "hrs": 3_600_000, "hour": 3_600_000, "hours": 3_600_000,
    "d": _DAY, "day": _DAY, "days": _DAY,
    "w": 7 * _DAY, "week": 7 * _DAY, "weeks": 7 * _DAY,
    "y": 365.25 * _DAY, "yr": 365.25 * _DAY, "yrs": 365.25 * _DAY,
    "year": 365.25 * _DAY, "years": 365.25 * _DAY,
}  # fmt: skip
_DURATION: Final = re.compile(r"(?P<number>\d{1,12}(?:\.\d{1,6})?|\.\d{1,6}) *(?P<unit>[a-z]*)")
_LONGEST: Final = timedelta(days=3653)


def interval(text: str) -> timedelta:
    """The time that `text` means; milliseconds where it has no unit.

    Raises `ValueError` for anything else, for less than nothing and for more than ten years.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None or found["unit"] not in _UNITS_MS:
        raise ValueError(f'"{text}" is not a duration such as 90s, 5m, "1.5 hours" or 2 days')
    milliseconds = float(found["number"]) * _UNITS_MS[found["unit"]]
    if milliseconds > _LONGEST.total_seconds() * 1000:
        raise ValueError(f'"{text}" is longer than ten years')
    return timedelta(milliseconds=milliseconds)
