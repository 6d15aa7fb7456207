"""JSON without loss: amounts become `Decimal`, and what is looked into is checked to be there.

Called by `client` for answers; `mapping` and `errors` use the two views of what was decoded.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from decimal import Decimal
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def decode(body: bytes) -> object:
    """The JSON value in `body`; raises `ValueError` where there is none.

    Numbers with a point or an exponent, and also NaN and the infinities, come as `Decimal`: so one
    impossible amount is refused with its row, and does not take the other rows with it.
    """
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=Decimal)
    except RecursionError:
        raise ValueError("nested too deeply") from None


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
