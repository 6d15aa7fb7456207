"""JSON as it can be kept: amounts become `Decimal`, and what is looked into is checked to be there.

Called by `client` for answers; `mapping` and `errors` use the two views of what was decoded.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


_UNPRINTABLE = re.compile("[\0-\b\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# Three searches with a fixed beginning: one expression for all takes seven times as long.
_ESCAPES: Final = re.compile(rb"\\(?:[bf]|u00(?:0[0-8bcefBCEF]|1|7[fF]|[89])|u[dD][89a-fA-F])")
_C1_CONTROLS: Final = re.compile(rb"\xc2[\x80-\x9f]")
_BYTES: Final = (b"\0", b"\x7f", b"\xed")
_MOST_DIGITS: Final = 4000
"""Python makes no `int` of many more."""


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) < _MOST_DIGITS else Decimal(text)


def _fraction(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of nineteen digits
        return Decimal("NaN")


JSON: Final = json.JSONDecoder(parse_int=_whole, parse_float=_fraction, parse_constant=Decimal)
"""Reads numbers as `decode` promises."""


def decode(body: bytes) -> object:
    """The JSON value in `body`; raises `ValueError` where there is none.

    Numbers with a point or an exponent, and also NaN and the infinities, come as `Decimal`, those
    that not even that can hold as NaN: so one impossible amount is refused with its row, and does
    not take the other rows with it. Likewise what is no character (half of a surrogate pair, which
    no file can hold) or a command to terminals is U+FFFD instead.
    """
    try:
        return printable_for(body)(JSON.decode(text_of(body)))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def text_of(body: bytes) -> str:
    """The characters of JSON, in whichever encoding of Unicode; raises `ValueError` for others."""
    return body.decode(json.detect_encoding(body), "surrogatepass")


def printable_for(body: bytes) -> Callable[[object], object]:
    """What makes values that are decoded from `body` printable, see `decode`."""
    return _printable if _may_be_unprintable(body) else lambda value: value


def _may_be_unprintable(body: bytes) -> bool:
    """True of each body whose decoded text has `_UNPRINTABLE` characters, and of hardly another."""
    return bool(
        any(byte in body for byte in _BYTES) or _ESCAPES.search(body) or _C1_CONTROLS.search(body)
    )


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
