"""Values of a published relation as text, for what knows neither decimals nor instants.

`plain` is for JSON, `cell` for CSV and tables; both keep every digit of an amount.
"""

# pyright: standard
# pyarrow has no types, so strict checking has nothing to go by here.

from __future__ import annotations

import json
import math
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pfo_dagster.ledger.amounts import as_text


def plain(value: Any) -> Any:  # noqa: ANN401 - a query may give anything
    """The value as JSON can hold it, inside of lists and structs too.

    An amount becomes text, because a JSON number may be read as a float.
    """
    match value:
        case None | str() | bool() | int():
            made_plain: Any = value
        case Decimal():
            made_plain = as_text(value)
        case float():
            made_plain = value if math.isfinite(value) else str(value)
        case date() | time():
            made_plain = value.isoformat()
        case bytes():
            made_plain = value.hex()
        case pa.MonthDayNano():
            seconds = as_text(Decimal(value.nanoseconds).scaleb(-9))
            made_plain = f"P{value.months}M{value.days}DT{seconds}S"
        case dict():
            made_plain = {str(plain(name)): plain(inner) for name, inner in value.items()}
        case list() | tuple():
            made_plain = [plain(inner) for inner in value]
        case _:
            made_plain = str(value)
    return made_plain


def cell(value: object) -> str:
    """The value on one line; a list or struct as JSON, and no value at all as nothing."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    made_plain = plain(value)
    if isinstance(made_plain, (list, dict)):
        return json.dumps(made_plain, ensure_ascii=False)
    return str(made_plain)
