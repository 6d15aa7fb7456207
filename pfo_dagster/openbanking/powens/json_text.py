"""JSON as it can be kept: amounts become `Decimal`, and what is looked into is checked to be there.

Called by `client` for answers; `mapping` and `errors` use the two views of what was decoded.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


_UNPRINTABLE = re.compile("[\0-\b\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_MAY_BE_UNPRINTABLE = re.compile(
    rb"\\[bf]|\\u00(?:0[0-8bcef]|1|7f|[89])|\\ud[89a-f]|[\0\x7f\xed]|\xc2[\x80-\x9f]", re.IGNORECASE
)
"""Found in each body whose decoded text has `_UNPRINTABLE` characters, and in hardly any other."""


def decode(body: bytes) -> object:
    """The JSON value in `body`; raises `ValueError` where there is none.

    Numbers with a point or an exponent, and also NaN and the infinities, come as `Decimal`: so one
    impossible amount is refused with its row, and does not take the other rows with it. Likewise
    what is no character (half of a surrogate pair, which no file can hold) or a command to
    terminals is U+FFFD instead.
    """
    try:
        value = json.loads(body, parse_float=Decimal, parse_constant=Decimal)
        return printable_for(body)(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def printable_for(body: bytes) -> Callable[[object], object]:
    """What makes values that are decoded from `body` printable, see `decode`."""
    return _printable if _MAY_BE_UNPRINTABLE.search(body) else lambda value: value


def _printable(value: object) -> object:
    if isinstance(value, str):
        return _UNPRINTABLE.sub("\ufffd", value)
    if (items := as_list(value)) is not None:
        return [_printable(item) for item in items]
    if (members := as_object(value)) is not None:
        return {_UNPRINTABLE.sub("\ufffd", name): _printable(of) for name, of in members.items()}
    return value


def payload_hash(value: object, key: bytes) -> str:
    """HMAC-SHA256 (hexadecimal) of a decoded value, whatever the order of its keys.

    Without the key, an IBAN in the value could be found by trying all of a bank's.
    """
    text = json.dumps(value, sort_keys=True, default=str)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def as_object(value: object) -> Mapping[str, object] | None:
    """The value if it is a JSON object."""
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else None


def as_list(value: object) -> Sequence[object] | None:
    """The value if it is a JSON array."""
    return cast("Sequence[object]", value) if isinstance(value, list) else None
