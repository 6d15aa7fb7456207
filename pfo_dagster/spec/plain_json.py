"""JSON that every program reads alike, for what people and programs hand in from outside."""

from __future__ import annotations

import json
import math


def plain_json(text: str | bytes) -> object:
    """The value of a JSON text. Raises `ValueError` for what JSON has not, saying what it is.

    Python's own parser takes `NaN`, makes infinity of 1e999 and keeps halves of characters, all of
    which would be stored and then break whoever reads it.
    """
    try:
        value: object = json.loads(text, parse_constant=_no_number, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("there is too much within each other") from None
    except UnicodeEncodeError as error:
        half = ascii(error.object[error.start])
        raise ValueError(f"{half} is half of a character") from None
    return value


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"{digits} is larger than any number can be")
    return value
