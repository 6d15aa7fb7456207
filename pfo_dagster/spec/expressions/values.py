"""JavaScript's rules for JSON values: truth, numbers, text, equality, order and members.

JSON's null is `None`, a missing value is `UNDEFINED`, numbers are `int`, `float` or `Decimal` and
are compared as the doubles that JavaScript would have made of them.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeGuard, cast

from pfo_dagster.spec.expressions.prototypes import prototype_of_member

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Undefined(Enum):
    """The type of `UNDEFINED`, an enumeration of one so that type checkers can tell it apart."""

    UNDEFINED = "undefined"

    def __repr__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = Undefined.UNDEFINED
"""JavaScript's `undefined`: no such member, no such argument. Not the same as JSON's null."""

WHITESPACE: Final = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
r"""What JavaScript's `trim()` and `\s` take for space; Python's set is another one."""


@dataclass(frozen=True, slots=True)
class Builtin:
    """A member that every value of a kind has, such as `toString`: a function, hence truthy.

    Only its `name` and the members that functions share are modelled.
    """

    prototype: str
    name: str


class NotJsonError(TypeError):
    """A value that JSON cannot hold reached an expression."""


def require_json(value: object) -> None:
    """Raise `NotJsonError` unless `value` is of a type that the functions below know."""
    if not (
        value is None
        or value is UNDEFINED
        or isinstance(value, str | bool | int | float | Decimal | Builtin | Mapping)
        or _is_array(value)
    ):
        msg = f"a {type(value).__name__} is not JSON"
        raise NotJsonError(msg)


def truthy(value: object) -> bool:
    """JavaScript's `Boolean(value)`: an empty list or object is true."""
    if value is None or value is UNDEFINED:
        return False
    if isinstance(value, str | bool):
        return bool(value)
    if _is_number(value):
        number = to_double(value)
        return not (number == 0 or math.isnan(number))
    return True


def to_number(value: object) -> float:
    """JavaScript's `Number(value)`; what is no number is NaN."""
    if value is UNDEFINED:
        return math.nan
    if value is None:
        return 0.0
    if isinstance(value, bool):
        return float(value)
    if _is_number(value):
        return to_double(value)
    return _number_of_text(to_text(value))


def to_double(number: float | Decimal) -> float:
    """The double that JavaScript would hold for a number of any size."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
    except ValueError:  # a signalling NaN, which only a Decimal can be
        return math.nan


def to_text(value: object) -> str:
    """JavaScript's `String(value)`: a list is its items joined by commas, to any depth."""
    if isinstance(value, str):
        return value
    if _is_number(value):
        return _text_of_number(to_double(value))
    if _is_array(value):
        return ",".join(_joined_items(value))
    if isinstance(value, Builtin):
        return f"function {value.name}() {{ [native code] }}"
    return "[object Object]" if isinstance(value, Mapping) else _WORDS[value]


def strict_equal(left: object, right: object) -> bool:
    """JavaScript's `===`: never across types, lists and objects only with themselves."""
    if _is_number(left) and _is_number(right):
        return to_double(left) == to_double(right)
    if isinstance(left, str | Builtin) and isinstance(right, str | Builtin):
        return left == right
    return left is right


def in_order(left: object, symbol: str, right: object) -> bool:
    """JavaScript's `<`, `<=`, `>` and `>=`: two texts by their letters, all else as numbers."""
    left, right = _primitive(left), _primitive(right)
    compare = _ORDER[symbol]
    if isinstance(left, str) and isinstance(right, str):
        return compare(_utf16(left), _utf16(right))
    return compare(to_number(left), to_number(right))


def member(value: object, key: str) -> object:
    """JavaScript's `value?.[key]`, with the members that come from prototypes."""
    if value is None or value is UNDEFINED:
        return UNDEFINED
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value)
        return fields[key] if key in fields else _inherited("Object", key)
    if isinstance(value, str):
        return _item(_utf16_units(value), key, "String")
    if _is_array(value):
        return _item(value, key, "Array")
    if isinstance(value, Builtin):
        return value.name if key == "name" else _inherited("Function", key)
    return _inherited("Boolean" if isinstance(value, bool) else "Number", key)


def _item(items: Sequence[object], key: str, kind: str) -> object:
    if key == "length":
        return len(items)
    if _INDEX.fullmatch(key):
        index = int(key)
        return items[index] if index < len(items) else UNDEFINED
    return _inherited(kind, key)


def _inherited(kind: str, key: str) -> object:
    if key == "constructor":
        return Builtin("Function", kind)
    prototype = prototype_of_member(kind, key)
    return UNDEFINED if prototype is None else Builtin(prototype, key)


def _joined_items(items: Sequence[object]) -> list[str]:
    # An explicit stack: the data may be nested more deeply than Python's own.
    texts: list[str] = []
    waiting = list(reversed(items)) or [""]
    while waiting:
        item = waiting.pop()
        if _is_array(item):
            waiting.extend(reversed(item) if item else [""])
        else:
            texts.append("" if item is None or item is UNDEFINED else to_text(item))
    return texts


def _primitive(value: object) -> object:
    if isinstance(value, Builtin | Mapping) or _is_array(value):
        return to_text(cast("object", value))
    return value


def _number_of_text(text: str) -> float:
    text = text.strip(WHITESPACE)
    if not text:
        return 0.0
    if _DECIMAL.fullmatch(text):
        return float(text)
    if match := _RADIX.fullmatch(text):
        return to_double(int(text[2:], _BASES[match[0][1].lower()]))
    return math.nan


def _text_of_number(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0:
        return "0"
    sign, digit_tuple, exponent = Decimal(repr(number)).normalize().as_tuple()
    digits = "".join(map(str, digit_tuple))
    point = len(digits) + cast("int", exponent)
    if len(digits) <= point <= _LARGEST_PLAIN:
        text = digits.ljust(point, "0")
    elif 0 < point <= _LARGEST_PLAIN:
        text = f"{digits[:point]}.{digits[point:]}"
    elif _SMALLEST_PLAIN < point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        mantissa = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
        text = f"{mantissa}e{point - 1:+d}"
    return f"-{text}" if sign else text


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")


def _utf16_units(text: str) -> Sequence[str]:
    if all(character <= "\uffff" for character in text):
        return text
    raw = _utf16(text)
    return [chr(int.from_bytes(raw[at : at + 2])) for at in range(0, len(raw), 2)]


def _is_number(value: object) -> TypeGuard[float | Decimal]:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _is_array(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)


_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORDS: Final[dict[object, str]] = {
    UNDEFINED: "undefined",
    None: "null",
    True: "true",
    False: "false",
}
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,9}")
_DECIMAL: Final = re.compile(r"[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_RADIX: Final = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")
_BASES: Final = {"x": 16, "o": 8, "b": 2}
# JavaScript writes numbers from 1e-6 up to 1e21 without an exponent.
_LARGEST_PLAIN: Final = 21
_SMALLEST_PLAIN: Final = -6
